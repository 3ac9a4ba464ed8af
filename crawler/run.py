"""One run over one site: begun or resumed, its frontier seeded, and judged when it ends."""

from __future__ import annotations

import hashlib
import os
import socket
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from crawler.archive import RunArchive
from crawler.extraction.urls import canonicalise_url
from crawler.gateway import Gateway
from crawler.pace import Pace
from crawler.recorder import PRIORITIES, Recorder
from crawler.revisits import Revisits
from crawler.verdict import judge, measure
from pipelines.intake import Intake
from pipelines.models import PageKind, RunStatus
from pipelines.store.frontier import FrontierEntry, enqueue, return_leases
from pipelines.store.runs import (
    Run,
    RunKind,
    SiteRecord,
    count_pages,
    finish_run,
    latest_run,
    record_site,
    resume_run,
    start_run,
)
from pipelines.work.holding import HoldLost, since_boot

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from datetime import datetime
    from pathlib import Path

    import sqlalchemy as sa

    from crawler.pages import PageClasses
    from crawler.plan import VisitPlan
    from crawler.sites.loading import LoadedSite
    from pipelines.observe.tracing import Tracing
    from pipelines.store.database import Database
    from pipelines.work.holding import Hold

_TO_GO_ON_WITH = (RunStatus.RUNNING, RunStatus.INTERRUPTED, RunStatus.PAUSED)


@frozen(kw_only=True)
class SiteRun:
    """A run under way. Make one with `SiteRun.begin`; end it with `finish`."""

    run: Run
    database: Database
    recorder: Recorder
    plan: VisitPlan
    resumed: bool
    visited: int  # pages that the run had seen before it was resumed
    gateway: Gateway | None
    now: Callable[[], datetime]
    hold: Hold
    held: ExitStack  # what keeps other processes away from the site
    abandon: Callable[[], None]  # closes the vault file of a run that is somebody else's now
    pages: PageClasses
    pace: Pace

    @classmethod
    def begin(
        cls,
        plan: VisitPlan,
        *,
        hold: Hold,
        vault: Path,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        held: ExitStack,
        pages: PageClasses,
        tracing: Tracing,
    ) -> SiteRun:
        """Begin a run as `plan` has it, or go on with the one that was interrupted.

        `hold` is the site held against other processes, and `held` what lets go of it when the run is finished.
        """
        site, authority, name = plan.site, plan.authority, plan.site.file.site
        database = hold.database
        with database.write() as connection:
            record_site(connection, _site_record(site), now())
            before = _resumable(connection, site, now())
            run = before or Run(
                id=new_id(), site=name, started=now(), authority=authority, site_file_sha256=site.sha256
            )
            if before is None:
                start_run(connection, run)
            else:
                resume_run(connection, run.id)
                return_leases(connection, run.id)
            _seed(connection, site, run.id)
            visited = count_pages(connection, run.id)
        archive = RunArchive.open(hold, vault, run, authority, now())
        recorder = Recorder(
            run=run,
            database=database,
            intake=Intake(database, authority["operator"]),
            archive=archive.file,
            archive_name=archive.name,
            new_id=new_id,
            owner=f"{socket.gethostname()}:{os.getpid()}",
            fingerprint=fingerprint,
            follows=plan.follows,
            revisits=Revisits.of(site.file.again),
            tracing=tracing,
        )
        return cls(
            run=run,
            plan=plan,
            database=database,
            recorder=recorder,
            resumed=before is not None,
            visited=visited,
            gateway=Gateway.bind(plan.rule, upstream=plan.upstream)
            if plan.upstream or site.file.fetch == "browser"
            else None,
            now=now,
            hold=hold,
            held=held,
            abandon=archive.abandon,
            pages=pages,
            pace=Pace(database, plan.delay, since_boot, from_answers=site.file.pace.concurrency == 1),
        )

    def may_ask(self, spare: float) -> bool:
        """Whether the site is surely ours for `spare` seconds more. Raises `HoldLost` once it is somebody else's."""
        if self.hold.is_lost:
            raise HoldLost(f"{self.run.site} went to another process, which goes on with it")
        return self.hold.is_sure(spare)

    def let_go(self) -> None:
        """Leave the run to whoever goes on with it."""
        self.abandon()
        self.held.close()

    def in_hours(self) -> bool:
        """Whether the site may be visited now."""
        return self.plan.hours is None or self.plan.hours.contain(self.now())

    def finish(self, *, stopped: RunStatus | None, reason: str | None) -> Run:
        """Judge the run, or record why it was `stopped`, and let go of its file."""
        self.recorder.archive.close()
        with self.database.write() as connection:
            file = self.plan.site.file
            left = f"over the budget of {file.pace.pages} pages" if stopped is None else "not visited yet"
            found, unseen = measure(connection, self.run.id, left=left)
            status, why = judge(connection, file, self.run, found, unseen)
            if stopped is not None:
                status, why = stopped, reason
            run = evolve(
                self.run,
                status=status,
                reason=why,
                finished=self.now(),
                found=found,
                unseen=unseen,
                expected=file.expect.model_dump(exclude_none=True),
            )
            finish_run(connection, run)
        self.held.close()
        return run


def fingerprint(url: str) -> str:
    """What makes two addresses one page of the frontier: SHA-256 (hex) of the canonical address."""
    return hashlib.sha256(canonicalise_url(url).encode("utf-8", "replace")).hexdigest()


def _site_record(site: LoadedSite) -> SiteRecord:
    file = site.file
    return SiteRecord(
        name=file.site, source="crawl", currency=file.currency, country=file.country, timezone=file.timezone
    )


def _resumable(connection: sa.Connection, site: LoadedSite, now: datetime) -> Run | None:
    """The site's last run, where it was cut short or waits for a person.

    A run under another site file is not gone on with: a run says under which file all of it was collected.
    """
    last = latest_run(connection, site.file.site, kind=RunKind.CRAWL)
    if last is None or last.status not in _TO_GO_ON_WITH:
        return None
    if last.site_file_sha256 == site.sha256:
        return last
    if last.status is RunStatus.RUNNING:
        left = "its process ended, and its site file was changed before it could go on"
        finish_run(connection, evolve(last, status=RunStatus.INTERRUPTED, reason=left, finished=now))
    return None


def _seed(connection: sa.Connection, site: LoadedSite, run: str) -> None:
    first = PRIORITIES[PageKind.INDEX] + 1
    enqueue(
        connection,
        [
            FrontierEntry(run=run, url=url, fingerprint=fingerprint(url), kind=PageKind.INDEX, priority=first)
            for url in site.file.start
        ],
    )
