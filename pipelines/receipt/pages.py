"""What becomes a capture: received records and saved pages, each with the record that the vault will hold of it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.models import ExtractedPage, PageKind
from pipelines.receipt.bodies import UnreadableBody, undo_codings
from pipelines.warc.records import Exchange, HttpMessage, Resource, Revisit

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.receipt.reading import PageReader
    from pipelines.receipt.records import ReceivedRecord
    from pipelines.warc.records import Record

_SAVED_FROM = re.compile(rb"<!--\s*saved from url=\(\d+\)(https?://[^\s<>\"]+)", re.IGNORECASE)
_SINGLE_FILE = re.compile(rb"<!--\s*Page saved with SingleFile\s+url:\s*(https?://[^\s<>\"]+)", re.IGNORECASE)
_HTML = ("text/html", "application/xhtml+xml")
_HEAD = 8192


class NoCapture(ValueError):
    """A record that should be a capture and cannot be one."""


@frozen(kw_only=True)
class Place:
    """Where a page lay in what was received: the file (in a WACZ with its member), a byte, the WARC-Record-ID."""

    file: str
    offset: int = 0
    record_id: str | None = None


@frozen(kw_only=True)
class ReceivedPage:
    """One page and where it lay.

    `digest` is the payload digest as its record states it (what revisits name); `document` is what can be read of it.
    """

    url: str
    at: datetime
    http_status: int | None
    content_type: str | None
    record: Record
    place: Place
    digest: str | None = None
    document: bytes | None = None
    revisit_of: str | None = None

    def read(self, reader: PageReader) -> ExtractedPage:
        """What the page holds: nothing where it is an error, a picture or a repetition."""
        if self.document is None:
            return ExtractedPage(kind=PageKind.OTHER, reason="nothing that can be read")
        return reader(self.document, url=self.url, content_type=self.content_type, at=self.at)


@frozen(kw_only=True)
class Kept:
    """A page's record in the vault, as later revisits in the same file need it."""

    capture: str
    url: str
    at: datetime
    payload_sha256: str


def open_page(record: ReceivedRecord, file: str, kept: dict[str, Kept]) -> ReceivedPage | None:
    """The page in a record, None where it is none (a request, a note on the file, an address that is not the web's).

    Raises `NoCapture` where it would be one, and says too little, or repeats what is not in the file.
    """
    if record.kind not in ("response", "resource", "revisit") or not record.url.startswith(("http://", "https://")):
        return None
    try:
        at = record.at
    except ValueError as error:
        raise NoCapture("it says no date") from error
    place = Place(file=file, offset=record.offset, record_id=record.headers.get("warc-record-id"))
    digest = record.headers.get("warc-payload-digest")
    if record.http is None:
        if record.kind == "revisit":
            raise NoCapture("it repeats a page without an HTTP header of its own")
        kind = record.headers.get("content-type") or "application/octet-stream"
        return ReceivedPage(
            url=record.url, at=at, http_status=None, content_type=kind, digest=digest, place=place,
            record=Resource(url=record.url, at=at, content_type=kind, body=record.block),
            document=record.block if kind.startswith(_HTML) else None,
        )  # fmt: skip
    return _open_response(record, at, kept, place)


def _open_response(record: ReceivedRecord, at: datetime, kept: dict[str, Kept], place: Place) -> ReceivedPage:
    if record.http is None:
        raise NoCapture("it has no HTTP message")
    start, headers, payload = record.http
    status = start.split(b" ")[1:2]
    if not status or not status[0].isdigit():
        raise NoCapture("it has no HTTP status")
    content_type = next((value.decode("latin-1") for name, value in headers if name.lower() == b"content-type"), None)
    digest, ip = record.headers.get("warc-payload-digest"), record.headers.get("warc-ip-address")
    message = HttpMessage(start_line=start, headers=headers, body=payload)
    whole: Record = Exchange(url=record.url, at=at, response=message, ip=ip)
    repeats = None
    if record.kind == "revisit":
        repeats = kept.get(digest or "")
        if repeats is None:
            raise NoCapture("it repeats a page that is not in the file")
        whole = Revisit(
            url=record.url, at=at, response=message, ip=ip, payload_sha256=repeats.payload_sha256,
            refers_to_url=repeats.url, refers_to_at=repeats.at,
        )  # fmt: skip
    readable = repeats is None and int(status[0]) < 400 and (content_type or "").lower().startswith(_HTML)
    return ReceivedPage(
        url=record.url,
        at=at,
        http_status=int(status[0]),
        content_type=content_type,
        digest=digest,
        record=whole,
        document=_undo(payload, headers) if readable else None,
        revisit_of=None if repeats is None else repeats.capture,
        place=place,
    )  # fmt: skip


def _undo(payload: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> bytes | None:
    try:
        return undo_codings(payload, headers)
    except UnreadableBody:
        return None  # kept as it is: what it held can be read by someone who has the coding


def open_saved_page(body: bytes, *, url: str | None, at: datetime, file: str) -> ReceivedPage:
    """A page that was saved as a file: its address as given, or as the browser that saved it noted it."""
    found = _SAVED_FROM.search(body[:_HEAD]) or _SINGLE_FILE.search(body[:_HEAD])
    address = url or (found[1].decode("ascii", "replace") if found else None)
    name = address or f"urn:sha256:{hashlib.sha256(body).hexdigest()}"
    return ReceivedPage(
        url=name, at=at, http_status=None, content_type="text/html", place=Place(file=file), document=body,
        record=Resource(url=name, at=at, content_type="text/html", body=body),
    )  # fmt: skip
