"""Texts that many accounts show: a storefront's, a site's own template, or one hand's. It goes to the scam test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pipelines.sellers.wording import sketch_likeness
from pipelines.store.tables.linking import offer_features, seller_marks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelines.sellers.offers import Offer

NEARLY = 0.8
"""Least share of equal numbers of two sketches: the same template with other names and prices filled in."""
_FEW, _MOST = 5, 40
"""Accounts that show a text, from which on they are counted; and how many are looked at."""
_MOST_IN = 400


def count_sharers(connection: sa.Connection, rows: Sequence[int]) -> dict[int, frozenset[int]]:
    """By listing of the accounts `rows`, those (row ids) that show nearly its text, where five and more do.

    At most forty are looked at. Only texts about one thing of a known maker are: goods are sold in anybody's words.
    """
    mine = [one for part in _parts(rows) for one in _shared(connection, part)]
    held = _holders(connection, sorted({value for value, _, _ in mine}))
    theirs = _sketches(connection, sorted({listing for few in held.values() for _, listing in few}))
    found: dict[int, set[int]] = {}
    for value, listing, sketched in mine:
        known = found.setdefault(listing, set())
        for seller, other in held.get(value, ()):
            if seller not in known and other in theirs and sketch_likeness(sketched, theirs[other]) >= NEARLY:
                known.add(seller)
    return {listing: frozenset(sellers) for listing, sellers in found.items() if len(sellers) >= _FEW}


def _shared(connection: sa.Connection, rows: Sequence[int]) -> list[tuple[int, int, bytes]]:
    """The bands of these accounts that five and more show: value, the listing that shows it, its sketch."""
    one, few = seller_marks.alias("one"), seller_marks.alias("few")
    many = (
        sa.select(sa.func.count())
        .select_from(
            sa.select(sa.literal(1))
            .select_from(few)
            .where(few.c.kind == "text", few.c.value == one.c.value)
            .limit(_FEW)
            .correlate(one)
            .subquery()
        )
        .scalar_subquery()
    )
    query = (
        sa.select(one.c.value, one.c.listing, offer_features.c.sketch)
        .join(offer_features, offer_features.c.listing == one.c.listing)
        .where(one.c.kind == "text", one.c.seller.in_(rows), offer_features.c.make.is_not(None), many >= _FEW)
    )
    return [(row.value, row.listing, row.sketch) for row in connection.execute(query)]


def _holders(connection: sa.Connection, values: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """The first accounts that show each band, with a listing that does."""
    one = seller_marks.c
    found: dict[int, list[tuple[int, int]]] = {}
    for value in values:
        query = sa.select(one.seller, one.listing).where(one.kind == "text", one.value == value)
        few = connection.execute(query.order_by(one.seller).limit(_MOST))
        found[value] = [(row.seller, row.listing) for row in few if row.listing is not None]
    return found


def _sketches(connection: sa.Connection, rows: Sequence[int]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for part in _parts(rows):
        query = sa.select(offer_features.c.listing, offer_features.c.sketch)
        found |= {
            row.listing: row.sketch for row in connection.execute(query.where(offer_features.c.listing.in_(part)))
        }
    return {row: sketched for row, sketched in found.items() if sketched}


def others(
    sharers: Mapping[int, frozenset[int]], offers: Sequence[Offer], rows: Sequence[int]
) -> list[tuple[Offer, int]]:
    """The offers whose text accounts outside `rows` show too, five and more of them, with how many."""
    own = frozenset(rows)
    counted = [(offer, len(sharers.get(offer.row, own) - own)) for offer in offers]
    return [(offer, count) for offer, count in counted if count >= _FEW]


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _MOST_IN):
        yield values[start : start + _MOST_IN]
