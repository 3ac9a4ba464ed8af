"""Keeps an index level with the store: it follows the store's journal, and can make the index anew from it.

The position moves only over changes whose documents are all in the index or set aside for good. Stopping anywhere is
harmless: what was written but not yet recorded is written again, under the same keys and versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import structlog
from attrs import frozen

from pipelines.errors import PartMissing
from pipelines.index.port import IndexReplaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.index.document import IndexDocument
    from pipelines.index.port import FailedItem, Index

log = structlog.get_logger(__name__)

BATCH = 2_000  # changes


class Source(Protocol):
    """The store, as the index follows it."""

    def changes(self, after: int, limit: int) -> list[tuple[int, str, str]]:
        """At most `limit` journal entries later than `after`, oldest first: (sequence, site, id). None left: empty."""

    def documents(self, keys: Iterable[tuple[str, str]]) -> list[IndexDocument]:
        """The present state of listings by (site, id); one that is deleted is left out."""

    def set_aside(self, key: str, reason: str) -> None:
        """Remember that a listing can never be indexed as it is, and why, for people to see."""


@frozen(kw_only=True)
class ProjectorReport:
    """What a catch-up did: `position` is the journal sequence that the index now stands at."""

    changes: int
    indexed: int
    deleted: int
    set_aside: int
    position: int


class Projector:
    """Moves an index along a journal. One projector at a time on an embedded index; on a server, any number."""

    def __init__(self, index: Index, source: Source, batch: int = BATCH) -> None:
        self._index = index
        self._source = source
        self._batch = batch

    def run(self) -> ProjectorReport:
        """Catch up. PartMissing when documents did not go in and may later: the position stays before them."""
        while True:
            try:
                return self._follow(self._index, self._index.position())
            except IndexReplaced:
                log.info("index_replaced_while_followed")

    def rebuild(self) -> ProjectorReport:
        """Index everything anew beside the live index, swap, and catch up with what changed meanwhile."""
        making = self._index.rebuild()
        try:
            report = self._follow(making.fresh, 0)
        except BaseException:
            making.discard()
            raise
        making.swap()
        later = self.run()
        log.info("index_rebuilt", indexed=report.indexed + later.indexed, position=later.position)
        return ProjectorReport(
            changes=report.changes + later.changes,
            indexed=report.indexed + later.indexed,
            deleted=report.deleted + later.deleted,
            set_aside=report.set_aside + later.set_aside,
            position=later.position,
        )

    def _follow(self, index: Index, position: int) -> ProjectorReport:
        total = ProjectorReport(changes=0, indexed=0, deleted=0, set_aside=0, position=position)
        while changes := self._source.changes(total.position, self._batch):
            total = self._apply(index, changes, total)
        return total

    def _apply(self, index: Index, changes: Sequence[tuple[int, str, str]], total: ProjectorReport) -> ProjectorReport:
        latest = {(site, identity): sequence for sequence, site, identity in changes}
        documents = self._source.documents(latest)
        present = {document.key for document in documents}
        gone = [
            (f"{site}/{identity}", sequence)
            for (site, identity), sequence in latest.items()
            if f"{site}/{identity}" not in present
        ]
        upserted, deleted = index.upsert(documents), index.delete(gone)
        failed = [*upserted.failed, *deleted.failed]
        self._settle(failed)
        position = changes[-1][0]
        index.set_position(position)
        log.debug("index_advanced", position=position, indexed=upserted.done, deleted=deleted.done)
        return ProjectorReport(
            changes=total.changes + len(changes),
            indexed=total.indexed + upserted.done,
            deleted=total.deleted + deleted.done,
            set_aside=total.set_aside + len(failed),
            position=position,
        )

    def _settle(self, failed: Sequence[FailedItem]) -> None:
        """Set aside what can never go in; stop where something may yet."""
        passing = [item for item in failed if not item.permanent]
        for item in failed:
            if item.permanent:
                self._source.set_aside(item.key, item.reason)
        if passing:
            raise PartMissing(
                f"{len(passing)} documents did not go into the index: {passing[0].reason}",
                hint="the index goes on from there the next time: check its server",
            )
