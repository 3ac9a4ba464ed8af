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
from pipelines.store.tables import item_listings, items, journal, listings, seller_assessments, sellers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from pipelines.sellers.assessment import SellerAssessment
    from pipelines.store.database import Database

_BATCH = 100
"""Sellers in one transaction: the others who write wait for as long as it takes to assess them."""


@frozen(kw_only=True)
class SellersReport:
    """How many sellers were assessed, by review level."""

    assessed: int
    review: Mapping[str, int]


def assess_sellers(
    database: Database, *, now: Callable[[], datetime], rules: SellerRules | None = None
) -> SellersReport:
    """Assess every seller whose listings or whose rules changed since the last time; touches no other.

    Without `rules`, by the shipped ones.

    What is read and what is written is one transaction, so that a listing that comes in meanwhile is not missed.
    """
    rules = rules or SellerRules.shipped()
    with database.read() as connection:
        days = last_seen_days(connection)
        changed = _changed_sellers(connection, rules, days)
    review: Counter[str] = Counter()
    for start in range(0, len(changed), _BATCH):
        part = changed[start : start + _BATCH]
        with database.write() as connection:
            found = [assess_history(one, rules, days.get(one.site, now())) for one in read_histories(connection, part)]
            _keep(connection, part, found, rules, now())
        review.update(one.review for one in found)
    return SellersReport(assessed=len(changed), review=dict(review))


def last_seen_days(connection: sa.Connection) -> dict[str, datetime]:
    """The last moment at which anything was seen, by site: a history is judged as of then, not of the wall clock."""
    query = sa.select(listings.c.site, sa.func.max(listings.c.last_seen)).group_by(listings.c.site)
    return dict(connection.execute(query).all())


def _changed_sellers(connection: sa.Connection, rules: SellerRules, days: Mapping[str, datetime]) -> list[int]:
    later = sa.exists().where(journal.c.listing == listings.c.id, journal.c.sequence > seller_assessments.c.sequence)
    query = (
        sa.select(listings.c.seller)
        .outerjoin(seller_assessments, seller_assessments.c.seller == listings.c.seller)
        .where(
            listings.c.seller.is_not(None),
            listings.c.assessment.is_not(None),
            sa.or_(seller_assessments.c.seller.is_(None), seller_assessments.c.rules != rules.sha256, later),
        )
        .distinct()
    )
    found = {row for row in connection.scalars(query) if row is not None}
    found.update(connection.scalars(sa.select(seller_assessments.c.seller).where(seller_assessments.c.sequence == 0)))
    waiting = (
        sa.select(seller_assessments.c.seller, seller_assessments.c.due, sellers.c.site)
        .join(sellers, sellers.c.id == seller_assessments.c.seller)
        .where(seller_assessments.c.due.is_not(None))
    )
    found.update(row.seller for row in connection.execute(waiting) if row.site in days and row.due <= days[row.site])
    return sorted(found)


def _keep(
    connection: sa.Connection, rows: Sequence[int], found: Sequence[SellerAssessment], rules: SellerRules, at: datetime
) -> None:
    query = sa.select(seller_assessments.c.seller, seller_assessments.c.review)
    before = dict(connection.execute(query.where(seller_assessments.c.seller.in_(rows))).all())
    _replace_items(connection, rows, found)
    moved = [row for row, one in zip(rows, found, strict=True) if before.get(row, "none") != one.review]
    note_changes(connection, connection.scalars(sa.select(listings.c.id).where(listings.c.seller.in_(moved))).all())
    connection.execute(sa.delete(seller_assessments).where(seller_assessments.c.seller.in_(rows)))
    sequence = last_change(connection)
    connection.execute(
        sa.insert(seller_assessments),
        [
            {
                "seller": row,
                "at": at,
                "sequence": sequence,
                "rules": rules.sha256,
                "due": one.due,
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
