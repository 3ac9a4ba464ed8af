"""What a file that is handed to us is, by its first bytes: a name proves nothing."""

from __future__ import annotations

import zipfile
import zlib
from enum import StrEnum
from typing import TYPE_CHECKING

from pipelines.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = 4096
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_BOM = b"\xef\xbb\xbf"


class FileKind(StrEnum):
    """What `tracemark import` takes."""

    FEED = "feed"  # JSON lines
    WARC = "warc"  # plain or compressed
    WACZ = "wacz"
    PAGE = "page"  # one saved page of HTML


def recognise(path: Path) -> FileKind:
    """What the file at `path` is. Raises `BadInput` where it cannot be read, or is an archive of another kind."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    if head.startswith(_ZIP):
        return _recognise_zip(path)
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(31).decompress(head, _HEAD)
        except zlib.error as error:
            raise BadInput(f"{path} is damaged from its first byte: {error}") from error
        if not head.startswith(b"WARC/"):
            raise BadInput(f"{path} is compressed, and no WARC", hint="unpack it first: gunzip FILE")
    if head.startswith(b"WARC/"):
        return FileKind.WARC
    return FileKind.PAGE if head.removeprefix(_BOM).lstrip().startswith(b"<") else FileKind.FEED


def _recognise_zip(path: Path) -> FileKind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise BadInput(f"{path} is a damaged ZIP: {error}") from error
    if "datapackage.json" not in names:
        raise BadInput(f"{path} is a ZIP, and no WACZ: it has no datapackage.json")
    return FileKind.WACZ
