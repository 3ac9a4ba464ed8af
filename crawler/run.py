"""One run over one site: begun or resumed, its frontier seeded, and judged when it ends."""

from __future__ import annotations

import hashlib
import os
import socket
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import evolve, frozen

from crawler.extraction.urls import canonicalise_url
from crawler.gateway import Gateway
from crawler.recorder import PRIORITIES, Recorder
from crawler.revisits import Revisits
from crawler.verdict import judge, measure
from pipelines import __version__
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
from pipelines.store.tables import vault_files
from pipelines.warc.records import WarcInfo
from pipelines.warc.writer import WarcFile
from pipelines.work.holding import HoldLost

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from datetime import datetime
    from pathlib import Path

    from crawler.pages import PageClasses
    from crawler.plan import VisitPlan
    from crawler.sites.loading import LoadedSite
    from pipelines.models import JsonObject
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
    pages: PageClasses

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
        archive, archive_name = _open_archive(hold, vault, run, authority, now())
        recorder = Recorder(
            run=run,
            database=database,
            intake=Intake(database, authority["operator"]),
            archive=archive,
            archive_name=archive_name,
            new_id=new_id,
            owner=f"{socket.gethostname()}:{os.getpid()}",
            fingerprint=fingerprint,
            follows=plan.follows,
            revisits=Revisits.of(site.file.again),
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
            pages=pages,
        )

    def may_ask(self) -> bool:
        """Whether a page may be asked for: the site is surely ours until it was. Raises `HoldLost` once it is not."""
        if self.hold.is_lost:
            raise HoldLost(f"{self.run.site} went to another process, which goes on with it")
        return self.hold.is_sure(self.plan.spare)

    def let_go(self) -> None:
        """Leave the run to whoever goes on with it."""
        self.recorder.archive.close()
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


def _open_archive(hold: Hold, vault: Path, run: Run, authority: JsonObject, at: datetime) -> tuple[WarcFile, str]:
    """The vault file of the run, with what a crash left after the last committed byte set aside.

    Under a lease each claim has a file of its own: who lost one may still be writing to the one before.
    """
    folder = vault / run.site / run.id
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ("captures.warc.gz" if hold.number is None else f"captures-{hold.number}.warc.gz")
    name = path.relative_to(vault).as_posix()
    with hold.database.read() as connection:
        query = sa.select(vault_files.c.file, vault_files.c.committed).where(vault_files.c.run == run.id)
        known: dict[str, int] = dict(connection.execute(query).all())
    for earlier in sorted(folder.glob("captures*.warc.gz")):
        if earlier != path:
            with WarcFile(earlier, root=vault) as left:
                left.truncate_tail(known.get(earlier.relative_to(vault).as_posix(), 0))
                if left.size() == 0:
                    earlier.unlink()
    committed = known.get(name, 0)
    archive = WarcFile(path, root=vault)
    archive.truncate_tail(committed)
    if committed == 0:
        fields = {
            "software": f"Tracemark/{__version__}",
            "format": "WARC File Format 1.1",
            "isPartOf": f"{run.site}/{run.id}",
            **{name: str(value) for name, value in authority.items() if value},
        }
        archive.append([WarcInfo(at=at, fields=fields, filename=path.name)])
    return archive, name
