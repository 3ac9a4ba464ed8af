"""One account as its page shows it: what it offered over time, what that shows, and its listings."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import frozen

from dashboards.charts import Offered, draw_time_line
from dashboards.failures import NothingThere
from dashboards.levels import read_lines
from dashboards.people.covering import shown_line
from dashboards.wording import printable
from pipelines.store.tables import items, listings, seller_assessments, sellers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboards.charts import TimeLine
    from pipelines.models import JsonObject
    from pipelines.store.database import Database

MOST_LISTINGS = 500
_FIREARMS = ("firearm_handgun", "firearm_long")


@frozen(kw_only=True)
class AccountItem:
    """One thing that the account offered. `prices` are those of its listings, as stated."""

    id: str
    label: str
    item_class: str
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
                first_seen=body["first_seen"],
                last_seen=body["last_seen"],
                why=body["why"],
                listings=places,
                prices=tuple(
                    by_place[place]["price"] for place in places if place in by_place and by_place[place]["price"]
                ),
            )
        )
    return sorted(found, key=lambda item: (item.first_seen, item.id))


def _label(body: JsonObject, by_place: Mapping[tuple[str, str], JsonObject], places: Sequence[tuple[str, str]]) -> str:
    named = " ".join(str(body[part]) for part in ("make", "model", "calibre") if body[part])
    if named:
        return named
    line = next((by_place[place] for place in places if place in by_place), None)
    return str(line["title"] if line else body["class"].replace("_", " "))


def _draw(offered: Sequence[AccountItem], history: JsonObject | None) -> TimeLine | None:
    """Firearms on a time line, the fullest window of 30 days shaded."""
    firearms = [
        Offered(
            label=item.label,
            start=datetime.fromisoformat(item.first_seen),
            end=datetime.fromisoformat(item.last_seen),
            kind=item.item_class,
        )
        for item in offered
        if item.item_class in _FIREARMS
    ]
    window = next((one for one in (history or {}).get("windows", ()) if one["days"] == 30), None)
    return draw_time_line(firearms, _bounds(window, firearms) if window and firearms else None)


def _bounds(window: Mapping[str, Any], offered: Sequence[Offered]) -> tuple[datetime, datetime]:
    zone = offered[0].start.tzinfo
    start = datetime.combine(datetime.fromisoformat(window["from"]), time.min, zone)
    end = datetime.combine(datetime.fromisoformat(window["to"]), time.min, zone)
    return start, end + timedelta(days=1)
