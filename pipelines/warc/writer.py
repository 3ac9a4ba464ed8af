"""Appends to a vault file, and puts aside what a crash left after the last committed byte."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from pipelines.errors import DiskTrouble
from pipelines.models import StoredBytes
from pipelines.warc.encoding import encode_record
from pipelines.warc.reader import DamagedArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from types import TracebackType
    from uuid import UUID

    from pipelines.warc.records import Record

_CHUNK = 1 << 20


class WarcFile:
    """One `.warc.gz` file open for appending. One writer at a time: the caller sees to that.

    `root` is what `StoredBytes.file` is relative to (default: the file's own folder). The folder of
    `path` must exist. Nothing is durable before `sync`.
    """

    def __init__(self, path: Path, *, root: Path | None = None, new_id: Callable[[], UUID] = uuid4) -> None:
        self._path = path
        self._name = path.relative_to(root if root is not None else path.parent).as_posix()
        self._new_id = new_id
        fresh = not path.exists()
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise DiskTrouble(f"{path} cannot be written: {error.strerror}") from error
        self._size = os.fstat(self._descriptor).st_size
        if fresh:
            sync_folder(path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, records: Iterable[Record]) -> list[StoredBytes]:
        """Write the records in one go; one StoredBytes each, in their order.

        An exchange's StoredBytes spans its response and, right behind it, its request; its payload is the
        response's body. Raises DiskTrouble where not all could be written; then the file is as it was.
        """
        members: list[bytes] = []
        stored: list[StoredBytes] = []
        end = self._size
        for record in records:
            parts, payload = encode_record(record, self._new_id)
            length = sum(map(len, parts))
            stored.append(StoredBytes(file=self._name, offset=end, length=length, payload_sha256=payload))
            members += parts
            end += length
        self._write(b"".join(members))
        return stored

    def size(self) -> int:
        """Return the bytes in the file, synced or not: what to commit as the end after `sync`."""
        return self._size

    def sync(self) -> None:
        """Return once everything appended is on the disk."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise DiskTrouble(f"{self._path} could not be synced: {error.strerror}") from error

    def truncate_tail(self, offset: int) -> Path | None:
        """Move the bytes from `offset` on to a `.tail` file beside this one.

        Returns its path, or None where there were none. An earlier tail is never overwritten: the next is
        `.tail.2`, and so on.

        Raises DamagedArchiveError where the file is shorter than `offset`: committed bytes are missing.
        """
        if self._size < offset:
            raise DamagedArchiveError(
                f"{self._path} has {self._size} bytes, but {offset} were committed",
                hint="restore the file from a copy; nothing was changed",
            )
        if self._size == offset:
            return None
        tail = self._free_tail()
        try:
            self._copy_from(offset, tail)
            os.ftruncate(self._descriptor, offset)
            os.fsync(self._descriptor)
        except OSError as error:
            raise DiskTrouble(f"the tail of {self._path} could not be set aside: {error.strerror}") from error
        self._size = offset
        return tail

    def close(self) -> None:
        """Close the file; a second call does nothing. Does not sync."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            # Nothing half-written may stay before the next record.
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            raise DiskTrouble(f"{self._path} could not be written: {error.strerror}") from error
        self._size += len(data)

    def _free_tail(self) -> Path:
        tail = self._path.with_name(f"{self._path.name}.tail")
        number = 2
        while tail.exists():
            tail = self._path.with_name(f"{self._path.name}.tail.{number}")
            number += 1
        return tail

    def _copy_from(self, offset: int, tail: Path) -> None:
        with tail.open("xb") as out:
            while data := os.pread(self._descriptor, _CHUNK, offset):
                out.write(data)
                offset += len(data)
            out.flush()
            os.fsync(out.fileno())
        sync_folder(tail.parent)


def sync_folder(folder: Path) -> None:
    """Make a new name in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
