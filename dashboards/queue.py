"""What waits for a decision, the highest score first: read once, then kept up with the store's journal."""

from __future__ import annotations

from bisect import bisect_left, insort
from threading import Lock
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from dashboards.levels import shown_level
from dashboards.wording import SCORES
from pipelines.journal import last_change
from pipelines.store.tables import assessments, decisions, journal, listings, seller_assessments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipelines.store.database import Database

LEVELS = ("review", "idle")
_BATCH = 500

_Place = tuple[float, int]
"""Minus the highest score, then the row: sorted, the most urgent comes first."""


@frozen(kw_only=True)
class Waiting:
    """Where a listing stands in the queue: `number` of `total`, counted from 1."""

    row: int
    number: int
    total: int


@frozen
class _Entry:
    level: str
    place: _Place
    first_seen: datetime


class TriageQueue:
    """Undecided listings by level. A listing's level is the higher of its own and its seller's."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._sequence = -1
        self._places: dict[int, _Entry] = {}
        self._order: dict[str, list[_Place]] = {level: [] for level in LEVELS}

    def count(self, level: str) -> int:
        """How many wait."""
        with self._lock:
            self._follow()
            return len(self._order[level])

    def first(self, level: str, *, skip: int = 0) -> Waiting | None:
        """The most urgent one, or the one after `skip` others; None at the end."""
        with self._lock:
            self._follow()
            order = self._order[level]
            if not 0 <= skip < len(order):
                return None
            return Waiting(row=order[skip][1], number=skip + 1, total=len(order))

    def most_urgent(self, level: str, most: int) -> list[int]:
        """The rows of the first `most`."""
        with self._lock:
            self._follow()
            return [row for _, row in self._order[level][:most]]

    def new(self, level: str, since: datetime) -> list[int]:
        """The rows of those first seen after `since`, the newest first."""
        with self._lock:
            self._follow()
            recent = [(seen, row) for _, row in self._order[level] if (seen := self._places[row].first_seen) > since]
            return [row for _, row in sorted(recent, reverse=True)]

    def _follow(self) -> None:
        with self._database.read() as connection:
            newest = last_change(connection)
            if newest == self._sequence:
                return
            rows = None if self._sequence < 0 or newest < self._sequence else self._changed(connection)
            if rows is None:
                self._places.clear()
                self._order = {level: [] for level in LEVELS}
                self._take(connection, None)
            else:
                for start in range(0, len(rows), _BATCH):
                    part = rows[start : start + _BATCH]
                    for row in part:
                        self._leave(row)
                    self._take(connection, part)
            self._sequence = newest

    def _changed(self, connection: sa.Connection) -> Sequence[int]:
        query = sa.select(journal.c.listing).where(journal.c.sequence > self._sequence).distinct()
        return connection.scalars(query).all()

    def _take(self, connection: sa.Connection, rows: Sequence[int] | None) -> None:
        scores = [assessments.c.body["scores"][name].as_float() for name in SCORES]
        decided = sa.select(decisions.c.id).where(decisions.c.listing == listings.c.id).exists()
        query = (
            sa.select(
                listings.c.id,
                listings.c.first_seen,
                assessments.c.body["review"].as_string(),
                seller_assessments.c.review,
                *scores,
            )
            .join(assessments, assessments.c.id == listings.c.assessment)
            .outerjoin(seller_assessments, seller_assessments.c.seller == listings.c.seller)
            .where(~decided)
        )
        if rows is not None:
            query = query.where(listings.c.id.in_(rows))
        fresh = rows is None
        for row, first_seen, own, of_seller, *found in connection.execute(query):
            level, _ = shown_level(own, of_seller)
            if level is None or level not in self._order:
                continue
            place = (-max((score or 0.0) for score in found), row)
            self._places[row] = _Entry(level, place, first_seen)
            if fresh:
                self._order[level].append(place)
            else:
                insort(self._order[level], place)
        if fresh:
            for order in self._order.values():
                order.sort()

    def _leave(self, row: int) -> None:
        found = self._places.pop(row, None)
        if found is not None:
            order = self._order[found.level]
            del order[bisect_left(order, found.place)]
