"""Puts a token that came later into a packet: every other byte of it stays as it was."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipelines.errors import BadInput, DiskTrouble
from pipelines.packet.archive import Source, StoredZip
from pipelines.packet.checks.archive import Member, Window, read_directory
from pipelines.packet.checks.bag import HASH_CHUNK
from pipelines.packet.checks.layout import AUTHORITY, SIGNATURE, STAMP, CheckError
from pipelines.warc.writer import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO


def read_signature(path: Path) -> bytes:
    """Return what a time authority stamps of a packet. Raises BadInput where it is none or names no authority."""
    with _opened(path) as file:
        members = _members(file, path)
        if SIGNATURE not in members or AUTHORITY not in members:
            raise BadInput(f"{path} names no time authority", hint="set [timestamps] and make the packet again")
        return Window(file, members[SIGNATURE].offset, members[SIGNATURE].size).read()


def add_stamp(path: Path, token: bytes) -> None:
    """Write the packet anew with `token` in it, in place once it is durable; a packet that has one stays as it is.

    Raises BadInput where it is no packet, DiskTrouble where it cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with _opened(path) as file:
        members = _members(file, path)
        if STAMP in members:
            return
        sources = {name: _source(file, member) for name, member in members.items()} | {STAMP: Source.of(token)}
        try:
            with part.open("wb+") as out:
                archive = StoredZip(out)
                for name in sorted(sources):
                    archive.add(name, sources[name])
                archive.close()
                os.fsync(out.fileno())
            part.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            raise DiskTrouble(f"{path} could not be written: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)


def _source(file: BinaryIO, member: Member) -> Source:
    def chunks() -> Iterator[bytes]:
        window = Window(file, member.offset, member.size)
        while data := window.read(HASH_CHUNK):
            yield data

    return Source(size=member.size, chunks=chunks)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def _members(file: BinaryIO, path: Path) -> dict[str, Member]:
    try:
        return {member.name: member for member in read_directory(file, file.seek(0, os.SEEK_END))}
    except CheckError as error:
        raise BadInput(f"{path} is no packet: {error}") from error
