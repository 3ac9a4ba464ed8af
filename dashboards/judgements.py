"""What people's decisions say of the machine: read once for everybody, while nothing changes or for a while."""

from __future__ import annotations

from datetime import timedelta
from threading import Lock
from time import thread_time
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from pipelines.journal import last_change
from pipelines.quality.figures import measure
from pipelines.quality.reviews import read_reviewed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pipelines.quality.reviews import Reviewed
    from pipelines.store.database import Database

KEPT = timedelta(seconds=30)
DEAR = 0.1
"""Seconds of processor from which on figures are kept though somebody has decided since: some 3,000 decisions."""
_MOST_DISPUTED = 50


@frozen(kw_only=True)
class Judged:
    """The figures of `tracemark quality` as they stood at `at`, and what two people see differently."""

    at: datetime
    figures: dict[str, Any]
    disputed: tuple[Reviewed, ...]


@define(kw_only=True)
class Judgements:
    """Reads every decision, no oftener than it has to."""

    database: Database
    now: Callable[[], datetime]
    dear: float = DEAR
    _known: Judged | None = None
    _sequence: int = -1
    _cost: float = 0.0
    _lock: Lock = field(factory=Lock)

    def read(self) -> Judged:
        """What they say."""
        with self._lock, self.database.read() as connection:
            newest, now = last_change(connection), self.now()
            known = self._known
            if known is not None:
                lately = self._cost >= self.dear and timedelta() <= now - known.at < KEPT
                if newest == self._sequence or lately:
                    return known
            begun = thread_time()
            reviewed = read_reviewed(connection)
            disputed = tuple(one for one in reviewed if one.disputed)[:_MOST_DISPUTED]
            self._known = Judged(at=now, figures=measure(reviewed), disputed=disputed)
            self._sequence, self._cost = newest, thread_time() - begun
            return self._known

    def forget(self) -> None:
        """Have them read anew."""
        with self._lock:
            self._known = None
