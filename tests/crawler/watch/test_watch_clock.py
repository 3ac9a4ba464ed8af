"""A clock that jumps by a day under a watch: no site is left alone for a day, none is visited again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import define, evolve, field
from watch_room import Ended

from crawler.watch import AHEAD
from crawler.workers import Ending
from pipelines.models import RunStatus
from pipelines.store.runs import Run, SiteRecord, finish_run, record_site, start_run

if TYPE_CHECKING:
    from pathlib import Path

    from watch_room import WatchRoom

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAILY = 'schedule: {cron: "0 6 * * *"}\n'


@define
class Failed(Ended):
    def ending(self) -> Ending:
        return Ending(code=5, words="no answer")


@define
class Instant:
    """Visits that are over at once, or fail; as the store would have them."""

    room: WatchRoom
    now: datetime = NOON
    fails: bool = False
    started: list[datetime] = field(factory=list)

    def clock(self) -> datetime:
        return self.now

    def start_run(self, name: str, _path: Path) -> Ended:
        self.started.append(self.now)
        if self.fails:
            return Failed()
        run = Run(id=f"{len(self.started):032x}", site=name, started=self.now)
        with self.room.database.write() as connection:
            record_site(connection, SiteRecord(name=name, source="crawl"), self.now)
            start_run(connection, run)
            finish_run(connection, evolve(run, status=RunStatus.DONE, finished=self.now))
        return Ended()

    def start_assessment(self) -> Ended:
        return Ended()


@pytest.mark.parametrize("jump", [timedelta(days=1), timedelta(days=-1)], ids=["ahead", "back"])
def test_a_clock_that_jumped_and_came_back_costs_one_visit_and_no_more(room: WatchRoom, jump: timedelta) -> None:
    room.write_site("harborlist", more=DAILY)
    visits = Instant(room)
    watch = room.watch(starter=visits, now=visits.clock)
    for now in (NOON, NOON + jump, NOON, NOON + timedelta(minutes=30), NOON + timedelta(days=1, minutes=1)):
        visits.now = now
        for _ in range(3):
            watch.step()
    assert visits.started == [NOON, NOON + jump, NOON, NOON + timedelta(days=1, minutes=1)]
    assert ("harborlist", AHEAD) in room.told("started")


def test_a_delay_ends_where_the_clock_is_set_back(room: WatchRoom) -> None:
    room.write_site("harborlist", more=DAILY)
    visits = Instant(room, fails=True)
    watch = room.watch(starter=visits, now=visits.clock)
    for now in (NOON, NOON + timedelta(seconds=10), NOON - timedelta(hours=3)):
        visits.now = now
        watch.step()
        watch.step()
    assert visits.started == [NOON, NOON - timedelta(hours=3)]
