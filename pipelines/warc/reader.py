"""Reads what the vault holds, and says so where it is not what was written."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from pipelines.errors import TracemarkError
from pipelines.warc.members import MemberError, ScannedRecord, scan_members

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.models import StoredBytes


class DamagedArchiveError(TracemarkError):
    """Bytes of the vault are missing or are not those that were stored."""


class ReadRecord(NamedTuple):
    """A record as `(headers, http_headers, body)`.

    `headers` are the WARC fields, names in lower case. `http_headers` are the HTTP fields in their order,
    None for a record without an HTTP message; `status_line` is the HTTP start line. `body` is the
    payload as stored (a revisit has none: look up what it refers to).
    """

    headers: dict[str, str]
    http_headers: tuple[tuple[bytes, bytes], ...] | None
    body: bytes
    status_line: bytes | None = None

    @property
    def kind(self) -> str:
        """The WARC-Type: response, revisit, resource, metadata, warcinfo or request."""
        return self.headers.get("warc-type", "")


def read_record(root: Path, stored: StoredBytes) -> ReadRecord:
    """Return the record that `stored` points to (for an exchange the response), its digests checked.

    Raises DamagedArchiveError where the file is missing or short, where a record is not whole, or where a
    digest differs from the record's own or from `stored.payload_sha256`.
    """
    return _parse(read_members(root, stored), stored)


def read_payload(members: bytes, stored: StoredBytes) -> bytes:
    """Return the body in raw gzip `members` that were read already, checked like `read_record` does."""
    return _parse(members, stored).body


def read_members(root: Path, stored: StoredBytes) -> bytes:
    """Return the raw gzip members that `stored` points to, unread; DamagedArchiveError where they are not there.

    A file that was shipped to an object storage and removed here is brought back first; PartMissing where it cannot be.
    """
    base = root.resolve()
    path = (base / stored.file).resolve()
    if not path.is_relative_to(base):
        raise DamagedArchiveError(f"{stored.file} lies outside the vault")
    if not path.exists():
        from pipelines.vault.objects import fetch  # noqa: PLC0415 -- only where a vault has sent files away

        fetch(base, stored.file)
    try:
        with path.open("rb") as file:
            file.seek(stored.offset)
            data = file.read(stored.length)
    except OSError as error:
        raise DamagedArchiveError(f"{stored.file} cannot be read: {error.strerror}") from error
    if len(data) != stored.length or not data:
        raise DamagedArchiveError(f"{stored.file} ends before byte {stored.offset + stored.length}")
    return data


def _parse(members: bytes, stored: StoredBytes) -> ReadRecord:
    where = f"{stored.file} at byte {stored.offset}"
    try:
        records = list(scan_members(BytesIO(members), keep_payload=True))
    except MemberError as error:
        raise DamagedArchiveError(f"{where}: {error.reason}") from error
    first = records[0]
    for record in records:
        require_own_digests(record, where)
    declared = first.headers.get("warc-payload-digest", f"sha256:{first.payload_sha256}")
    if declared != f"sha256:{stored.payload_sha256}":
        raise DamagedArchiveError(f"{where}: the payload is not the one that was stored")
    return ReadRecord(first.headers, first.http_headers, first.payload or b"", first.http_start)


def iterate(path: Path, *, keep_payload: bool = False) -> Iterator[ScannedRecord]:
    """Yield every record of a file, with its place and its digests checked, to the file's very end.

    Raises DamagedArchiveError at the first that is not whole (also a last member cut short) or whose digest
    differs. Memory stays flat unless `keep_payload` asks for the bodies.
    """
    try:
        with path.open("rb") as file:
            for record in scan_members(file, keep_payload=keep_payload):
                require_own_digests(record, f"{path.name} at byte {record.offset}")
                yield record
    except MemberError as error:
        raise DamagedArchiveError(f"{path.name} {error}") from error
    except OSError as error:
        raise DamagedArchiveError(f"{path} cannot be read: {error.strerror}") from error


def require_own_digests(record: ScannedRecord, where: str) -> None:
    """Raise DamagedArchiveError where a record's bytes are not those its own header names."""
    block = record.headers.get("warc-block-digest")
    if block is not None and block != f"sha256:{record.block_sha256}":
        raise DamagedArchiveError(f"{where}: the block digest differs")
    payload = record.headers.get("warc-payload-digest")
    if payload is not None and record.kind != "revisit" and payload != f"sha256:{record.payload_sha256}":
        raise DamagedArchiveError(f"{where}: the payload digest differs")
