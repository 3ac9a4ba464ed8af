"""When a site is due: the slots of its cron expression, each of them served once, whatever the clocks do."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from attrs import frozen
from croniter import croniter

from crawler.restraint import Hours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.sites.schema import SiteFile

_MOST_LATE_SLOTS = 2000
"""How many slots may be waiting for their jitter at once (a jitter of a day over a slot each minute is 1,440)."""


@frozen(kw_only=True)
class Slot:
    """One time at which a site is due: `at` as the expression has it, `start` with its jitter; both UTC."""

    at: datetime
    start: datetime


@frozen(kw_only=True)
class Schedule:
    """A site's cron expression in its zone, its jitter in seconds, and the hours in which it may be visited.

    A slot is a time on the zone's clock face and comes once: where the clock is put back, at the first of the two
    equal times; where it is put forward over the slot, as long after the change as it would have been.
    """

    site: str
    cron: str
    zone: ZoneInfo
    jitter: float
    hours: Hours | None

    @classmethod
    def of(cls, file: SiteFile) -> Schedule | None:
        """The schedule of a site file, None where it has none."""
        cron = file.schedule.cron
        if cron is None:
            return None
        hours = None if file.pace.hours is None else Hours.read(file.pace.hours, file.timezone)
        zone = ZoneInfo(file.schedule.timezone)
        return cls(site=file.site, cron=cron, zone=zone, jitter=file.schedule.jitter, hours=hours)

    def last_slot(self, now: datetime) -> Slot | None:
        """The newest slot whose start has come; None where there was none within reach."""
        for count, slot in enumerate(self._slots_before(now)):
            if slot.start <= now:
                return slot
            if count >= _MOST_LATE_SLOTS:
                return None
        return None

    def next_slot(self, now: datetime) -> Slot:
        """The slot whose start comes next after `now`, where the clock is not put forward or back until then."""
        earliest = now - timedelta(seconds=self.jitter)
        for local in croniter(self.cron, self._face(earliest)).all_next(datetime):
            slot = self._slot(local)
            if slot.start > now:
                return slot
        raise AssertionError("a cron expression that has slots has a next one")

    def is_open(self, now: datetime) -> bool:
        """Whether the site may be visited at this hour."""
        return self.hours is None or self.hours.contain(now)

    def _slots_before(self, now: datetime) -> Iterator[Slot]:
        face = self._face(now).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for local in croniter(self.cron, face).all_prev(datetime):
            yield self._slot(local)

    def _face(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def _slot(self, local: datetime) -> Slot:
        # fold=0 is the first of two equal times, and reckons a time that the clock leaves out from before the change.
        at = local.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
        return Slot(at=at, start=at + timedelta(seconds=self.jitter * _share(self.site, local)))


def _share(site: str, local: datetime) -> float:
    """A number from 0 up to 1 that is the same in every process: where in its jitter a slot lies."""
    digest = hashlib.sha256(f"{site} {local.isoformat()}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
