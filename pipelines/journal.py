"""The store's journal, as the index follows it: what changed since, and how each listing stands now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa
from attrs import define, field, frozen

from pipelines.index.document import IndexDocument
from pipelines.store.assessing import put_aside
from pipelines.store.lines import listing_records, rows_of
from pipelines.store.tables import journal, listings
from pipelines.store.traces import traces_between

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from pipelines.observe.tracing import Step, Tracing
    from pipelines.store.database import Database
    from pipelines.store.lines import ListingRecord


@frozen
class JournalSource:
    """What the index's projector reads: changes in order, documents as they stand, and a place for failures."""

    database: Database
    now: Callable[[], datetime]

    def changes(self, after: int, limit: int) -> list[tuple[int, str, str]]:
        """Up to `limit` journal entries above `after`: sequence, site, the site's own id."""
        there = sa.or_(listings.c.id.is_not(None), journal.c.deleted.is_not(None))
        query = (
            sa.select(journal.c.sequence, listings.c.site, listings.c.native_id, journal.c.deleted)
            .outerjoin(listings, sa.and_(listings.c.id == journal.c.listing, journal.c.deleted.is_(None)))
            .where(journal.c.sequence > after, there)
            .order_by(journal.c.sequence)
            .limit(limit)
        )
        with self.database.read() as connection:
            return [
                (row.sequence, row.site, row.native_id)
                if row.deleted is None
                else (row.sequence, *_parts_of(row.deleted))
                for row in connection.execute(query)
            ]

    def documents(self, keys: Iterable[tuple[str, str]]) -> list[IndexDocument]:
        """The listings with `keys` (site, id) as they stand; one that is not there any more is left out."""
        with self.database.read() as connection:
            rows = list(rows_of(connection, list(keys)).values())
            newest = _newest_changes(connection, rows)
            return [_document(record, newest[record.row]) for record in listing_records(connection, rows)]

    def set_aside(self, key: str, reason: str) -> None:
        """Record a listing that the index will never take."""
        with self.database.write() as connection:
            put_aside(connection, "index", key, reason, self.now())


@define
class TracedJournal:
    """As the journal below it, each change of a batch a step of its trace: until the next batch is asked for."""

    source: JournalSource
    tracing: Tracing
    _steps: list[Step] = field(factory=list, init=False)

    def changes(self, after: int, limit: int) -> list[tuple[int, str, str]]:
        """As `JournalSource.changes`; the batch before it is in the index by now."""
        for step in self._steps:
            step.end()
        found, self._steps = self.source.changes(after, limit), []
        if found:
            with self.source.database.read() as connection:
                traces = traces_between(connection, after, found[-1][0])
            self._steps = [self.tracing.start("index", self.source.now(), trace) for trace in traces.values()]
        return found

    def documents(self, keys: Iterable[tuple[str, str]]) -> list[IndexDocument]:
        """As `JournalSource.documents`."""
        return self.source.documents(keys)

    def set_aside(self, key: str, reason: str) -> None:
        """As `JournalSource.set_aside`."""
        self.source.set_aside(key, reason)


def last_change(connection: sa.Connection) -> int:
    """The newest journal entry's sequence; 0 where there is none."""
    return connection.scalar(sa.select(sa.func.max(journal.c.sequence))) or 0


def _parts_of(name: str) -> tuple[str, str]:
    site, _, native_id = name.partition("/")
    return site, native_id


def _newest_changes(connection: sa.Connection, rows: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for part in _parts(rows):
        query = (
            sa.select(journal.c.listing, sa.func.max(journal.c.sequence))
            .where(journal.c.listing.in_(part))
            .group_by(journal.c.listing)
        )
        found |= dict(connection.execute(query).all())
    return found


def _parts(rows: Sequence[int], size: int = 500) -> Iterator[Sequence[int]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _document(record: ListingRecord, sequence: int) -> IndexDocument:
    line = {**record.line, "decision": record.decision, "seller_review": record.seller_review}
    vector = None if record.vector is None else np.frombuffer(record.vector, dtype="<f4").astype(np.float32)
    usable = vector is not None and bool(np.any(vector))
    return IndexDocument(
        key=f"{line['site']}/{line['id']}", sequence=sequence, line=line, vector=vector if usable else None
    )
