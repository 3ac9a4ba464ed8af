"""The watch: begins a run wherever one is due, goes on with those that were cut short, and assesses what they bring.

It holds no state that it could not read again: what is due follows from the runs table and the site files, so that
a watch that was killed, or slept, goes on from what the store says.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import Factory, define, field, frozen

from crawler.holds import FolderHolds
from crawler.roster import Roster
from pipelines.models import RunStatus
from pipelines.store.assessing import is_anything_new
from pipelines.store.clock import SLACK
from pipelines.store.pauses import read_pauses
from pipelines.store.runs import RunKind, latest_run
from pipelines.workspace import WorkspaceHeld

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.holds import SiteHolds
    from crawler.roster import Entry
    from crawler.schedule import Schedule, Slot
    from crawler.sites.loading import LoadedSite
    from crawler.workers import Ending, Starter, Worker
    from pipelines.store.database import Database
    from pipelines.store.pauses import Pause
    from pipelines.store.runs import Run
    from pipelines.workspace import Workspace

LONGEST_LOOK = 15.0
"""Seconds after which sites and runs are looked at again: what other processes changed is seen that late at most."""

BETWEEN_ASSESSMENTS = 60.0
"""Seconds from one assessment's start to the next while runs are under way; each reads all that waits."""

AHEAD = "its last run is dated ahead of this machine's clock: one of the two was wrong"
"""Why a site is visited though its last run looks newer than its slot."""

_FIRST_DELAY, _LONGEST_DELAY = timedelta(minutes=1), timedelta(hours=1)
_CUT_SHORT = (RunStatus.RUNNING, RunStatus.INTERRUPTED)


class WatchEventKind(StrEnum):
    """What a watch tells of."""

    STARTED = "started"
    ENDED = "ended"
    SKIPPED = "skipped"  # once for each incident
    ASSESSED = "assessed"
    TASK = "task"  # of a worker


@frozen(kw_only=True)
class WatchEvent:
    """Something happened. `run` is the site's run as the store has it; `reason` is in words."""

    kind: WatchEventKind
    site: str | None = None
    run: Run | None = None
    reason: str | None = None


@frozen(kw_only=True)
class _Due:
    entry: Entry
    schedule: Schedule
    since: datetime
    cut_short: bool
    reason: str | None = None

    def __lt__(self, other: _Due) -> bool:
        return (not self.cut_short, self.since) < (not other.cut_short, other.since)


@frozen(kw_only=True)
class _Visit:
    worker: Worker
    due: _Due
    held: ExitStack


