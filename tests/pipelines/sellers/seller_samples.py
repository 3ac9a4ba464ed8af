"""Small histories, written for these tests: invented people, everyday wording."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipelines.sellers.assessment import Beside
from pipelines.sellers.history import Account, SellerHistory
from pipelines.sellers.offers import Offer
from pipelines.sellers.rates import Observed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

START = datetime(2026, 1, 5, 9, tzinfo=UTC)  # a Monday


def piece(
    model: str | None = "19",
    *,
    make: str | None = "Glock",
    calibre: str | None = "9mm",
    long: bool = False,
    quantity: int = 1,
) -> dict[str, Any]:
    kind = "firearm_long" if long else "firearm_handgun"
    return {"class": kind, "make": make, "model": model, "calibre": calibre, "quantity": quantity}


def offer(
    number: int,
    day: float,
    text: str,
    *pieces: dict[str, Any],
    signals: Mapping[str, float] | None = None,
    against: Iterable[str] = (),
    last_day: float | None = None,
    review: str = "none",
    offers_things: bool = True,
    **more: Any,
) -> Offer:
    at = START + timedelta(days=day)
    return Offer(
        row=number,
        site="market",
        seller="s1",
        id=f"L{number}",
        first_seen=at,
        last_seen=at if last_day is None else START + timedelta(days=last_day),
        offered=at,
        text=text,
        offers_things=offers_things,
        items=list(pieces),
        signals=dict(signals or {}),
        against=frozenset(against),
        review=review,
        **more,
    )


def history(offers: Sequence[Offer], *, licence: str | None = None) -> SellerHistory:
    account = Account(
        row=1,
        site="market",
        id="s1",
        name="Seller One",
        joined=None,
        licence=licence,
        profile=None,
        first_seen=START,
        last_seen=START,
    )
    return SellerHistory(
        accounts=(account,),
        row=1,
        site="market",
        id="s1",
        name="Seller One",
        licence=licence,
        first_seen=min((one.first_seen for one in offers), default=None),
        last_seen=max((one.last_seen for one in offers), default=None),
        offers=offers,
    )


def beside(today: datetime, **more: Any) -> Beside:
    return Beside(today=today, **{"prices": {}, "observed": Observed(every=True), **more})


OWN_WORDS = (
    "Bought it six years ago for the range and hardly take it out. Two magazines, the case and the papers go along.",
    "My father's old one, kept in a drawer since he moved. Some wear on the slide, shoots straight. Holster included.",
    "Night sights fitted by the shop in town, about nine hundred shots through it, cleaned after every visit.",
    "Too big for my hand, so it goes. Three magazines and a spare spring. Collect in the evening, no trades please.",
    "Second owner. The grip has a small scratch on the left side, see the third picture. Otherwise as expected.",
    "I changed to another calibre and need the room in the cabinet. Comes with a cleaning kit and sixty cartridges.",
)
"""Six descriptions as six ads for six guns of one model would have them."""

SHORT_WORDS = ("Good condition, two mags.", "Like new, box and papers.", "Used, one magazine.", "Fair, needs a spring.")

BOILERPLATE = (
    "From my private collection. Meet in the car park of the mall, cash, no emails please. "
    "First come first served, price is firm, do not ask for a lower one. "
)
