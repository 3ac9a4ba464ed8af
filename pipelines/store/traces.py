"""Which trace the changes in the journal belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from pipelines.store.tables import journal

if TYPE_CHECKING:
    from collections.abc import Sequence


def newest_traces(connection: sa.Connection, rows: Sequence[int]) -> dict[int, str]:
    """By listing's row (a statement's worth of them) the traceparent of its newest change that has one."""
    query = (
        sa.select(journal.c.listing, journal.c.trace)
        .where(journal.c.listing.in_(rows), journal.c.trace.is_not(None))
        .order_by(journal.c.sequence)
    )
    return dict(connection.execute(query).all())


def traces_between(connection: sa.Connection, after: int, upto: int) -> dict[int, str]:
    """By listing's row the traceparent of its newest change in a stretch of the journal."""
    query = (
        sa.select(journal.c.listing, journal.c.trace)
        .where(journal.c.sequence > after, journal.c.sequence <= upto, journal.c.trace.is_not(None))
        .order_by(journal.c.sequence)
    )
    return dict(connection.execute(query).all())
