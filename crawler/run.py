"""One run over one site: begun or resumed, its frontier seeded, and judged when it ends."""

from __future__ import annotations

import hashlib
import os
import socket
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import evolve, frozen

from crawler.extraction.urls import canonicalise_url
from crawler.recorder import PRIORITIES, Recorder
from crawler.verdict import judge, measure
from pipelines import __version__
from pipelines.intake import Intake
from pipelines.models import CaptureMethod, ListingStatus, PageKind, RunStatus
from pipelines.store.frontier import FrontierEntry, enqueue, return_leases
from pipelines.store.runs import Run, SiteRecord, finish_run, record_site, resume_run, start_run, unfinished_run
from pipelines.store.tables import listings, vault_files
from pipelines.warc.records import WarcInfo
from pipelines.warc.writer import WarcFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from datetime import datetime
    from pathlib import Path

    from crawler.sites.loading import LoadedSite
    from pipelines.models import JsonObject
    from pipelines.store.database import Database


@frozen(kw_only=True)
class SiteRun:
    """A run under way. Make one with `SiteRun.begin`; end it with `finish`."""

    run: Run
    site: LoadedSite
    database: Database
    recorder: Recorder
    resumed: bool
    now: Callable[[], datetime]
    held: ExitStack  # what keeps other processes away from the site

    @classmethod
    def begin(
        cls,
        site: LoadedSite,
        authority: JsonObject,
        *,
        database: Database,
        vault: Path,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        held: ExitStack,
    ) -> SiteRun:
        """Begin a run of `site`, or go on with the one that was interrupted.

        `held` holds the site against other processes; it is let go when the run is finished.
        """
        name = site.file.site
        with database.write() as connection:
            record_site(connection, _site_record(site), now())
            before = unfinished_run(connection, name)
            run = before or Run(
                id=new_id(), site=name, started=now(), authority=authority, site_file_sha256=site.sha256
            )
            if before is None:
                start_run(connection, run)
            else:
                resume_run(connection, run.id)
                return_leases(connection, run.id)
            _seed(connection, site, run.id)
        archive, archive_name = _open_archive(database, vault, run, authority, now())
        recorder = Recorder(
            run=run,
            database=database,
            intake=Intake(database, authority["operator"]),
            archive=archive,
            archive_name=archive_name,
            new_id=new_id,
            owner=f"{socket.gethostname()}:{os.getpid()}",
            fingerprint=fingerprint,
            method=CaptureMethod.BROWSER if site.file.fetch == "browser" else CaptureMethod.HTTP,
        )
        return cls(
            run=run, site=site, database=database, recorder=recorder, resumed=before is not None, now=now, held=held
        )

    def finish(self, *, stopped: RunStatus | None, reason: str | None) -> Run:
        """Judge the run, or record why it was `stopped`, and let go of its file."""
        self.recorder.archive.close()
        with self.database.write() as connection:
            found, unseen = measure(connection, self.run.id)
            status, why = judge(connection, self.site.file, self.run, found, unseen)
            if stopped is not None:
                status, why = stopped, reason
            run = evolve(
                self.run,
                status=status,
                reason=why,
                finished=self.now(),
                found=found,
                unseen=unseen,
                expected=self.site.file.expect.model_dump(exclude_none=True),
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


def _seed(connection: sa.Connection, site: LoadedSite, run: str) -> None:
    """The start pages, and, last of all, every listing still offered when it was last seen."""
    entries = [
        FrontierEntry(
            run=run, url=url, fingerprint=fingerprint(url), kind=PageKind.INDEX, priority=PRIORITIES[PageKind.INDEX] + 1
        )
        for url in site.file.start
    ]
    known = sa.select(listings.c.url).where(
        listings.c.site == site.file.site,
        listings.c.status == ListingStatus.ACTIVE.value,
        listings.c.url.is_not(None),
    )
    entries += [
        FrontierEntry(run=run, url=url, fingerprint=fingerprint(url), kind=PageKind.DETAIL)
        for url in connection.scalars(known)
    ]
    enqueue(connection, entries)


def _open_archive(
    database: Database, vault: Path, run: Run, authority: JsonObject, at: datetime
) -> tuple[WarcFile, str]:
    """The run's vault file, with what a crash left after the last committed byte set aside."""
    folder = vault / run.site / run.id
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "captures.warc.gz"
    name = path.relative_to(vault).as_posix()
    with database.read() as connection:
        committed = connection.scalar(sa.select(vault_files.c.committed).where(vault_files.c.file == name)) or 0
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
