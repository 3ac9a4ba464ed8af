"""When each person last looked, so that the first page can say what is new since."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.store.tables import looks

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pipelines.store.database import Database

APART = timedelta(minutes=30)
"""Looks that are further apart belong to two visits."""

_NOTED_EVERY = timedelta(minutes=1)


@frozen
class Looks:
    """The visits of every person."""

    database: Database
    now: Callable[[], datetime]

    def look(self, actor: str) -> datetime | None:
        """Note that `actor` looks now; when the visit before this one ended, None at the first."""
        now, chosen = self.now(), sa.select(looks).where(looks.c.actor == actor)
        with self.database.read() as connection:
            row = connection.execute(chosen).one_or_none()
        if row is not None and timedelta() <= now - row.latest < _NOTED_EVERY:
            noted: datetime | None = row.before
            return noted
        with self.database.write() as connection:
            row = connection.execute(chosen).one_or_none()
            if row is None:
                connection.execute(sa.insert(looks).values(actor=actor, began=now, latest=now, before=None))
                return None
            fresh = now - row.latest > APART
            before: datetime | None = row.latest if fresh else row.before
            values = {"latest": now, "before": before, "began": now if fresh else row.began}
            connection.execute(sa.update(looks).where(looks.c.actor == actor).values(**values))
            return before
