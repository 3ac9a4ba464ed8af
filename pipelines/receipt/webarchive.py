"""A WACZ that others made: its archives, each only where it is what the data package says."""

from __future__ import annotations

import hashlib
import json
import zipfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from attrs import frozen

from pipelines.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PACKAGE, _PACKAGE_DIGEST = "datapackage.json", "datapackage-digest.json"
_MOST_PACKAGE = 1 << 26
_CHUNK = 1 << 20
_SUFFIXES = (".warc", ".warc.gz")


@frozen(kw_only=True)
class ArchiveMember:
    """One archive of a WACZ, and why it is set aside, if it is."""

    name: str
    damage: str | None


@contextmanager
def open_web_archive(path: Path) -> Iterator[tuple[zipfile.ZipFile, list[ArchiveMember]]]:
    """The WACZ at `path`, its archives checked against its data package. Raises `BadInput` where that is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            stated = _read_package(path, archive)
            names = [name for name in archive.namelist() if name.startswith("archive/") and name.endswith(_SUFFIXES)]
            yield archive, [ArchiveMember(name=name, damage=_check(archive, name, stated.get(name))) for name in names]
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise BadInput(f"{path} is a damaged ZIP: {error}") from error


def copy_member(archive: zipfile.ZipFile, name: str, target: IO[bytes]) -> None:
    """Write a member's bytes to `target`."""
    with archive.open(name) as source:
        while data := source.read(_CHUNK):
            target.write(data)
    target.seek(0)


def _read_package(path: Path, archive: zipfile.ZipFile) -> dict[str, dict[str, Any]]:
    data = _read_small(archive, _PACKAGE)
    try:
        body = json.loads(data)
        digest = json.loads(_read_small(archive, _PACKAGE_DIGEST)) if _PACKAGE_DIGEST in archive.namelist() else None
        resources = {one["path"]: one for one in body["resources"]}
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is no WACZ: its data package cannot be read") from error
    if isinstance(digest, dict) and digest.get("hash") != f"sha256:{hashlib.sha256(data).hexdigest()}":
        raise BadInput(f"{path} was changed: its data package is not the one that {_PACKAGE_DIGEST} names")
    return resources


def _read_small(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _MOST_PACKAGE:
        raise BadInput(f"{name} is larger than {_MOST_PACKAGE} bytes")
    return archive.read(name)


def _check(archive: zipfile.ZipFile, name: str, stated: dict[str, Any] | None) -> str | None:
    """Why a member is not what the data package says, None where it is."""
    if stated is None:
        return "the data package does not name it"
    info = archive.getinfo(name)
    if info.flag_bits & 1:
        return "it is encrypted"
    if info.file_size > _CHUNK and info.file_size > info.compress_size * 1000:
        return "it unpacks to more than an honest archive does"
    hashed, size = hashlib.sha256(), 0
    try:
        with archive.open(name) as source:
            while data := source.read(_CHUNK):
                hashed.update(data)
                size += len(data)
    except zipfile.BadZipFile as error:
        return f"its bytes are damaged: {error}"
    if (stated.get("hash"), stated.get("bytes", size)) != (f"sha256:{hashed.hexdigest()}", size):
        return "its hash is not the one in the data package"
    return None
