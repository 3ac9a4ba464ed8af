"""Writes ZIP files of the one form that `checks.archive` accepts, forwards, in the order of their names."""

from __future__ import annotations

import hashlib
import os
import zlib
from typing import TYPE_CHECKING, BinaryIO

from attrs import Factory, define, frozen

from pipelines.errors import BadInput
from pipelines.packet.checks.archive import (
    MOST_ARCHIVE_BYTES,
    MOST_MEMBERS,
    central_header,
    end_of_directory,
    local_header,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@frozen(kw_only=True)
class Source:
    """Content to come: `size` bytes, given by `chunks()` each time anew."""

    size: int
    chunks: Callable[[], Iterable[bytes]]

    @classmethod
    def of(cls, data: bytes) -> Source:
        """Return bytes as a source."""
        return cls(size=len(data), chunks=lambda: (data,))


@define
class StoredZip:
    """A ZIP being written to a seekable file; `hashes` are SHA-256 (hex) by name."""

    out: BinaryIO
    hashes: dict[str, str] = Factory(dict)
    _directory: list[bytes] = Factory(list)

    def add(self, name: str, source: Source) -> None:
        """Write one member; names must come sorted."""
        place = self.out.tell()
        encoded = name.encode("ascii")
        header = local_header(encoded, 0, source.size)
        self.out.write(header)
        sha256 = hashlib.sha256()
        crc = size = 0
        for chunk in source.chunks():
            self.out.write(chunk)
            sha256.update(chunk)
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
        if size != source.size:
            raise RuntimeError(f"{name} changed while it was packed")
        self.out.seek(place)
        self.out.write(local_header(encoded, crc, size))
        self.out.seek(0, os.SEEK_END)
        self.hashes[name] = sha256.hexdigest()
        self._directory.append(central_header(encoded, crc, size, place))

    def close(self) -> int:
        """Write the directory; returns the archive's size in bytes."""
        start = self.out.tell()
        directory = b"".join(self._directory)
        self.out.write(directory + end_of_directory(len(self._directory), len(directory), start))
        return self.out.tell()


def plan_zip(members: dict[str, tuple[Source, int]]) -> Source:
    """Return a whole archive as a source, from sources whose CRC-32 is known beforehand."""
    offset = 0
    headers: dict[str, bytes] = {}
    directory = b""
    for name in sorted(members):
        source, crc = members[name]
        encoded = name.encode("ascii")
        headers[name] = local_header(encoded, crc, source.size)
        directory += central_header(encoded, crc, source.size, offset)
        offset += len(headers[name]) + source.size
    tail = directory + end_of_directory(len(members), len(directory), offset)

    def chunks() -> Iterator[bytes]:
        for name, header in headers.items():
            source, crc = members[name]
            yield header
            seen = 0
            for chunk in source.chunks():
                seen = zlib.crc32(chunk, seen)
                yield chunk
            if seen != crc:
                raise RuntimeError(f"{name} changed while it was packed")
        yield tail

    return Source(size=offset + len(tail), chunks=chunks)


def require_room(size: int, count: int) -> None:
    """Raise BadInput where a packet would need ZIP's extensions, which not every reader has."""
    if size >= MOST_ARCHIVE_BYTES - (1 << 20) or count >= MOST_MEMBERS:
        raise BadInput(
            f"the packet would have {size} bytes in {count} members; at most 4 GiB and {MOST_MEMBERS} are written",
            hint="divide the matter into several packets",
        )
