"""`export items` and `export sellers`: as they stand, or as on an earlier day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pipelines.sellers.assessment import assess_history, item_json
from pipelines.sellers.desk import last_seen_days
from pipelines.sellers.history import read_histories, read_nameless
from pipelines.sellers.items import find_items
from pipelines.sellers.rules import SellerRules
from pipelines.store.tables import items, seller_assessments, sellers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.models import JsonObject
    from pipelines.sellers.assessment import SellerAssessment
    from pipelines.store.database import Database

_BATCH = 500


def item_lines(database: Database, as_of: date | None) -> Iterator[JsonObject]:
    """Every Item, one line each (docs/schema/item.json): as last assessed, or as on the day asked for."""
    with database.read() as connection:
        if as_of is None:
            kept = sa.select(items.c.body).join(sellers, sellers.c.id == items.c.seller)
            order = (sellers.c.site, sellers.c.native_id, items.c.id)
            yield from connection.scalars(kept.order_by(*order).execution_options(yield_per=_BATCH))
        else:
            for assessment in _assess_all(connection, _end_of(as_of)):
                yield from (item_json(item) for item in assessment.items)
        for history in read_nameless(connection, as_of=None if as_of is None else _end_of(as_of)):
            yield from (item_json(item) for item in find_items(history))


def seller_lines(database: Database, as_of: date | None) -> Iterator[JsonObject]:
    """Every seller, one line each (docs/schema/seller.json): as last assessed, or as on the day asked for."""
    with database.read() as connection:
        if as_of is None:
            yield from _kept_sellers(connection)
        else:
            yield from (assessment.to_json() for assessment in _assess_all(connection, _end_of(as_of)))


def _kept_sellers(connection: sa.Connection) -> Iterator[JsonObject]:
    query = (
        sa.select(sellers.c.id, seller_assessments.c.body)
        .outerjoin(seller_assessments, seller_assessments.c.seller == sellers.c.id)
        .order_by(sellers.c.site, sellers.c.native_id)
    )
    rules, days = SellerRules.shipped(), last_seen_days(connection)
    for row in connection.execute(query.execution_options(yield_per=_BATCH)):
        if row.body is not None:
            yield row.body
            continue
        for history in read_histories(connection, [row.id]):
            yield assess_history(history, rules, days.get(history.site, datetime.now(UTC))).to_json()


def _assess_all(connection: sa.Connection, end: datetime) -> Iterator[SellerAssessment]:
    rules, days = SellerRules.shipped(), last_seen_days(connection)
    known = sa.select(sellers.c.id).where(sellers.c.first_seen <= end).order_by(sellers.c.site, sellers.c.native_id)
    for history in read_histories(connection, list(connection.scalars(known)), as_of=end):
        yield assess_history(history, rules, min(days.get(history.site, end), end))


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC)
