"""Who has which listing on the desk, so that two people never decide one listing side by side."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.store.tables import leases

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from pipelines.store.database import Database

LENGTH = timedelta(minutes=10)
_KEPT = 3
"""Leases that one person holds: what is read, what comes next, and the one before."""


@frozen
class Leases:
    """The leases of a workspace. Each lasts ten minutes; a decision ends it."""

    database: Database
    now: Callable[[], datetime]

    def take(self, actor: str, rows: Sequence[int]) -> str | None:
        """Lease listings that are shown as one. None, or who has one of them already, and then nothing is leased."""
        now = self.now()
        with self.database.write() as connection:
            holder = connection.scalar(
                sa.select(leases.c.actor)
                .where(leases.c.listing.in_(rows), leases.c.actor != actor, _holds(now))
                .limit(1)
            )
            if holder is not None:
                return str(holder)
            connection.execute(sa.delete(leases).where(sa.or_(leases.c.listing.in_(rows), sa.not_(_holds(now)))))
            connection.execute(
                sa.insert(leases), [{"listing": row, "actor": actor, "until": now + LENGTH} for row in rows]
            )
            ends = sa.select(leases.c.until).where(leases.c.actor == actor).distinct().order_by(leases.c.until.desc())
            oldest = connection.scalars(ends.limit(_KEPT)).all()[-1]
            connection.execute(sa.delete(leases).where(leases.c.actor == actor, leases.c.until < oldest))
        return None

    def held_by_others(self, actor: str) -> dict[int, tuple[str, datetime]]:
        """The listings that others have, each with who and until when."""
        query = sa.select(leases).where(leases.c.actor != actor, _holds(self.now()))
        with self.database.read() as connection:
            return {row.listing: (row.actor, row.until) for row in connection.execute(query)}


def _holds(now: datetime) -> sa.ColumnElement[bool]:
    """A lease that goes on; one that would last longer than leases do was made before the clock was set back."""
    return leases.c.until.between(now, now + LENGTH)
