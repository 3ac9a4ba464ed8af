"""What grows without a lead, for the first page: worked out beside the requests, and kept for a while."""

from __future__ import annotations

from threading import Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING

import structlog
from attrs import frozen

from pipelines.errors import TracemarkError
from pipelines.journal import last_change
from pipelines.statistics.desk import hot_spots, last_day

if TYPE_CHECKING:
    from datetime import date

    from pipelines.models import JsonObject
    from pipelines.store.database import Database

log = structlog.get_logger(__name__)

KINDS = {"sellers": "seller", "places": "location", "models": "model", "signals": "signal"}
"""The kinds that a search can show, each with its field."""
_KEPT = 600.0  # seconds
_MOST = 8


@frozen(kw_only=True)
class HotSpot:
    """A name that stands out this week: `count` items where `expected` were, and the field that finds it."""

    kind: str
    field: str
    name: str
    count: int
    expected: float


class HotSpots:
    """The hot spots of a workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._found: list[HotSpot] | None = None
        self._thread: Thread | None = None
        self._due = 0.0
        self._of: tuple[date | None, int] | None = None  # the last day, and the journal's last change

    def read(self) -> list[HotSpot] | None:
        """Those known last; None while they are worked out for the first time."""
        with self._lock:
            if monotonic() >= self._due and (self._thread is None or not self._thread.is_alive()):
                self._due = monotonic() + _KEPT
                self._thread = Thread(target=self._work_out, name="hot-spots", daemon=True)
                self._thread.start()
            return self._found

    def stop(self) -> None:
        """Wait for what is being worked out."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _work_out(self) -> None:
        try:
            with self._database.read() as connection:
                of = last_day(self._database), last_change(connection)
            if of == self._of:
                return
            found = [] if of[0] is None else list_hot(hot_spots(self._database, of[0]))
            self._of = of
        except TracemarkError as error:
            log.warning("hot_spots_not_known", reason=error.message)
            found = []
        with self._lock:
            self._found = found


def list_hot(body: JsonObject) -> list[HotSpot]:
    """The names that stand out, those of the largest growth first."""
    rows = [
        (row, HotSpot(kind=kind, field=field, name=row["name"], count=row["count"], expected=row["expected"]))
        for kind, field in KINDS.items()
        for row in body.get(kind, ())
        if row["hot"]
    ]
    return [spot for _, spot in sorted(rows, key=lambda pair: (pair[0]["probability"], pair[1].name))][:_MOST]
