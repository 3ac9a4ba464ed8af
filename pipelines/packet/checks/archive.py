"""Reads a ZIP of the one form that packets have, and refuses any byte that form does not explain.

Stored members, sorted names, fixed times, no extra field, no comment: so nothing hides between, before or
behind the members, and nothing inflates.
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.packet.checks.layout import CheckError, show

if TYPE_CHECKING:
    from typing import BinaryIO

LOCAL_SIGNATURE = b"PK\x03\x04"
LOCAL = struct.Struct("<4s5H3I2H")
CENTRAL = struct.Struct("<4s6H3I5H2I")
END = struct.Struct("<4s4H2IH")
MADE_BY = 0x0314  # Unix, version 2.0
NEEDED = 20
DOS_DATE = 0x0021  # 1980-01-01, the earliest there is
REGULAR_FILE = 0o100644 << 16
MOST_ARCHIVE_BYTES = (1 << 32) - 1  # beyond it ZIP needs extra fields
MOST_MEMBERS = (1 << 16) - 1
LONGEST_ENTRY = CENTRAL.size + 8 * 121  # so that what a forger writes is never read as a whole
MEMBER_NAME = re.compile(r"[A-Za-z0-9._-]{1,120}(?:/[A-Za-z0-9._-]{1,120}){0,7}")


@dataclass(frozen=True)
class Member:
    """A member: `offset` is that of its first content byte in the file."""

    name: str
    offset: int
    size: int
    crc: int


class Window(io.RawIOBase):
    """A part of a file as a file of its own, to be read forwards."""

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        super().__init__()
        self._file = file
        self._next = offset
        self._left = size

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, fewer only at the end."""
        wanted = self._left if size < 0 else min(size, self._left)
        self._file.seek(self._next)
        data = self._file.read(wanted)
        self._next += len(data)
        self._left -= len(data)
        return data


def local_header(name: bytes, crc: int, size: int) -> bytes:
    """Return the header that stands before a member's content."""
    return LOCAL.pack(LOCAL_SIGNATURE, NEEDED, 0, 0, 0, DOS_DATE, crc, size, size, len(name), 0) + name


def central_header(name: bytes, crc: int, size: int, offset: int) -> bytes:
    """Return a member's entry in the directory; `offset` is where its local header starts."""
    fixed = (b"PK\x01\x02", MADE_BY, NEEDED, 0, 0, 0, DOS_DATE, crc, size, size, len(name))
    return CENTRAL.pack(*fixed, 0, 0, 0, 0, REGULAR_FILE, offset) + name


def end_of_directory(count: int, size: int, offset: int) -> bytes:
    """Return the record that ends an archive."""
    return END.pack(b"PK\x05\x06", 0, 0, count, count, size, offset, 0)


def read_directory(file: BinaryIO, size: int, base: int = 0, where: str = "") -> list[Member]:
    """Return the members of the archive that takes `size` bytes from `base` on, in their order.

    Raises CheckError (check "zip") where a byte is not as a packet's writer would have written it.
    `where` goes before the names in messages.
    """
    directory, count, offset = _find_directory(file, size, base, where)
    members: list[Member] = []
    place = expected = 0
    for _ in range(count):
        member, header_offset, place = _read_central(directory, place, where)
        if header_offset != expected:
            raise CheckError("zip", where + member.name, "bytes lie between members, or members overlap")
        if members and member.name <= members[-1].name:
            doubled = member.name == members[-1].name
            raise CheckError("zip", where + member.name, "stands twice" if doubled else "members are not sorted")
        name = member.name.encode()
        header = local_header(name, member.crc, member.size)
        file.seek(base + header_offset)
        if file.read(len(header)) != header:
            raise CheckError("zip", where + member.name, "its local header differs from the directory")
        content = header_offset + len(header)
        members.append(Member(member.name, base + content, member.size, member.crc))
        expected = content + member.size
    if place != len(directory) or expected != offset:
        raise CheckError("zip", where, "bytes lie between the members and the directory's end")
    return members


def _find_directory(file: BinaryIO, size: int, base: int, where: str) -> tuple[bytes, int, int]:
    if not END.size <= size <= MOST_ARCHIVE_BYTES:
        raise CheckError("zip", where, "too short or too long for a packet's archive")
    file.seek(base + size - END.size)
    signature, disk, start_disk, here, count, length, offset, comment = END.unpack(file.read(END.size))
    if signature != b"PK\x05\x06":
        raise CheckError("zip", where, "the end of the archive is missing, or bytes follow it")
    if disk or start_disk or here != count or comment:
        raise CheckError("zip", where, "several disks, or a comment")
    if offset + length != size - END.size:
        raise CheckError("zip", where, "bytes stand before the archive, or the directory is not where it should be")
    if length > count * LONGEST_ENTRY:
        raise CheckError("zip", where, "a directory that is longer than its members need")
    file.seek(base + offset)
    return file.read(length), count, offset


def _read_central(directory: bytes, place: int, where: str) -> tuple[Member, int, int]:
    if len(directory) - place < CENTRAL.size:
        raise CheckError("zip", where, "the directory ends early")
    values = CENTRAL.unpack_from(directory, place)
    flags, method, crc, packed, size, name_length = values[3], values[4], *values[7:11]
    mode, offset = values[15], values[16]
    raw = directory[place + CENTRAL.size : place + CENTRAL.size + name_length]
    name = raw.decode("latin-1")
    if MEMBER_NAME.fullmatch(name) is None or any(not part.strip(".") for part in name.split("/")):
        raise CheckError("zip", where + show(name), "a name that no packet has: it climbs, is absolute or is odd")
    if flags & 1:
        raise CheckError("zip", where + name, "encrypted")
    if method or packed != size:
        raise CheckError("zip", where + name, "compressed: a packet's members are stored")
    if mode >> 16 and (mode >> 28) != REGULAR_FILE >> 28:
        raise CheckError("zip", where + name, "not a regular file: a link or a device")
    expected = central_header(raw, crc, size, offset)
    end = place + len(expected)
    if directory[place:end] != expected:
        raise CheckError(
            "zip", where + name, "its directory entry has a time, mode, flag or field that packets have not"
        )
    return Member(name, 0, size, crc), offset, end
