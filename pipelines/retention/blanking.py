"""Bytes of the vault overwritten where they lie, by something of the same length that says so.

Every other record keeps its place, the file stays readable to its end, and `gzip -t` still passes: in a WARC file a
metadata record takes the place, filled up by the comment that a gzip member may carry (RFC 1952, 2.3.1); in a feed's
file an empty JSON object and spaces do.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pipelines.errors import DiskTrouble
from pipelines.store.tables import blanks
from pipelines.vault.objects import fetch
from pipelines.vault.shipping import renew
from pipelines.warc.encoding import encode_date

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from pipelines.store.database import Database

_COMMENT = 0x10  # the flag of a gzip header with a comment
_CHUNK = 1 << 20
_WORDS = b"deleted\n"

SHORTEST = 220
"""Bytes that a record has room in; none that we write is shorter."""


def blank_waiting(database: Database, vault: Path, new_id: Callable[[], UUID]) -> int:
    """Overwrite every range that waits for it, and strike it off; how many there were.

    A crash between the two overwrites a range twice, which changes nothing that anyone reads. A file that was shipped
    takes its object's place. Raises `DiskTrouble`, and `PartMissing` where the object storage does not answer: then
    the ranges go on waiting.
    """
    with database.read() as connection:
        waiting = connection.execute(sa.select(blanks).order_by(blanks.c.file, blanks.c.offset)).all()
    for file in sorted({row.file for row in waiting}):
        rows = [row for row in waiting if row.file == file]
        if not (vault / file).exists():
            fetch(vault, file)
        _blank(vault / file, [(row.offset, row.length, row.at) for row in rows], new_id)
        renew(database, vault, file, now=max(row.at for row in rows))
        with database.write() as connection:
            connection.execute(sa.delete(blanks).where(blanks.c.id.in_([row.id for row in rows])))
    return len(waiting)


def _blank(path: Path, ranges: list[tuple[int, int, datetime]], new_id: Callable[[], UUID]) -> None:
    try:
        with path.open("r+b") as file:
            for offset, length, at in ranges:
                file.seek(offset)
                head = file.read(2)
                file.seek(offset)
                if head == b"\x1f\x8b" and length >= SHORTEST:
                    file.write(blank_record(length, at, new_id()))
                else:
                    _fill_line(file.write, length)
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return  # nothing is left of it that could be overwritten
    except OSError as error:
        raise DiskTrouble(f"{path} could not be overwritten: {error.strerror}") from error


def blank_record(length: int, at: datetime, record_id: UUID) -> bytes:
    """One gzip member of `length` bytes: a WARC metadata record that says that what was here was deleted, and when.

    Raises ValueError where `length` is too short for one; no record that we write is.
    """
    lines = (
        "WARC/1.1",
        "WARC-Type: metadata",
        f"WARC-Record-ID: <urn:uuid:{record_id}>",
        f"WARC-Date: {encode_date(at)}",
        "Content-Type: text/plain",
        f"Content-Length: {len(_WORDS)}",
        "",
        "",
    )
    body = "\r\n".join(lines).encode() + _WORDS + b"\r\n\r\n"
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(body) + packer.flush()
    ending = zlib.crc32(body).to_bytes(4, "little") + len(body).to_bytes(4, "little")
    room = length - 10 - 1 - len(packed) - len(ending)  # the header's ten bytes, and the comment's zero
    if room < 0:
        raise ValueError(f"{length} bytes are too few for a record")
    head = bytes((0x1F, 0x8B, 8, _COMMENT, 0, 0, 0, 0, 2, 255))
    return head + b" " * room + b"\0" + packed + ending


def _fill_line(write: Callable[[bytes], int], length: int) -> None:
    write(b"{}"[:length])
    for start in range(2, length, _CHUNK):
        write(b" " * min(_CHUNK, length - start))
