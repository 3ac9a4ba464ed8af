"""The marketplaces' day: fixed, or kept in a small JSON file so that another process can move it."""

from __future__ import annotations

import json
import os
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

from attrs import define, field, frozen

from pipelines.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

FIRST_DATE = date(2026, 3, 1)
"""The calendar date of day 0."""

LAST_DAY = 90
"""The last day on which something new happens in a catalogue."""

DEFAULT_DAY = 45
"""Far enough in that every seller's history can be seen, early enough that more is to come."""


def date_of(day: int) -> date:
    """Return the calendar date of a day number (day 0 is 2026-03-01)."""
    return FIRST_DATE + timedelta(days=day)


class Clock(Protocol):
    """Whatever knows which day it is in the marketplaces."""

    def day(self) -> int:
        """Return the day number, 0 or more."""
        ...


@frozen
class FixedClock:
    """A day that never moves."""

    number: int = DEFAULT_DAY

    def day(self) -> int:
        """Return the fixed day number."""
        return self.number


@define
class FileClock:
    """A day kept as `{"day": 45}` in a file; a file that is not there means `first_day`.

    The file is read again only when it was replaced, so that asking costs one `stat`.
    """

    path: Path
    first_day: int = DEFAULT_DAY
    _seen: tuple[int, int] | None = field(default=None, init=False)
    _day: int = field(default=0, init=False)

    def day(self) -> int:
        """Return the day number in the file; BadInput where it holds something else."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return self.first_day
        seen = (stat.st_mtime_ns, stat.st_ino)
        if seen != self._seen:
            self._day = _read_day(self.path)
            self._seen = seen
        return self._day

    def move_to(self, day: int) -> None:
        """Write the day; readers see the old file or the new one, never half of it."""
        if day < 0:
            raise BadInput(f"the marketplaces have no day {day}", hint="day 0 is 2026-03-01")
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
        draft.write_text(json.dumps({"day": day}) + "\n", encoding="utf-8")
        draft.replace(self.path)

    def advance(self, days: int) -> int:
        """Let `days` pass (one or more) and return the new day."""
        if days < 1:
            raise BadInput(f"time cannot be moved by {days} days", hint="give 1 or more")
        moved = self.day() + days
        self.move_to(moved)
        return moved


def _read_day(path: Path) -> int:
    try:
        day = json.loads(path.read_text(encoding="utf-8"))["day"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} does not hold a day", hint='expected {"day": 45}') from error
    if isinstance(day, bool) or not isinstance(day, int) or day < 0:
        raise BadInput(f"{path} holds {day!r} where a day number of 0 or more belongs")
    return day
