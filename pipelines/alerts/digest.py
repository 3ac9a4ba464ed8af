"""What is said to people: what was observed and where it can be looked at. Never an accusation, never a contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.alerts.records import change_search, make_digest
from pipelines.store.lines import listing_records
from pipelines.store.tables import alert_hits

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.alerts.models import SavedSearch
    from pipelines.models import JsonObject
    from pipelines.store.database import Database
    from pipelines.store.lines import ListingRecord

MOST_TOLD = 200
"""Listings in one digest; how many more there are is said beside them."""
LEVELS = {"none": "ordinary", "idle": "worth a look if idle", "review": "needs review"}


@frozen(kw_only=True)
class Made:
    """A digest: its number and how many listings it tells of."""

    number: int
    listings: int


def tell_new(search: SavedSearch, database: Database, now: datetime) -> Made | None:
    """Make a digest of what waits, if any does and it may be told now."""
    if not search.may_tell(now):
        return None
    with database.write() as connection:
        waiting = list(
            connection.scalars(
                sa.select(alert_hits.c.listing)
                .where(alert_hits.c.search == search.id, alert_hits.c.digest.is_(None), ~alert_hits.c.repost)
                .order_by(alert_hits.c.found, alert_hits.c.listing)
            )
        )
        if not waiting:
            return None
        records = listing_records(connection, waiting[:MOST_TOLD])
        body: JsonObject = {
            "search": search.name,
            "query": search.query,
            "kind": "hits",
            "total": len(waiting),
            "listings": [_told(record) for record in records],
        }
        number = make_digest(connection, search, body, now, waiting)
        change_search(connection, search, told=now)
    return Made(number=number, listings=len(waiting))


def tell_trouble(search: SavedSearch, reason: str, database: Database, now: datetime) -> Made | None:
    """Tell the owner that a search cannot be asked, once for each reason."""
    if search.trouble == reason:
        return None
    body: JsonObject = {
        "search": search.name,
        "query": search.query,
        "kind": "trouble",
        "total": 0,
        "listings": [],
        "trouble": reason,
    }
    with database.write() as connection:
        number = make_digest(connection, search, body, now)
        change_search(connection, search, trouble=reason)
    return Made(number=number, listings=0)


def _told(record: ListingRecord) -> JsonObject:
    line = record.line
    assessment = line["assessment"] or {}
    levels = [level for level in (assessment.get("review"), record.seller_review) if level in LEVELS]
    return {
        "listing": f"{line['site']}/{line['id']}",
        "title": line["title"],
        "price": line["price"],
        "first_seen": line["first_seen"],
        "review": max(levels, key=list(LEVELS).index, default=None),
        "signals": sorted({one["name"] for one in assessment.get("signals", ()) if one.get("polarity") == "for"}),
        "counter_signals": sorted(
            {one["name"] for one in assessment.get("signals", ()) if one.get("polarity") == "against"}
        ),
    }


def subject(body: JsonObject) -> str:
    """One line for people."""
    if body["kind"] == "trouble":
        return f"Tracemark: the saved search {body['search']} cannot be asked"
    count = body["total"]
    return f"Tracemark: {count} new listing{'s' if count != 1 else ''} for {body['search']}"


def as_text(body: JsonObject, desk: str | None) -> str:
    """The whole digest as plain text; `desk` is the address of the dashboard."""
    lines = [f"Saved search: {body['search']}", f"Query: {body['query']}", ""]
    if body["kind"] == "trouble":
        lines += [
            f"It could not be asked: {body['trouble']}",
            "",
            "Nothing is lost: once it is mended, it tells of all",
        ]
        lines += ["that came in meanwhile. To change it: tracemark alert remove, then tracemark alert add."]
        return "\n".join(lines) + "\n"
    for one in body["listings"]:
        price = one["price"]
        cost = f", {price['amount']} {price['currency'] or ''}".rstrip() if price else ""
        lines.append(f"* {one['listing']}: {' '.join(one['title'].split())}{cost}")
        lines.append(f"  {describe(one)}")
        if desk:
            lines.append(f"  {address(desk, one['listing'])}")
    more = body["total"] - len(body["listings"])
    lines += [f"and {more} more"] if more > 0 else []
    lines += ["", "Signals are observations of wording and counts, leads for a person, never findings."]
    return "\n".join(lines) + "\n"


def describe(listing: JsonObject) -> str:
    """What was observed of a listing, for and against."""
    parts = [LEVELS.get(listing["review"], "not assessed")]
    parts += [f"signals observed: {', '.join(listing['signals'])}"] if listing["signals"] else []
    parts += [f"against: {', '.join(listing['counter_signals'])}"] if listing["counter_signals"] else []
    return "; ".join(parts)


def address(desk: str, listing: str) -> str:
    """Where the dashboard shows a listing. Never the marketplace's own address: a click there would be seen."""
    from urllib.parse import quote  # noqa: PLC0415 -- beside its one use

    site, _, native_id = listing.partition("/")
    return f"{desk.rstrip('/')}/listing/{quote(site, safe='')}/{quote(native_id, safe='')}"
