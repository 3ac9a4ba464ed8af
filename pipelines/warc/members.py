"""Reads WARC records that are each their own gzip member, and trusts nothing it reads.

Standard library only: this very text is also part of the verifier that travels inside a packet.
Unlike `warcio check`, a file that stops inside a member, a member that holds more or less than one
record, and bytes between members are errors.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 16
MOST_HEADER_BYTES = 1 << 20
MOST_RECORD_BYTES = 1 << 31  # no page or picture comes near; a bomb ends here
FREE_BYTES = 1 << 26  # below 64 MiB any ratio is honest: a long page of equal rows packs 500 : 1
MOST_RATIO = 200
RECORD_END = b"\r\n\r\n"


class Readable(Protocol):
    """Whatever gives bytes in their order; fewer than asked for only at the end."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""


class MemberError(ValueError):
    """A gzip member or the record in it is not whole; `offset` is the member's first byte in the file."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(f"at byte {offset}: {reason}")
        self.offset = offset
        self.reason = reason


@dataclass(frozen=True)
class ScannedRecord:
    """One record: `offset` and `length` in bytes of its member in the file, digests as lower-case hex.

    `http_start` and `http_headers` are None where the block is not an HTTP message. `payload` holds the
    body where the scan was asked to keep it.
    """

    offset: int
    length: int
    headers: dict[str, str]  # names in lower case
    block_sha256: str
    payload_sha256: str
    payload_length: int
    http_start: bytes | None = None
    http_headers: tuple[tuple[bytes, bytes], ...] | None = None
    payload: bytes | None = None

    @property
    def kind(self) -> str:
        """The record's WARC-Type."""
        return self.headers.get("warc-type", "")


def scan_members(stream: Readable, *, keep_payload: bool = False) -> Iterator[ScannedRecord]:
    """Yield every record from the stream's position to its end; memory is one chunk unless payloads are kept.

    Raises MemberError at the first record that is not whole.
    """
    offset = 0
    left = stream.read(CHUNK)
    while left:
        record, left = _scan_one(stream, left, offset, keep_payload=keep_payload)
        yield record
        offset += record.length


def _scan_one(stream: Readable, first: bytes, offset: int, *, keep_payload: bool) -> tuple[ScannedRecord, bytes]:
    inflater = zlib.decompressobj(31)
    block = _Block(offset, keep_payload=keep_payload)
    fed = inflated = 0
    data = first
    while not inflater.eof:
        if not data:
            data = stream.read(CHUNK)
            fed_all = not data
            if fed_all:
                raise MemberError(offset, "the file ends inside a gzip member")
        try:
            out = inflater.decompress(data, CHUNK * 16)
        except zlib.error as error:
            raise MemberError(offset, f"not a gzip member: {error}") from error
        rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        fed += len(data) - len(rest)
        inflated += len(out)
        if inflated > MOST_RECORD_BYTES or (inflated > FREE_BYTES and inflated > fed * MOST_RATIO):
            raise MemberError(offset, "inflates beyond what an honest record does")
        block.feed(out)
        data = rest
    return block.finish(fed), data or stream.read(CHUNK)


@dataclass
class _Block:
    """Takes a record's bytes as they come and tells header, HTTP head and payload apart."""

    offset: int
    keep_payload: bool
    headers: dict[str, str] | None = None
    http: tuple[bytes, tuple[tuple[bytes, bytes], ...]] | None = None
    is_http: bool = False
    head: bytearray = field(default_factory=bytearray)
    kept: bytearray = field(default_factory=bytearray)
    left: int = 0
    payload_length: int = 0

    def __post_init__(self) -> None:
        self.block_digest = hashlib.sha256()
        self.payload_digest = hashlib.sha256()
        self.end = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the record."""
        if self.headers is None:
            self.head += data
            end = self.head.find(RECORD_END)
            if end < 0:
                self._bound_head("WARC header")
                return
            self._open(parse_warc_head(bytes(self.head[:end]), self.offset))
            data = bytes(self.head[end + 4 :])
            self.head.clear()
        inside, after = data[: self.left], data[self.left :]
        self.left -= len(inside)
        self.end += after
        if len(self.end) > len(RECORD_END):
            raise MemberError(self.offset, "bytes follow the record inside its member")
        if inside:
            self.block_digest.update(inside)
            self._feed_block(inside)

    def finish(self, length: int) -> ScannedRecord:
        """Return the record, once its member has ended; `length` is what the member takes in the file."""
        if self.headers is None:
            raise MemberError(self.offset, "the member holds no WARC header")
        if self.left or bytes(self.end) != RECORD_END:
            raise MemberError(self.offset, "the record is shorter or longer than it says")
        if self.is_http and self.http is None:
            raise MemberError(self.offset, "the HTTP header does not end")
        start, headers = self.http or (None, None)
        return ScannedRecord(
            offset=self.offset,
            length=length,
            headers=self.headers,
            block_sha256=self.block_digest.hexdigest(),
            payload_sha256=self.payload_digest.hexdigest(),
            payload_length=self.payload_length,
            http_start=start,
            http_headers=headers,
            payload=bytes(self.kept) if self.keep_payload else None,
        )

    def _open(self, headers: dict[str, str]) -> None:
        size = headers.get("content-length", "")
        if not (size.isascii() and size.isdigit() and len(size) < 16):
            raise MemberError(self.offset, "the record has no Content-Length")
        self.headers = headers
        self.left = int(size)
        self.is_http = headers.get("content-type", "").startswith("application/http")

    def _feed_block(self, data: bytes) -> None:
        if self.is_http and self.http is None:
            self.head += data
            end = self.head.find(RECORD_END)
            if end < 0:
                self._bound_head("HTTP header")
                return
            self.http = parse_http_head(bytes(self.head[:end]))
            data = bytes(self.head[end + 4 :])
            self.head.clear()
        self.payload_digest.update(data)
        self.payload_length += len(data)
        if self.keep_payload:
            self.kept += data

    def _bound_head(self, what: str) -> None:
        if len(self.head) > MOST_HEADER_BYTES:
            raise MemberError(self.offset, f"the {what} is longer than {MOST_HEADER_BYTES} bytes")


def parse_warc_head(head: bytes, offset: int) -> dict[str, str]:
    """Return the named fields of a WARC header, names in lower case; MemberError where it is none."""
    try:
        lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError as error:
        raise MemberError(offset, "the WARC header is not UTF-8") from error
    if lines[0] not in {"WARC/1.0", "WARC/1.1"}:
        raise MemberError(offset, "no WARC version line")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or name.lower() in headers:
            raise MemberError(offset, f"a WARC field is malformed or stands twice: {name[:40]!r}")
        headers[name.lower()] = value.strip()
    return headers


def parse_http_head(head: bytes) -> tuple[bytes, tuple[tuple[bytes, bytes], ...]]:
    """Return start line and header fields, in their order, as bytes."""
    start, *lines = head.split(b"\r\n")
    pairs = (line.partition(b":") for line in lines)
    return start, tuple((name.strip(b" \t"), value.strip(b" \t")) for name, _, value in pairs)
