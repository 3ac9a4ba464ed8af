"""Received pages on their way into the store: a group in one transaction, each with its record in the vault."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import define, evolve, field, frozen

from pipelines.intake import Arrival, Intake, IntakeReport
from pipelines.models import Capture, CaptureMethod, PageKind
from pipelines.receipt.pages import Kept, NoCapture, ReceivedPage, open_page
from pipelines.receipt.records import Damage, read_records
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.tables import captures, listings
from pipelines.warc.records import Exchange, Resource, WarcInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from typing import BinaryIO

    from pipelines.models import JsonObject, StoredBytes
    from pipelines.receipt.original import Original
    from pipelines.receipt.reading import PageReader
    from pipelines.store.database import Database
    from pipelines.store.runs import Run
    from pipelines.warc.writer import WarcFile

RECEIVED = "received"
"""The folder of the vault for what was received; no site is called so."""

_GROUP, _GROUP_BYTES = 100, 1 << 25


@define(kw_only=True)
class Receipt:
    """One file under way."""

    database: Database
    actor: str
    read: PageReader
    new_id: Callable[[], str]
    now: Callable[[], datetime]
    progress: Callable[[int], None]
    run: Run
    site: str
    original: Original
    archive: WarcFile
    counts: Counter[str] = field(factory=Counter)
    intake: IntakeReport = field(factory=IntakeReport)
    set_aside: list[JsonObject] = field(factory=list)
    kept: dict[str, Kept] = field(factory=dict)
    same: dict[str, str] = field(factory=dict)  # a capture that was received before, by the id it would have had

    def put_aside(self, file: str, damage: Damage) -> None:
        """Note what is not taken in, and why; its bytes stay in the original."""
        self.set_aside.append({"file": file, "offset": damage.offset, "url": damage.url, "reason": damage.reason})

    def pages_of(self, file: BinaryIO, name: str) -> Iterator[ReceivedPage]:
        """The pages of one WARC file."""
        for record in read_records(file):
            if isinstance(record, Damage):
                self.put_aside(name, record)
                continue
            try:
                page = open_page(record, name, self.kept)
            except NoCapture as error:
                self.put_aside(name, Damage(offset=record.offset, reason=str(error), url=record.url))
                continue
            if page is None:
                self.counts["other"] += 1
                continue
            self.counts["unproven"] += not record.has_digest
            yield page

    def take_all(self, pages: Iterator[ReceivedPage]) -> None:
        """Take pages in, a group in one transaction."""
        fields = {"received-file": self.original.name, "received-sha256": self.original.sha256}
        self.archive.append([WarcInfo(at=self.run.started, fields=fields, filename="captures.warc.gz")])
        group, size = list[_Numbered](), 0
        for page in pages:
            group.append(self._number(page))
            size += len(page.document or b"")
            if len(group) >= _GROUP or size >= _GROUP_BYTES:
                self._take(group)
                group, size = [], 0
        self._take(group)

    def _number(self, page: ReceivedPage) -> _Numbered:
        capture = self.new_id()
        if page.digest is not None and isinstance(page.record, (Exchange, Resource)):
            body = page.record.body if isinstance(page.record, Resource) else page.record.response.body
            payload = hashlib.sha256(body).hexdigest()
            kept = Kept(capture=capture, url=page.url, at=page.at, payload_sha256=payload)
            self.kept.setdefault(page.digest, kept)
        return _Numbered(capture, page)

    def _take(self, group: Sequence[_Numbered]) -> None:
        new = self._leave_out_known(group)
        if new:
            stored = self.archive.append([one.page.record for one in new])
            self.archive.sync()
            arrivals = self._leave_to_own_pages(
                [self._arrival(one, place) for one, place in zip(new, stored, strict=True)]
            )
            late = self._find_late(arrivals)
            current = [evolve(one, listing=None) if one.capture.id in late else one for one in arrivals]
            actor = f"who made {self.original.name} (sha256:{self.original.sha256})"
            committed = {self.archive_name: self.archive.size(), self.original.kept: self.original.size}
            self.intake += Intake(self.database, actor).take(current, committed=committed)
            self._tell_custody(new, arrivals, late)
            self.counts["pages"] += len(new)
        self.progress(self.counts["pages"] + self.counts["known"] + self.counts["other"])

    @property
    def archive_name(self) -> str:
        """The vault file with the pages' records."""
        return f"{RECEIVED}/{self.run.id}/captures.warc.gz"

    def _leave_out_known(self, group: Sequence[_Numbered]) -> list[_Numbered]:
        """Those that were not received before: the same address at the same moment is the same page."""
        query = sa.select(captures.c.id, captures.c.url, captures.c.at).where(
            captures.c.site == self.site,
            captures.c.method == CaptureMethod.RECEIVED.value,
            captures.c.url.in_({one.page.url for one in group}),
        )
        with self.database.read() as connection:
            known = {(row.url, row.at): row.id for row in connection.execute(query)}
        new = []
        for one in group:
            before = known.setdefault((one.page.url, one.page.at), one.capture)
            if before == one.capture:
                new.append(one)
            else:
                self.counts["known"] += 1
                self.same[one.capture] = before
        return sorted(new, key=lambda one: one.page.at)

    def _arrival(self, one: _Numbered, stored: StoredBytes) -> Arrival:
        page = one.page
        found = page.read(self.read)
        listing = found.listing if found.kind is PageKind.DETAIL else None
        if listing is not None and not listing.title:
            listing = None
        if listing is not None and not listing.id:
            listing = evolve(listing, id=page.url)
        capture = Capture(
            id=one.capture,
            site=self.site,
            run=self.run.id,
            url=page.url,
            method=CaptureMethod.RECEIVED,
            at=page.at,
            http_status=page.http_status,
            content_type=page.content_type,
            stored=stored,
            kind=found.kind,
            revisit_of=None if page.revisit_of is None else self.same.get(page.revisit_of, page.revisit_of),
        )
        told = found.listings if listing is None else ()
        return Arrival(capture=capture, listing=listing, listings=told, seller=found.seller, seen=page.at)

    def _leave_to_own_pages(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Of what lists tell, keep what is known from nowhere else: a listing's own page tells more of it."""
        ids = {listing.id for one in arrivals for listing in one.listings}
        if not ids:
            return list(arrivals)
        query = sa.select(listings.c.native_id).where(listings.c.site == self.site, listings.c.native_id.in_(ids))
        with self.database.read() as connection:
            known = {*connection.scalars(query), *(one.listing.id for one in arrivals if one.listing is not None)}
        return [evolve(one, listings=tuple(told for told in one.listings if told.id not in known)) for one in arrivals]

    def _find_late(self, arrivals: Sequence[Arrival]) -> dict[str, int]:
        """Captures (with their listing's row) that show a listing as it stood before it was last seen.

        They are evidence of it and no version: what is newest stays what the listing says now.
        """
        ids = {one.listing.id for one in arrivals if one.listing is not None}
        query = sa.select(listings.c.native_id, listings.c.id, listings.c.last_seen).where(
            listings.c.site == self.site, listings.c.native_id.in_(ids)
        )
        with self.database.read() as connection:
            seen = {row.native_id: (row.id, row.last_seen) for row in connection.execute(query)}
        late = {}
        for one in arrivals:
            if one.listing is None:
                continue
            row, last = seen.get(one.listing.id, (None, None))
            if last is None or one.capture.at >= last:
                seen[one.listing.id] = (row, one.capture.at)
            elif row is not None:
                late[one.capture.id] = row
        return late

    def _tell_custody(self, new: Sequence[_Numbered], arrivals: Sequence[Arrival], late: dict[str, int]) -> None:
        events = []
        for one, arrival in zip(new, arrivals, strict=True):
            subjects = [f"{self.site}/{native_id}" for native_id in arrival.about] or [f"run:{self.run.id}"]
            detail = {
                "capture": one.capture,
                "url": one.page.url,
                "file": one.page.place.file,
                "offset": one.page.place.offset,
                "record": one.page.place.record_id,
                "sha256": self.original.sha256,
                "kept": self.original.kept,
            }
            events += [
                CustodyEvent(at=self.now(), actor=self.actor, action="receive", subject=one_of_them, detail=detail)
                for one_of_them in subjects
            ]
        with self.database.write() as connection:
            for capture, row in late.items():
                connection.execute(sa.update(captures).where(captures.c.id == capture).values(listing=row))
            append_custody(connection, events)


@frozen
class _Numbered:
    capture: str
    page: ReceivedPage
