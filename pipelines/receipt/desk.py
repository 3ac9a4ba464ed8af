"""Where evidence is received: the file as it came, then each page of it as a capture, in the same chain.

A capture's custody row names, as the one who captured it, whoever made the file, since that is what is known; a row
of ours says when we received it, from which file, and the file's SHA-256.
"""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from pipelines.errors import BadInput, DiskTrouble
from pipelines.models import RunStatus
from pipelines.receipt.chain import RECEIVED, Receipt
from pipelines.receipt.kinds import FileKind
from pipelines.receipt.original import keep_original
from pipelines.receipt.pages import open_saved_page
from pipelines.receipt.records import MOST_BLOCK, Damage
from pipelines.receipt.webarchive import copy_member, open_web_archive
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.runs import Run, RunKind, SiteRecord, finish_run, record_site, site_records, start_run
from pipelines.warc.writer import WarcFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from pipelines.intake import IntakeReport
    from pipelines.models import JsonObject
    from pipelines.receipt.original import Original
    from pipelines.receipt.pages import ReceivedPage
    from pipelines.receipt.reading import PageReader
    from pipelines.store.database import Database


@frozen(kw_only=True)
class ReceiptReport:
    """What a file brought. `pages` became captures; `known` were received before; `other` stays in the file only."""

    run: str
    file: str
    sha256: str
    pages: int
    known: int
    other: int
    unproven: int  # records that state no digest
    intake: IntakeReport
    set_aside: int
    set_aside_file: Path | None


@frozen(kw_only=True)
class ReceiptDesk:
    """Receives files on behalf of `actor`. `read` is the extractor; `new_id` and `now` are injected."""

    database: Database
    actor: str
    vault: Path
    read: PageReader
    new_id: Callable[[], str]
    now: Callable[[], datetime]
    progress: Callable[[int], None] = lambda _records: None

    def receive(self, path: Path, kind: FileKind, site: SiteRecord, *, url: str | None = None) -> ReceiptReport:
        """Take the file at `path` in, its listings as `site`'s; `url` is a saved page's address where it is known.

        Raises `BadInput` where the file is not what `kind` says, `DiskTrouble` where ours cannot be written.
        """
        run = Run(
            id=self.new_id(), site=site.name, kind=RunKind.RECEIVED, started=self.now(),
            authority={"operator": self.actor},
        )  # fmt: skip
        folder = self.vault / RECEIVED / run.id
        original = keep_original(path, folder, self.vault)
        self._begin(run, site, original)
        with WarcFile(folder / "captures.warc.gz", root=self.vault) as archive:
            receipt = Receipt(
                database=self.database, actor=self.actor, read=self.read, new_id=self.new_id, now=self.now,
                progress=self.progress, run=run, site=site.name, original=original, archive=archive,
            )  # fmt: skip
            try:
                receipt.take_all(self._open(original, kind, url, receipt))
            except BadInput as error:
                self._finish(run, receipt, failed=error.message)
                raise
        kept = _write_set_aside(folder / "set-aside.jsonl", receipt.set_aside)
        self._finish(run, receipt)
        return _report(receipt, kept)

    def _begin(self, run: Run, site: SiteRecord, original: Original) -> None:
        """The run, and the first row about the file: there before anything that came from it."""
        detail = {"file": original.name, "sha256": original.sha256, "size": original.size, "kept": original.kept}
        event = CustodyEvent(at=run.started, actor=self.actor, action="receive", subject=f"run:{run.id}", detail=detail)
        with self.database.write() as connection:
            if site.name not in site_records(connection):
                record_site(connection, site, run.started)
            start_run(connection, run)
            append_custody(connection, [event])

    def _open(self, original: Original, kind: FileKind, url: str | None, receipt: Receipt) -> Iterator[ReceivedPage]:
        if kind is FileKind.PAGE:
            if original.size > MOST_BLOCK:
                raise BadInput(f"{original.name} is larger than {MOST_BLOCK} bytes")
            yield open_saved_page(original.path.read_bytes(), url=url, at=receipt.run.started, file=original.name)
        elif kind is FileKind.WARC:
            with original.path.open("rb") as file:
                yield from receipt.pages_of(file, original.name)
        else:
            with open_web_archive(original.path) as (web_archive, members):
                for member in members:
                    name = f"{original.name}:{member.name}"
                    if member.damage is not None:
                        receipt.put_aside(name, Damage(offset=0, reason=member.damage))
                        continue
                    with tempfile.TemporaryFile(dir=original.path.parent) as copy:
                        copy_member(web_archive, member.name, copy)
                        yield from receipt.pages_of(copy, name)

    def _finish(self, run: Run, receipt: Receipt, *, failed: str | None = None) -> None:
        aside, seen = len(receipt.set_aside), receipt.intake
        found = {
            "file": receipt.original.name,
            "sha256": receipt.original.sha256,
            "pages": receipt.counts["pages"],
            "listings": seen.new + seen.changed + seen.unchanged,
            "set_aside": aside,
        }
        status, reason = RunStatus.DONE, None
        if failed is not None:
            status, reason = RunStatus.FAILED, failed
        elif aside:
            status, reason = RunStatus.DEGRADED, f"{aside} records were set aside"
        with self.database.write() as connection:
            finish_run(connection, evolve(run, finished=self.now(), status=status, reason=reason, found=found))


def _report(receipt: Receipt, set_aside_file: Path | None) -> ReceiptReport:
    names = ("pages", "known", "other", "unproven")
    return ReceiptReport(
        run=receipt.run.id,
        file=receipt.original.kept,
        sha256=receipt.original.sha256,
        intake=receipt.intake,
        set_aside=len(receipt.set_aside),
        set_aside_file=set_aside_file,
        **{name: receipt.counts[name] for name in names},
    )


def _write_set_aside(path: Path, set_aside: Sequence[JsonObject]) -> Path | None:
    if not set_aside:
        return None
    try:
        with path.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in set_aside)
    except OSError as error:
        raise DiskTrouble(f"{path} could not be written: {error.strerror}") from error
    return path
