"""Records of WARC files that others made: plain, compressed record by record, or compressed as a whole.

A record whose digest differs, or that is not whole, is told as damaged, and reading goes on at the next one.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from pipelines.receipt.bodies import undo_chunks
from pipelines.receipt.digests import UnreadableDigest, matches
from pipelines.warc.members import (
    FREE_BYTES,
    MOST_HEADER_BYTES,
    MOST_RATIO,
    RECORD_END,
    MemberError,
    parse_http_head,
    parse_warc_head,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

MOST_BLOCK = 1 << 26
"""Bytes of a record that is taken in as a capture; a larger one stays in the file that was received."""

_CHUNK = 1 << 16
_GZIP = b"\x1f\x8b\x08"
_MAGIC = b"WARC/1."


@frozen(kw_only=True)
class Damage:
    """A record that was set aside: `offset` is where its bytes, or their gzip member, begin in the file."""

    offset: int
    reason: str
    url: str | None = None


@frozen(kw_only=True)
class ReceivedRecord:
    """A whole record whose digests, where it states any, are those of its bytes."""

    offset: int
    headers: dict[str, str]  # names in lower case
    block: bytes
    http: tuple[bytes, tuple[tuple[bytes, bytes], ...], bytes] | None  # start line, headers, payload as kept

    @property
    def kind(self) -> str:
        """The record's WARC-Type."""
        return self.headers.get("warc-type", "")

    @property
    def url(self) -> str:
        """The WARC-Target-URI; wget puts it into angle brackets."""
        return self.headers.get("warc-target-uri", "").removeprefix("<").removesuffix(">")

    @property
    def at(self) -> datetime:
        """The WARC-Date, in UTC. Raises ValueError where there is none that says a moment."""
        moment = datetime.fromisoformat(self.headers.get("warc-date", ""))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

    @property
    def payload(self) -> bytes:
        """The body of the HTTP message, or the block where it is none."""
        return self.block if self.http is None else self.http[2]

    @property
    def has_digest(self) -> bool:
        """Whether the record states a digest of its own bytes."""
        return bool({"warc-block-digest", "warc-payload-digest"} & self.headers.keys())


def read_records(file: BinaryIO) -> Iterator[ReceivedRecord | Damage]:
    """Every record of the file to its end, and every damage met on the way."""
    source = _Source(file)
    while True:
        try:
            record = source.read_record()
        except _Broken as broken:
            yield Damage(offset=source.offset, reason=str(broken), url=broken.url)
            if not broken.whole and not source.find_next():
                return
            continue
        if record is None:
            return
        yield record


class _Broken(Exception):
    """`whole`: the record's end is known, so that the next can be read."""

    def __init__(self, reason: str, *, whole: bool = False, url: str | None = None) -> None:
        super().__init__(reason)
        self.whole = whole
        self.url = url