@define(kw_only=True)
class Watch:
    """Call `step` again and again (`crawler.commands.watch` does), and after `stop` until `is_idle`.

    `most` runs are under way at once. `now` is the clock, `starter` makes the processes, `tell` is told what happens,
    `holds` keeps others from the sites. Nothing is left unlooked at for more than `longest_look` seconds.
    """

    workspace: Workspace
    database: Database
    starter: Starter
    now: Callable[[], datetime]
    tell: Callable[[WatchEvent], None]
    most: int
    holds: SiteHolds = field(default=Factory(lambda self: FolderHolds(self.workspace), takes_self=True))
    longest_look: float = LONGEST_LOOK
    troubled: bool = field(default=False, init=False)
    """Whether something was not as it should be: a site skipped, a run that did not end well."""
    _roster: Roster = field(init=False)
    _visits: dict[str, _Visit] = field(factory=dict, init=False)
    _incidents: dict[str, str] = field(factory=dict, init=False)
    _delays: dict[str, tuple[timedelta, datetime]] = field(factory=dict, init=False)
    _assessment: Worker | None = field(default=None, init=False)
    _assessed: datetime | None = field(default=None, init=False)
    _unassessed: bool = field(default=False, init=False)
    _stopping: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._roster = Roster(self.workspace)
        with self.database.read() as connection:
            self._unassessed = is_anything_new(connection)

    def step(self) -> float:
        """Take note of what ended, start what is due; seconds until there may be something to do again.

        Before that, wake on any of `sentinels`.
        """
        self._reap()
        if self._stopping:
            return self.longest_look
        wait = self._start_due()
        return min(wait, self._start_assessment())

    @property
    def sentinels(self) -> list[int]:
        """File descriptors that become readable when a process ends."""
        return [worker.sentinel for worker in self._workers()]

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way, and nothing waits to be assessed that could be."""
        return not self._workers() and (self._stopping or not self._unassessed or "assessment" in self._delays)

    def stop(self) -> None:
        """Start nothing more, and ask what is under way to end durably. A second call ends it at once."""
        for worker in self._workers():
            if self._stopping:
                worker.kill()
            else:
                worker.interrupt()
        self._stopping = True

    def _workers(self) -> list[Worker]:
        found = [visit.worker for visit in self._visits.values()]
        return found if self._assessment is None else [*found, self._assessment]

    def _reap(self) -> None:
        for site, visit in list(self._visits.items()):
            if (ending := visit.worker.ending()) is not None:
                del self._visits[site]
                self._take_leave(site, visit, ending)
        if self._assessment is not None and (ending := self._assessment.ending()) is not None:
            self._assessment = None
            if ending.code == 0:
                self._forget("assessment")
                self.tell(WatchEvent(kind=WatchEventKind.ASSESSED, reason=ending.words))
            elif not self._stopping:
                self._unassessed = True
                self._report("assessment", ending.words or f"ended with {ending.code}: logs/assess.log", delay=True)

    def _take_leave(self, site: str, visit: _Visit, ending: Ending) -> None:
        with self.database.read() as connection:
            run = latest_run(connection, site, kind=RunKind.CRAWL)
        visit.held.close()
        self._unassessed = True
        now, schedule = self.now(), visit.due.schedule
        if self._stopping or _is_served(run, schedule, now) or not schedule.is_open(now):
            self._forget(site)
        else:
            words = ending.words or (run.reason if run else None) or f"ended with {ending.code}: logs/{site}.log"
            self._report(site, words, delay=True)
        self.troubled |= run is None or run.status is not RunStatus.DONE
        self.tell(WatchEvent(kind=WatchEventKind.ENDED, site=site, run=run, reason=ending.words))

    def _start_due(self) -> float:
        now, due, wait = self.now(), list[_Due](), self.longest_look
        with self.database.read() as connection:
            pauses = read_pauses(connection, now)
        for entry in self._roster.read():
            found = self._look(entry, now, pauses.get(entry.site))
            if isinstance(found, _Due):
                due.append(found)
            elif found is not None:
                wait = min(wait, (found - now).total_seconds())
        for one in sorted(due):
            if len(self._visits) >= self.most:
                break
            self._start(one, now)
        return max(0.0, wait)

    def _look(self, entry: Entry, now: datetime, pause: Pause | None) -> _Due | datetime | None:
        """The site as due, or when it will be, or None where nothing can be said of it now."""
        if entry.mistake is not None:
            self._report(entry.site, entry.mistake)
            return None
        if entry.schedule is None or entry.loaded is None or entry.site in self._visits:
            return None
        if not entry.schedule.is_open(now):
            return None
        if (reason := self._why_not(entry.loaded, now, pause)) is not None:
            self._report(entry.site, reason)
            return None
        if (rest := self._rest(entry.site, now)) > timedelta(0):
            return now + rest
        if entry.site not in self._delays:
            self._forget(entry.site)
        return self._find_due(entry, entry.schedule, now) or entry.schedule.next_slot(now).start

    def _why_not(self, loaded: LoadedSite, now: datetime, pause: Pause | None) -> str | None:
        """Why the site is left alone: a person paused it, or it may or can not be visited. None where neither."""
        if pause is not None:
            return f"paused by {pause.actor} until {pause.until:%Y-%m-%d %H:%M} UTC: {pause.reason}"
        return self._roster.why_not(loaded, now)

    def _find_due(self, entry: Entry, schedule: Schedule, now: datetime) -> _Due | None:
        with self.database.read() as connection:
            run = latest_run(connection, entry.site, kind=RunKind.CRAWL)
        if _is_served(run, schedule, now):
            return None
        if run is not None and run.status is RunStatus.RUNNING and self.holds.is_kept(entry.site):
            return None
        if run is not None and run.status in _CUT_SHORT:
            return _Due(entry=entry, schedule=schedule, since=run.started, cut_short=True)
        slot = schedule.last_slot(now)
        reason = AHEAD if run is not None and run.started > now + SLACK else None
        since = now if slot is None else slot.at
        return _Due(entry=entry, schedule=schedule, since=since, cut_short=False, reason=reason)

    def _start(self, due: _Due, now: datetime) -> None:
        site, loaded = due.entry.site, due.entry.loaded
        if loaded is None:
            return
        with ExitStack() as held:
            try:
                held.enter_context(self.holds.keep(loaded.file))
            except WorkspaceHeld:
                return  # another watch sees to it
            # Another watch may have seen to it since we looked.
            if self._find_due(due.entry, due.schedule, now) is None:
                return
            worker = self.starter.start_run(site, due.entry.path)
            self._visits[site] = _Visit(worker=worker, due=due, held=held.pop_all())
        reason = "goes on where it was cut short" if due.cut_short else due.reason
        self.tell(WatchEvent(kind=WatchEventKind.STARTED, site=site, reason=reason))

    def _start_assessment(self) -> float:
        if not self._unassessed or self._assessment is not None:
            return self.longest_look
        now = self.now()
        wait = self._rest("assessment", now).total_seconds()
        if self._visits and self._assessed is not None and now >= self._assessed:
            wait = max(wait, BETWEEN_ASSESSMENTS - (now - self._assessed).total_seconds())
        if wait > 0:
            return wait
        self._unassessed, self._assessed = False, now
        self._assessment = self.starter.start_assessment()
        return self.longest_look

    def _rest(self, about: str, now: datetime) -> timedelta:
        """How long a site (or the assessment) is still left alone; a clock that was set back ends it."""
        pause, until = self._delays.get(about, (timedelta(0), now))
        return until - now if until - now <= pause else timedelta(0)

    def _report(self, about: str, reason: str, *, delay: bool = False) -> None:
        """Tell what keeps a site (or the assessment) away, once; with `delay`, leave it alone for a while."""
        if delay:
            before = self._delays.get(about)
            pause = _FIRST_DELAY if before is None else min(before[0] * 2, _LONGEST_DELAY)
            self._delays[about] = (pause, self.now() + pause)
        if self._incidents.get(about) != reason:
            self._incidents[about] = reason
            self.troubled = True
            self.tell(WatchEvent(kind=WatchEventKind.SKIPPED, site=about, reason=reason))

    def _forget(self, about: str) -> None:
        self._delays.pop(about, None)
        self._incidents.pop(about, None)


def _is_served(run: Run | None, schedule: Schedule, now: datetime) -> bool:
    """Whether the newest slot has had its run: one that began after it, or was under way when it came.

    A run that is dated ahead of the clock says nothing of any slot: one more visit, rather than none for a day.
    """
    if run is not None and (run.status in _CUT_SHORT or run.started > now + SLACK):
        return False
    slot: Slot | None = schedule.last_slot(now)
    if slot is None:
        return run is not None
    return run is not None and max(run.started, run.finished or run.started) >= slot.at
