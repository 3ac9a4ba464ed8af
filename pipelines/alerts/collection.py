"""What a saved search finds that it has not found before.

A search looks at what the journal tells since its own number, and moves on to the position that the index had before
it was asked: what is indexed meanwhile is looked at again the next time, so that nothing is missed. What it found is
kept by listing, so that nothing is told twice. A listing whose items have all been told is a repost: kept, not told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.alerts.records import change_search
from pipelines.index.items import listings_of, with_items
from pipelines.index.parser import parse
from pipelines.index.port import MOST_HITS, Search, Sort
from pipelines.store.lines import rows_of
from pipelines.store.tables import alert_hits, item_listings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pipelines.alerts.models import SavedSearch
    from pipelines.index.port import Index
    from pipelines.index.query import Query
    from pipelines.models import JsonObject
    from pipelines.store.database import Database


@frozen(kw_only=True)
class Collected:
    """How many listings were found for the first time, and how many of them show items told before."""

    new: int = 0
    reposts: int = 0


def collect(search: SavedSearch, index: Index, database: Database, now: datetime) -> Collected:
    """Ask a saved search for what is new and keep it. QueryError where it cannot be asked any more."""
    until = index.position()
    query = resolve(search.query, database)
    new = reposts = 0
    for lines in _pages(query, search.sequence, index):
        with database.write() as connection:
            found = _keep(connection, search, [(line["site"], line["id"]) for line in lines], now)
        new, reposts = new + found.new, reposts + found.reposts
    with database.write() as connection:
        change_search(connection, search, sequence=max(search.sequence, until), trouble=None)
    return Collected(new=new, reposts=reposts)


def resolve(text: str, database: Database) -> Query:
    """A query as typed, with its items looked up. QueryError for what cannot be understood."""
    query = parse(text)
    with database.read() as connection:
        return with_items(query, lambda item: listings_of(connection, item))


def _pages(query: Query, since: int, index: Index) -> Iterator[list[JsonObject]]:
    """Hits in the journal's order, of what is assessed: the rest comes again when it is."""
    cursor = None
    while True:
        asked = Search(query=query, since=since, sort=Sort.SEQUENCE, limit=MOST_HITS, cursor=cursor)
        found = index.search(asked)
        yield [hit.line for hit in found.hits if hit.line.get("assessment") is not None]
        cursor = found.cursor
        if cursor is None:
            return


def _keep(
    connection: sa.Connection, search: SavedSearch, places: Sequence[tuple[str, str]], now: datetime
) -> Collected:
    known = set(connection.scalars(sa.select(alert_hits.c.listing).where(alert_hits.c.search == search.id)))
    rows = rows_of(connection, places)
    new = reposts = 0
    for place in dict.fromkeys(places):
        row = rows.get(place)
        if row is None or row in known:
            continue
        repost = _shows_only(connection, row, known)
        values = {"search": search.id, "listing": row, "found": now, "repost": repost}
        connection.execute(sa.insert(alert_hits), values)
        known.add(row)
        new, reposts = new + (not repost), reposts + repost
    return Collected(new=new, reposts=reposts)


def _shows_only(connection: sa.Connection, listing: int, known: set[int]) -> bool:
    """Whether a listing has items, and each of them is shown by a listing that was found before."""
    of_listing = sa.select(item_listings.c.item).where(item_listings.c.listing == listing)
    query = sa.select(item_listings.c.item, item_listings.c.listing).where(item_listings.c.item.in_(of_listing))
    shown_by: dict[str, set[int]] = {}
    for item, other in connection.execute(query):
        shown_by.setdefault(item, set()).add(other)
    return bool(shown_by) and all(others & known for others in shown_by.values())