@define
class _Source:
    """Bytes of the file, unpacked member by member; `offset` is where the record under way begins in the file."""

    file: BinaryIO
    offset: int = 0
    _at: int = 0  # in the file, of the next byte to unpack
    _raw: bytes = b""
    _buffer: bytearray = field(factory=bytearray)
    _inflater: zlib._Decompress | None = None
    _fed: int = 0
    _inflated: int = 0
    _plain: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.file.seek(0)
        self._plain = not self.file.read(2).startswith(_GZIP[:2])
        self.file.seek(0)

    def read_record(self) -> ReceivedRecord | None:
        """The next record, None at the end of the file."""
        if not self._skip_line_ends():
            return None
        head = self._read_head()
        try:
            headers = parse_warc_head(head, self.offset)
        except MemberError as error:
            raise _Broken(error.reason) from error
        length = headers.get("content-length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 16):
            raise _Broken("the record has no Content-Length")
        if int(length) > MOST_BLOCK:
            self._skip(int(length))
            reason = f"larger than {MOST_BLOCK} bytes: it stays in the file only"
            raise _Broken(reason, whole=True, url=headers.get("warc-target-uri"))
        block = self._take(int(length))
        if self._take(len(RECORD_END)) != RECORD_END:
            raise _Broken("the record is shorter or longer than it says", url=headers.get("warc-target-uri"))
        self._end_member()
        return _open_record(self.offset, headers, block)

    def _end_member(self) -> None:
        """Have the member's checksum looked at before its record counts as whole."""
        while self._inflater is not None and not self._buffer and self._inflate():
            pass

    def find_next(self) -> bool:
        """Go to the next record after damage; False where there is none."""
        start = self.offset + 1
        mark = _MAGIC if self._plain else _GZIP
        while (place := self._search(mark, start)) is not None:
            self._go_to(place)
            try:
                if self._fill(len(_MAGIC)) and self._buffer.startswith(_MAGIC):
                    return True
            except _Broken:
                pass
            start = place + 1
        return False

    def _go_to(self, place: int) -> None:
        self.file.seek(place)
        self._at, self._raw, self._inflater = place, b"", None
        self._buffer.clear()
        self.offset = place

    def _search(self, mark: bytes, start: int) -> int | None:
        self.file.seek(start)
        kept, base = b"", start
        while data := self.file.read(_CHUNK):
            window = kept + data
            if (found := window.find(mark)) >= 0:
                return base + found
            kept = window[-len(mark) + 1 :]
            base += len(window) - len(kept)
        return None

    def _skip_line_ends(self) -> bool:
        while True:
            if not self._fill(1):
                return False
            if self._plain:
                self.offset = self._at - len(self._buffer)
            if self._buffer[0] not in b"\r\n":
                return True
            del self._buffer[0]

    def _read_head(self) -> bytes:
        while (end := self._buffer.find(RECORD_END)) < 0:
            if len(self._buffer) > MOST_HEADER_BYTES:
                raise _Broken(f"the WARC header is longer than {MOST_HEADER_BYTES} bytes")
            if not self._fill(len(self._buffer) + 1):
                raise _Broken("the file ends inside a record")
        head = bytes(self._buffer[:end])
        del self._buffer[: end + len(RECORD_END)]
        return head

    def _take(self, length: int) -> bytes:
        if not self._fill(length):
            raise _Broken("the file ends inside a record")
        data = bytes(self._buffer[:length])
        del self._buffer[:length]
        return data

    def _skip(self, length: int) -> None:
        while length > 0:
            length -= len(self._take(min(length, _CHUNK)))

    def _fill(self, wanted: int) -> bool:
        """Have at least `wanted` bytes unpacked; False where the file ends before."""
        while len(self._buffer) < wanted:
            if self._plain:
                data = self.file.read(_CHUNK)
                self._at += len(data)
                if not data:
                    return False
                self._buffer += data
            elif not self._inflate():
                return False
        return True

    def _inflate(self) -> bool:
        if not self._raw:
            self._raw = self.file.read(_CHUNK)
        if not self._raw:
            if self._inflater is not None:
                self._inflater = None
                raise _Broken("the file ends inside a gzip member")
            return False
        if self._inflater is None:
            self._inflater, self._fed, self._inflated = zlib.decompressobj(31), 0, 0
            self.offset = self.offset if self._buffer else self._at
        try:
            out = self._inflater.decompress(self._raw, _CHUNK * 16)
        except zlib.error as error:
            raise _Broken(f"not a gzip member: {error}") from error
        rest = self._inflater.unused_data if self._inflater.eof else self._inflater.unconsumed_tail
        used = len(self._raw) - len(rest)
        self._at, self._raw, self._fed, self._inflated = (
            self._at + used,
            rest,
            self._fed + used,
            self._inflated + len(out),
        )
        if self._inflater.eof:
            self._inflater = None
        if self._inflated > FREE_BYTES and self._inflated > self._fed * MOST_RATIO:
            raise _Broken("inflates beyond what an honest record does")
        self._buffer += out
        return True


def _open_record(offset: int, headers: dict[str, str], block: bytes) -> ReceivedRecord:
    http = None
    if headers.get("content-type", "").replace(" ", "").startswith("application/http"):
        head, end, payload = block.partition(RECORD_END)
        if not end and headers.get("warc-type") == "response":
            raise _Broken("the HTTP header does not end", whole=True, url=headers.get("warc-target-uri"))
        http = (*parse_http_head(head), payload)
    record = ReceivedRecord(offset=offset, headers=headers, block=block, http=http)
    _require_digests(record)
    return record


def _require_digests(record: ReceivedRecord) -> None:
    block, payload = record.headers.get("warc-block-digest"), record.headers.get("warc-payload-digest")
    try:
        if block is not None and not matches(block, record.block):
            raise _Broken("the block digest differs", whole=True, url=record.url)
        if payload is None or record.kind == "revisit" or matches(payload, record.payload):
            return
        # Some tools reckon the digest of a chunked body over what the chunks hold.
        whole = undo_chunks(record.payload)
        if whole is None or not matches(payload, whole):
            raise _Broken("the payload digest differs", whole=True, url=record.url)
    except UnreadableDigest as error:
        raise _Broken(str(error), whole=True, url=record.url) from error
