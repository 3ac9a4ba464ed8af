"""Texts that many accounts show: a storefront's, a site's own template, or one hand's. It goes to the scam test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pipelines.sellers.wording import bands, sketch_likeness
from pipelines.store.tables.linking import offer_features, seller_marks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelines.sellers.offers import Offer

NEARLY = 0.8
"""Least share of equal numbers of two sketches: the same template with other names and prices filled in."""
_FEW, _MOST = 5, 40
"""Accounts that show a text, from which on they are counted; and how many are looked at."""
_MOST_IN = 400


def count_sharers(connection: sa.Connection, offers: Sequence[Offer]) -> dict[int, frozenset[int]]:
    """By listing, the accounts (row ids) that show nearly its text, where five and more do; at most forty of them."""
    mine = _sketches(connection, [offer.row for offer in offers if offer.offers_things and offer.items])
    by_band: dict[int, list[int]] = {}
    for row, sketched in mine.items():
        for value in bands(sketched):
            by_band.setdefault(value, []).append(row)
    held = _holders(connection, sorted(by_band))
    theirs = _sketches(connection, sorted({listing for rows in held.values() for _, listing in rows}))
    found: dict[int, set[int]] = {}
    for value, rows in held.items():
        for row in by_band[value]:
            near = {
                seller
                for seller, listing in rows
                if listing in theirs and sketch_likeness(mine[row], theirs[listing]) >= NEARLY
            }
            found.setdefault(row, set()).update(near)
    return {row: frozenset(sellers) for row, sellers in found.items() if len(sellers) >= _FEW}


def _holders(connection: sa.Connection, values: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """The first accounts that show each band, with a listing that does; of bands that few show none."""
    one, few = seller_marks.c, seller_marks.alias("few")
    found: dict[int, list[tuple[int, int]]] = {}
    for part in _parts(values):
        asked = sa.select(one.value).where(one.kind == "text", one.value.in_(part)).distinct().subquery()
        many = (
            sa.select(sa.func.count())
            .select_from(
                sa.select(sa.literal(1))
                .select_from(few)
                .where(few.c.kind == "text", few.c.value == asked.c.value)
                .limit(_FEW)
                .correlate(asked)
                .subquery()
            )
            .scalar_subquery()
        )
        for value in connection.scalars(sa.select(asked.c.value).where(many >= _FEW)).all():
            query = sa.select(one.seller, one.listing).where(one.kind == "text", one.value == value)
            rows = connection.execute(query.order_by(one.seller).limit(_MOST))
            found[value] = [(row.seller, row.listing) for row in rows if row.listing is not None]
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
