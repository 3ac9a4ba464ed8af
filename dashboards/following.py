"""Keeps the index up with the store after decisions, beside the requests: one writer, woken when something changed."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING

import structlog

from pipelines.errors import TracemarkError

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)


class IndexFollower:
    """Runs `project` in a thread of its own whenever it is woken; where the index is held, it tries again."""

    def __init__(self, project: Callable[[], object], *, retry_seconds: float = 2.0) -> None:
        self._project = project
        self._retry_seconds = retry_seconds
        self._woken = Event()
        self._pending = Event()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="index-follower", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def wake(self) -> None:
        """Something changed."""
        self._pending.set()
        self._woken.set()

    def stop(self) -> None:
        """Finish what has been asked for, trying once, and end."""
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while True:
            self._woken.wait()
            self._woken.clear()
            if self._pending.is_set():
                self._pending.clear()
                self._follow()
            if self._stopping.is_set():
                return

    def _follow(self) -> None:
        try:
            self._project()
        except TracemarkError as error:
            # The store has the decision; the index follows later, here or with the next `assess`.
            log.warning("index_not_followed", reason=error.message)
            self._pending.set()
            self._stopping.wait(self._retry_seconds)
            self._woken.set()
