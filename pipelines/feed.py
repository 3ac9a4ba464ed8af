"""A marketplace's own feed (JSON lines; docs/schema/feed.json): received, not collected.

Each line is kept in the vault as it came, byte for byte. A line that cannot be read is set aside with the reason;
the rest goes in.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from attrs import evolve, frozen

from pipelines.errors import BadInput, DiskTrouble
from pipelines.feed_line import BadLine, parse_line
from pipelines.intake import Arrival, IntakeReport
from pipelines.models import Capture, CaptureMethod, PageKind, RunStatus, StoredBytes
from pipelines.store.runs import Run, SiteRecord, finish_run, record_site, start_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from pipelines.feed_line import FeedOptions
    from pipelines.intake import Intake
    from pipelines.models import JsonObject, ListingContent
    from pipelines.store.database import Database

_BATCH = 500


@frozen(kw_only=True)
class FeedReport:
    """What a feed brought."""

    run: str
    lines: int
    intake: IntakeReport
    set_aside: int
    set_aside_file: Path | None


@frozen
class FeedDesk:
    """Where feeds are received. `new_id` and `now` are injected, so that a test can repeat a receipt."""

    database: Database
    intake: Intake
    vault: Path
    new_id: Callable[[], str]
    now: Callable[[], datetime]
    progress: Callable[[int], None] = lambda _lines: None

    def receive(self, path: Path, options: FeedOptions) -> FeedReport:
        """Take the feed at `path` into store and vault; `progress` is told the lines read so far.

        Raises `BadInput` where the file cannot be read at all, `DiskTrouble` where ours cannot be written.
        """
        run = Run(id=self.new_id(), site=options.site, started=self.now(), authority={"operator": self.intake.actor})
        site = SiteRecord(name=options.site, source="feed", currency=options.currency, country=options.country)
        folder = self.vault / options.site / run.id
        try:
            source = path.open("rb")
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}") from error
        with source, _FeedFile(folder / "feed.jsonl", self.vault) as feed:
            with self.database.write() as connection:
                record_site(connection, site, run.started)
                start_run(connection, run)
            report, lines, rejected = IntakeReport(), 0, []
            for batch in _batches(source):
                lines = batch[-1][0]
                arrivals = []
                for number, raw in batch:
                    try:
                        content = parse_line(raw, options, run.started)
                    except BadLine as error:
                        rejected.append(_rejected(number, raw, error))
                        continue
                    arrivals.append(_arrival(content, feed.append(raw), run, self.new_id()))
                feed.sync()
                report += self.intake.take(arrivals, committed={feed.name: feed.size})
                self.progress(lines)
        kept = _write_rejected(folder / "set-aside.jsonl", rejected)
        self._finish(run, lines, report, len(rejected))
        return FeedReport(run=run.id, lines=lines, intake=report, set_aside=len(rejected), set_aside_file=kept)

    def _finish(self, run: Run, lines: int, report: IntakeReport, rejected: int) -> None:
        listings = report.new + report.changed + report.unchanged
        found = {"lines": lines, "listings": listings, "set_aside": rejected}
        status = RunStatus.DEGRADED if rejected else RunStatus.DONE
        reason = f"{rejected} of {lines} lines were set aside" if rejected else None
        with self.database.write() as connection:
            finish_run(connection, evolve(run, finished=self.now(), status=status, reason=reason, found=found))


class _FeedFile:
    """The feed's lines as received, in the vault."""

    def __init__(self, path: Path, vault: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab")
        except OSError as error:
            raise DiskTrouble(f"{path} cannot be written: {error.strerror}") from error
        self.name = path.relative_to(vault).as_posix()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._file.close()

    def append(self, raw: bytes) -> StoredBytes:
        line = raw.rstrip(b"\r\n")
        stored = StoredBytes(
            file=self.name, offset=self.size, length=len(line), payload_sha256=hashlib.sha256(line).hexdigest()
        )
        self._file.write(line + b"\n")
        self.size += len(line) + 1
        return stored

    def sync(self) -> None:
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise DiskTrouble(f"{self.name} could not be written: {error.strerror}") from error


def _batches(source: BinaryIO) -> Iterator[list[tuple[int, bytes]]]:
    batch: list[tuple[int, bytes]] = []
    for number, raw in enumerate(source, start=1):
        if raw.strip():
            batch.append((number, raw))
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


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
    return Arrival(capture=capture, listing=content, seen=_posted_time(content.posted) or run.started)


def _posted_time(posted: str | None) -> datetime | None:
    if posted is None:
        return None
    try:
        moment = datetime.fromisoformat(posted)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _rejected(number: int, raw: bytes, error: BadLine) -> JsonObject:
    return {"line": number, "reason": str(error), "text": raw[:2000].decode("utf-8", "replace")}


def _write_rejected(path: Path, rejected: list[JsonObject]) -> Path | None:
    if not rejected:
        return None
    with path.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in rejected)
    return path
