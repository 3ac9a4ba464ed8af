"""`item:ID` in a query: which listings an item has is the store's to say, and changes as sellers are assessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import evolve

from pipelines.index.query import And, Fielded, Not, Or, Phrase, Query, QueryError, Word
from pipelines.store.tables import item_listings, listings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def listings_of(connection: sa.Connection, item: str) -> tuple[str, ...]:
    """The keys (site/id) of the listings of an item; none where it is unknown."""
    query = (
        sa.select(listings.c.site, listings.c.native_id)
        .join(item_listings, item_listings.c.listing == listings.c.id)
        .where(item_listings.c.item == item)
        .order_by(listings.c.id)
    )
    return tuple(f"{site}/{native_id}" for site, native_id in connection.execute(query))


def with_items(query: Query, look_up: Callable[[str], Sequence[str]]) -> Query:
    """The query with every `item:` given as its listings. QueryError for an item that is not known."""
    match query:
        case And(children=children) | Or(children=children):
            return evolve(query, children=tuple(with_items(child, look_up) for child in children))
        case Not(child=child):
            return evolve(query, child=with_items(child, look_up))
        case Fielded(name="item", child=child):
            return evolve(query, name="listing", child=_listings(child, look_up))
        case _:
            return query


def _listings(query: Query, look_up: Callable[[str], Sequence[str]]) -> Query:
    match query:
        case And(children=children) | Or(children=children):
            return evolve(query, children=tuple(_listings(child, look_up) for child in children))
        case Not(child=child):
            return evolve(query, child=_listings(child, look_up))
        case Word(text=text) | Phrase(text=text):
            keys = look_up(text)
            if not keys:
                raise QueryError(
                    f"there is no item {text}", query.start, query.end, "tracemark export items lists them"
                )
            parts = tuple(Phrase(text=key, start=query.start, end=query.end) for key in keys)
            return parts[0] if len(parts) == 1 else Or(children=parts, start=query.start, end=query.end)
        case _:
            raise QueryError("an item is named by its whole id", query.start, query.end)
