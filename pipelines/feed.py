"""A marketplace's own feed (JSON lines; docs/schema/feed.json): received, not collected.

Each line is kept in the vault as it came, byte for byte. A line that cannot be read is set aside with the reason;
the rest goes in.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from attrs import define, evolve, field, frozen

from pipelines.errors import DiskTrouble, TracemarkError
from pipelines.feed_line import mapped_keys, parse_line
from pipelines.feed_source import batches, open_feed
from pipelines.feed_values import BadLine
from pipelines.intake import Arrival, IntakeReport
from pipelines.models import Capture, CaptureMethod, PageKind, RunStatus, StoredBytes
from pipelines.places import Places
from pipelines.store.runs import Run, RunKind, SiteRecord, close_abandoned, finish_run, record_site, start_run
from pipelines.warc.writer import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import TextIO

    from pipelines.feed_line import FeedOptions
    from pipelines.intake import Intake
    from pipelines.models import ListingContent
    from pipelines.store.database import Database

_CLOCKS_APART = timedelta(days=1)
"""A day that is tomorrow here may be today where the site is."""


@frozen(kw_only=True)
class FeedReport:
    """What a feed brought."""

    run: str
    lines: int
    intake: IntakeReport
    set_aside: int
    set_aside_file: Path | None
    never_seen: tuple[str, ...] = ()  # keys that --map names and no line has


@frozen
class FeedDesk:
    """Where feeds are received. `new_id` and `now` are injected, so that a test can repeat a receipt."""

    database: Database
    intake: Intake
    vault: Path
    new_id: Callable[[], str]
    now: Callable[[], datetime]
    progress: Callable[[int], None] = lambda _lines: None
    places: Places = field(factory=Places.shipped)

    def receive(self, path: Path, options: FeedOptions) -> FeedReport:
        """Take the feed at `path` into store and vault; `progress` is told the lines read so far.

        What was taken before a failure stays, and the next receipt of the same feed completes it. Raises `BadInput`
        where the file is no feed at all (then nothing is recorded), `DiskTrouble` where ours cannot be written.
        """
        run = Run(
            id=self.new_id(),
            site=options.site,
            kind=RunKind.FEED,
            started=self.now(),
            authority={"operator": self.intake.actor},
        )
        folder = self.vault / options.site / run.id
        with open_feed(path) as source:
            progress = _Progress(unseen=set(options.names.values()))
            with _FeedFile(folder / "feed.jsonl", self.vault) as feed, _SetAside(folder / "set-aside.jsonl") as aside:
                self._start(run, options)
                try:
                    for batch in batches(source):
                        self._take(batch, options, run, feed, aside, progress)
                        self.progress(progress.lines)
                except (TracemarkError, KeyboardInterrupt) as error:
                    failed = isinstance(error, TracemarkError)
                    self._finish(run, progress, aside, RunStatus.FAILED if failed else RunStatus.INTERRUPTED)
                    raise
        self._finish(run, progress, aside, RunStatus.DEGRADED if aside.count else RunStatus.DONE)
        return FeedReport(
            run=run.id,
            lines=progress.lines,
            intake=progress.report,
            set_aside=aside.count,
            set_aside_file=aside.path if aside.count else None,
            never_seen=tuple(sorted(progress.unseen)),
        )

    def _start(self, run: Run, options: FeedOptions) -> None:
        site = SiteRecord(name=options.site, source="feed", currency=options.currency, country=options.country)
        with self.database.write() as connection:
            record_site(connection, site, run.started)
            close_abandoned(connection, run.site, run.kind, run.started)
            start_run(connection, run)

    def _take(
        self,
        batch: list[tuple[int, bytes]],
        options: FeedOptions,
        run: Run,
        feed: _FeedFile,
        aside: _SetAside,
        progress: _Progress,
    ) -> None:
        arrivals = []
        for number, raw in batch:
            if progress.unseen:
                progress.unseen -= mapped_keys(raw, options)
            try:
                content = parse_line(raw, options, run.started, countries=self.places.countries)
            except BadLine as error:
                aside.append(number, raw, error)
                continue
            arrivals.append(_arrival(content, feed.append(raw), run, self.new_id()))
        feed.sync()
        progress.report += self.intake.take(arrivals, committed={feed.name: feed.size})
        progress.lines += len(batch)

    def _finish(self, run: Run, progress: _Progress, aside: _SetAside, status: RunStatus) -> None:
        report = progress.report
        listings = report.new + report.changed + report.unchanged
        found = {"lines": progress.lines, "listings": listings, "set_aside": aside.count}
        reasons = {
            RunStatus.DEGRADED: f"{aside.count} of {progress.lines} lines were set aside",
            RunStatus.FAILED: f"ended by an error after {progress.lines} lines",
            RunStatus.INTERRUPTED: f"stopped after {progress.lines} lines",
        }
        ended = evolve(run, finished=self.now(), status=status, reason=reasons.get(status), found=found)
        with self.database.write() as connection:
            finish_run(connection, ended)


@define(kw_only=True)
class _Progress:
    unseen: set[str]
    lines: int = 0
    report: IntakeReport = field(factory=IntakeReport)


class _FeedFile:
    """The feed's lines as received, in the vault."""

    def __init__(self, path: Path, vault: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb")
            sync_folder(path.parent)
        except OSError as error:
            raise DiskTrouble(f"{path} cannot be written: {error.strerror}") from error
        self.name = path.relative_to(vault).as_posix()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        with _written(self.name):
            self._file.close()

    def append(self, raw: bytes) -> StoredBytes:
        line = raw.rstrip(b"\r\n")
        stored = StoredBytes(
            file=self.name, offset=self.size, length=len(line), payload_sha256=hashlib.sha256(line).hexdigest()
        )
        with _written(self.name):
            self._file.write(line + b"\n")
        self.size += len(line) + 1
        return stored

    def sync(self) -> None:
        with _written(self.name):
            self._file.flush()
            os.fsync(self._file.fileno())


class _SetAside:
    """The lines that could not be read, whole and with the reason, to be mended and received again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._file is not None:
            with _written(self.path.name):
                self._file.close()

    def append(self, number: int, raw: bytes, error: BadLine) -> None:
        with _written(self.path.name):
            if self._file is None:
                self._file = self.path.open("w", encoding="utf-8")
            text = raw.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
            line = {"line": number, "reason": str(error), "text": text}
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.count += 1


@contextmanager
def _written(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskTrouble(f"{name} could not be written: {error.strerror}", hint="free space on the disk") from error


def _arrival(content: ListingContent, stored: StoredBytes, run: Run, capture_id: str) -> Arrival:
    capture = Capture(
        id=capture_id,
        site=run.site,
        run=run.id,
        url=content.url,
        method=CaptureMethod.FEED,
        at=run.started,
        http_status=None,
        content_type="application/json",
        stored=stored,
        kind=PageKind.DETAIL,
    )
    return Arrival(capture=capture, listing=content, seen=_first_seen(content.posted, run.started))


def _first_seen(posted: str | None, received: datetime) -> datetime:
    """The feed's own date, which is a listing's first; one that is still to come counts as the day of receipt."""
    if posted is None:
        return received
    moment = datetime.fromisoformat(posted)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if moment <= received + _CLOCKS_APART else received
