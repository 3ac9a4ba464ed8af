"""`export items` and `export sellers`: as they stand, or as on an earlier day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from itertools import chain
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pipelines.sellers.assessment import assess_history, item_json
from pipelines.sellers.desk import last_seen_days
from pipelines.sellers.history import read_histories, read_nameless
from pipelines.sellers.rules import SellerRules
from pipelines.store.tables import sellers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.models import JsonObject
    from pipelines.sellers.assessment import SellerAssessment
    from pipelines.store.database import Database

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def item_lines(database: Database, as_of: date | None) -> Iterator[JsonObject]:
    """Every Item, one line each (docs/schema/item.json)."""
    for assessment in _assess_all(database, as_of, nameless=True):
        yield from (item_json(item) for item in assessment.items)


def seller_lines(database: Database, as_of: date | None) -> Iterator[JsonObject]:
    """Every seller, one line each (docs/schema/seller.json)."""
    for assessment in _assess_all(database, as_of, nameless=False):
        yield assessment.to_json()


def _assess_all(database: Database, as_of: date | None, *, nameless: bool) -> Iterator[SellerAssessment]:
    end = None if as_of is None else datetime.combine(as_of, time.max, UTC)
    rules = SellerRules.shipped()
    with database.read() as connection:
        days = last_seen_days(connection)
        known = sa.select(sellers.c.id).order_by(sellers.c.site, sellers.c.native_id)
        if end is not None:
            known = known.where(sellers.c.first_seen <= end)
        histories = read_histories(connection, list(connection.scalars(known)), as_of=end)
        for history in chain(histories, read_nameless(connection, as_of=end) if nameless else ()):
            today = days.get(history.site, history.last_seen or _NEVER)
            yield assess_history(history, rules, today if end is None else min(today, end))
