"""The store's journal, as the index follows it: what changed since, and how each listing stands now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.store.tables import journal, listings

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pipelines.store.database import Database


@frozen
class JournalSource:
    """What the index's projector reads: changes in order, documents as they stand, and a place for failures."""

    database: Database
    now: Callable[[], datetime]

    def changes(self, after: int, limit: int) -> list[tuple[int, str, str]]:
        """Up to `limit` journal entries above `after`: sequence, site, the site's own id."""
        query = (
            sa.select(journal.c.sequence, listings.c.site, listings.c.native_id)
            .join(listings, listings.c.id == journal.c.listing)
            .where(journal.c.sequence > after)
            .order_by(journal.c.sequence)
            .limit(limit)
        )
        with self.database.read() as connection:
            return [(sequence, site, native_id) for sequence, site, native_id in connection.execute(query)]

    def last(self) -> int:
        """The newest journal entry's sequence; 0 where there is none."""
        with self.database.read() as connection:
            return connection.scalar(sa.select(sa.func.max(journal.c.sequence))) or 0
