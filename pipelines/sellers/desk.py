"""Sellers assessed where something changed, and their items kept."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.history import note_changes
from pipelines.journal import last_change
from pipelines.sellers.assessment import assess_history, item_json
from pipelines.sellers.history import read_histories
from pipelines.sellers.rules import SellerRules
from pipelines.store.tables import (
    assessments,
    item_listings,
    items,
    journal,
    listings,
    seller_assessments,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from pipelines.sellers.assessment import SellerAssessment
    from pipelines.store.database import Database

_BATCH = 200


@frozen(kw_only=True)
class SellersReport:
    """How many sellers were assessed, by review level."""

    assessed: int
    review: Mapping[str, int]


def assess_sellers(database: Database, *, now: Callable[[], datetime]) -> SellersReport:
    """Assess every seller whose listings changed since the last time; touches no other."""
    rules = SellerRules.shipped()
    with database.read() as connection:
        changed = _changed_sellers(connection)
        weights = signal_weights(connection)
        today = last_seen_day(connection) or now()
    review: Counter[str] = Counter()
    for start in range(0, len(changed), _BATCH):
        part = changed[start : start + _BATCH]
        with database.read() as connection:
            found = [assess_history(one, rules, today, weights) for one in read_histories(connection, part)]
        _keep(database, part, found, now())
        review.update(one.review for one in found)
    return SellersReport(assessed=len(changed), review=dict(review))


def signal_weights(connection: sa.Connection) -> dict[str, float]:
    """The strongest weight of each listing signal in any assessment that stands."""
    weights: dict[str, float] = {}
    query = sa.select(assessments.c.body).join(listings, listings.c.assessment == assessments.c.id)
    for body in connection.scalars(query).yield_per(1000):
        for signal in body["signals"]:
            weights[signal["name"]] = max(weights.get(signal["name"], 0.0), signal["weight"])
    return weights


def last_seen_day(connection: sa.Connection) -> datetime | None:
    """The last moment at which anything was seen: a history is judged as of then, not of the wall clock."""
    found: datetime | None = connection.scalar(sa.select(sa.func.max(listings.c.last_seen)))
    return found


def _changed_sellers(connection: sa.Connection) -> list[int]:
    query = (
        sa.select(listings.c.seller)
        .join(journal, journal.c.listing == listings.c.id)
        .outerjoin(seller_assessments, seller_assessments.c.seller == listings.c.seller)
        .where(
            listings.c.seller.is_not(None),
            listings.c.assessment.is_not(None),
            journal.c.sequence > sa.func.coalesce(seller_assessments.c.sequence, 0),
        )
        .distinct()
        .order_by(listings.c.seller)
    )
    return [row for row in connection.scalars(query) if row is not None]


def _keep(database: Database, rows: Sequence[int], found: Sequence[SellerAssessment], at: datetime) -> None:
    with database.write() as connection:
        query = sa.select(seller_assessments.c.seller, seller_assessments.c.review)
        before = dict(connection.execute(query.where(seller_assessments.c.seller.in_(rows))).tuples().all())
        _replace_items(connection, rows, found)
        risen = [row for row, one in zip(rows, found, strict=True) if before.get(row, "none") != one.review]
        touched = sa.select(listings.c.id).where(listings.c.seller.in_(risen))
        note_changes(connection, list(connection.scalars(touched)))
        connection.execute(sa.delete(seller_assessments).where(seller_assessments.c.seller.in_(rows)))
        sequence = last_change(connection)
        connection.execute(
            sa.insert(seller_assessments),
            [
                {
                    "seller": row,
                    "at": at,
                    "sequence": sequence,
                    "rules": "",
                    "review": one.review,
                    "body": one.to_json(),
                }
                for row, one in zip(rows, found, strict=True)
            ],
        )


def _replace_items(connection: sa.Connection, rows: Sequence[int], found: Sequence[SellerAssessment]) -> None:
    old = sa.select(items.c.id).where(items.c.seller.in_(rows))
    connection.execute(sa.delete(item_listings).where(item_listings.c.item.in_(old)))
    connection.execute(sa.delete(items).where(items.c.seller.in_(rows)))
    kept = [(row, item) for row, one in zip(rows, found, strict=True) for item in one.items]
    if not kept:
        return
    connection.execute(
        sa.insert(items), [{"id": item.id, "seller": row, "body": item_json(item)} for row, item in kept]
    )
    links = {(item.id, offer.row) for _, item in kept for offer in item.offers}
    connection.execute(sa.insert(item_listings), [{"item": item, "listing": row} for item, row in sorted(links)])
