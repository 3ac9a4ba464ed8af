"""How often one person may ask the API: a bucket for each, filled at a steady rate."""

from __future__ import annotations

import math
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Limiter:
    """Allows `per_minute` requests a minute to each name, a third of them at once. `clock` gives seconds."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._rate = per_minute / 60
        self._most = max(1.0, per_minute / 3)
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = Lock()

    def wait(self, name: str) -> int:
        """Take one; 0 where there is one, else the whole seconds after which there will be."""
        with self._lock:
            now = self._clock()
            left, at = self._left.get(name, (self._most, now))
            left = min(self._most, left + (now - at) * self._rate)
            allowed = left >= 1
            self._left[name] = (left - 1 if allowed else left, now)
            return 0 if allowed else max(1, math.ceil((1 - left) / self._rate))
