"""How a crawl holds back: longer and longer while pages fail, as long as the site asks, and only in its hours."""

from __future__ import annotations

from datetime import UTC, datetime, time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_IN_A_ROW = 12
"""Failures without a success between them, after which the site counts as failing and is left alone."""

LONGEST_WAIT = 120.0
"""Seconds that a run waits because a site asks for it; a site that asks for more ends the run."""

_LEAST_STEP = 0.1


@define
class Restraint:
    """`step` is the first wait in seconds (the site's delay); it doubles with each failure in a row."""

    clock: Callable[[], float]
    step: float
    failures: int = 0
    _until: float = field(default=0.0, init=False)

    def note_success(self) -> None:
        """A page was read: the site is well."""
        self.failures = 0

    def note_failure(self, asked: float | None) -> None:
        """A page failed; `asked` is how many seconds the site said to wait."""
        self.failures += 1
        grown = max(_LEAST_STEP, self.step) * 2 ** min(self.failures - 1, 10)
        self._until = max(self._until, self.clock() + min(LONGEST_WAIT, max(grown, asked or 0.0)))

    def wait(self) -> float:
        """Seconds until the next request may go out."""
        return max(0.0, self._until - self.clock())


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date (RFC 9110, 10.2.3); None where it says nothing."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


@frozen
class Hours:
    """Hours of the day in which a site may be visited, in its own zone; they may pass midnight."""

    begin: time
    end: time
    zone: ZoneInfo

    @classmethod
    def read(cls, text: str, zone: str) -> Hours:
        """Read "22:00-06:00". Raises ValueError."""
        begin, end = (time.fromisoformat(one) for one in text.split("-"))
        return cls(begin, end, ZoneInfo(zone))

    def contain(self, moment: datetime) -> bool:
        """Whether the site may be visited at `moment` (aware)."""
        local = moment.astimezone(self.zone).time()
        if self.begin <= self.end:
            return self.begin <= local < self.end
        return local >= self.begin or local < self.end
