"""One account as its page shows it: what it offered over time, what that shows, and its listings."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import frozen

from dashboards.charts import Offered, Span, draw_time_line
from dashboards.failures import NothingThere
from dashboards.levels import read_lines
from dashboards.people.covering import shown_line
from dashboards.wording import name as name_of
from dashboards.wording import printable
from pipelines.store.tables import items, listings, seller_assessments, sellers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboards.charts import TimeLine
    from pipelines.models import JsonObject
    from pipelines.store.database import Database

MOST_LISTINGS = 500
_MOST_PLACES = 12
_FIREARMS = ("firearm_handgun", "firearm_long")


@frozen(kw_only=True)
class AccountItem:
    """One thing that the account offered. `prices` are those of its listings, as stated.

    `offered` is the day that the site states where that is before our first sight, as in the rules over histories.
    """

    id: str
    label: str
    item_class: str
    offered: datetime
    first_seen: str
    last_seen: str
    why: str
    listings: tuple[tuple[str, str], ...]
    prices: tuple[JsonObject, ...]


@frozen(kw_only=True)
class AccountView:
    """Everything of one account. `history` is its export line, or None where it has not been assessed."""

    site: str
    id: str
    name: str | None
    url: str | None
    joined: str | None
    licence: str | None
    profile: str | None
    first_seen: datetime
    last_seen: datetime
    history: JsonObject | None
    items: tuple[AccountItem, ...]
    lines: tuple[JsonObject, ...]
    total_listings: int
    time_line: TimeLine | None

    @property
    def places(self) -> list[tuple[str, int]]:
        """The places that its listings name, as stated, the most frequent first."""
        return Counter(line["location"] for line in self.lines if line["location"]).most_common(_MOST_PLACES)

    @property
    def prices(self) -> list[tuple[str, str, int, float, float, float]]:
        """By class of item and currency: how many are priced, and the lowest, middle and highest price."""
        found: dict[tuple[str, str], list[float]] = {}
        for item in self.items:
            for one in item.prices[:1]:
                found.setdefault((item.item_class, one["currency"] or "currency not stated"), []).append(one["amount"])
        return [
            (kind, currency, len(amounts), min(amounts), median(amounts), max(amounts))
            for (kind, currency), amounts in sorted(found.items())
        ]

    @property
    def labels(self) -> dict[str, str]:
        """What each item is called, by its id."""
        return {item.id: item.label for item in self.items}


def view_account(database: Database, site: str, native_id: str) -> AccountView:
    """The account `native_id` on `site`. NothingThere where there is none."""
    with database.read() as connection:
        query = (
            sa.select(sellers, seller_assessments.c.body)
            .outerjoin(seller_assessments, seller_assessments.c.seller == sellers.c.id)
            .where(sellers.c.site == site, sellers.c.native_id == native_id)
        )
        row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NothingThere(f"no seller {site}/{native_id}", hint="search finds listings; each names its seller")
        chosen = sa.select(listings.c.id).where(listings.c.seller == row["id"])
        total = connection.scalar(sa.select(sa.func.count()).select_from(chosen.subquery())) or 0
        newest = chosen.order_by(listings.c.first_seen.desc(), listings.c.id.desc()).limit(MOST_LISTINGS)
        found = read_lines(connection, list(connection.scalars(newest)))
        bodies = connection.scalars(sa.select(items.c.body).where(items.c.seller == row["id"])).all()
    history = None if row["body"] is None else printable(shown_line(row["body"]))
    offered = _items([printable(body) for body in bodies], found)
    one = shown_line({name: row[name] for name in ("site", "name", "url", "joined", "licence", "profile")})
    shown = {name: printable(one[name]) for name in ("site", "name", "url", "joined", "licence", "profile")}
    return AccountView(
        **shown,
        id=row["native_id"],
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        history=history,
        items=tuple(offered),
        lines=tuple(found),
        total_listings=total,
        time_line=_draw(offered, history),
    )


def _items(bodies: Sequence[JsonObject], lines: Sequence[JsonObject]) -> list[AccountItem]:
    by_place = {(line["site"], line["id"]): line for line in lines}
    found = []
    for body in bodies:
        places = tuple((one["site"], one["id"]) for one in body["listings"])
        found.append(
            AccountItem(
                id=body["id"],
                label=_label(body, by_place, places),
                item_class=body["class"],
                offered=_offered(body, [by_place[place]["posted"] for place in places if place in by_place]),
                first_seen=body["first_seen"],
                last_seen=body["last_seen"],
                why=body["why"],
                listings=places,
                prices=tuple(
                    by_place[place]["price"] for place in places if place in by_place and by_place[place]["price"]
                ),
            )
        )
    return sorted(found, key=lambda item: (item.offered, item.id))


def _offered(body: JsonObject, posted: Sequence[str | None]) -> datetime:
    found = [datetime.fromisoformat(body["first_seen"])]
    for text in posted:
        with suppress(ValueError):
            moment = datetime.fromisoformat(text or "")
            found.append(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return min(found)


def _label(body: JsonObject, by_place: Mapping[tuple[str, str], JsonObject], places: Sequence[tuple[str, str]]) -> str:
    named = " ".join(str(body[part]) for part in ("make", "model", "calibre") if body[part])
    if named:
        return named
    line = next((by_place[place] for place in places if place in by_place), None)
    return str(line["title"] if line else body["class"].replace("_", " "))


def _draw(offered: Sequence[AccountItem], history: JsonObject | None) -> TimeLine | None:
    """Firearms on a time line, below the fullest windows and the rules that fired, each over what it rests on."""
    firearms = [
        Offered(
            label=item.label,
            start=item.offered,
            end=datetime.fromisoformat(item.last_seen),
            kind=item.item_class,
        )
        for item in offered
        if item.item_class in _FIREARMS
    ]
    spans = [_window_span(one) for one in (history or {}).get("windows", ()) if one["firearms"] > 1]
    by_id = {item.id: item for item in offered}
    for firing in (history or {}).get("signals", ()):
        items = [by_id[item] for item in firing["items"] if item in by_id]
        if firing["polarity"] == "for" and items:
            spans.append(_rule_span(firing, items))
    return draw_time_line(firearms, spans)


def _window_span(window: Mapping[str, Any]) -> Span:
    start, end = (datetime.combine(datetime.fromisoformat(window[name]), time.min, UTC) for name in ("from", "to"))
    length = f"{window['days']} days" if window["days"] else f"{window['business_days']} business days"
    return Span(
        label=f"fullest {length}: {window['firearms']} firearms",
        start=start,
        end=end + timedelta(days=1),
        kind="window",
    )


def _rule_span(firing: Mapping[str, Any], items: Sequence[AccountItem]) -> Span:
    start, end = (extreme(item.offered for item in items) for extreme in (min, max))
    return Span(label=f"{name_of(firing['name'])}: {firing['reason']}", start=start, end=end, kind="rule")
