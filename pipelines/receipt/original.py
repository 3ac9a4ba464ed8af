"""The file as it was handed to us: copied into the vault byte for byte, with its hash, before anything is read."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.errors import BadInput, DiskTrouble
from pipelines.warc.writer import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK = 1 << 20
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@frozen(kw_only=True)
class Original:
    """`name` as it was handed over, `kept` where it lies (in the vault, relative to it), SHA-256 in hex, bytes."""

    name: str
    path: Path
    kept: str
    sha256: str
    size: int


def keep_original(source: Path, folder: Path, vault: Path) -> Original:
    """Copy `source` into `folder`; durable when this returns.

    Raises `BadInput` where the source cannot be read, `DiskTrouble` where the vault cannot be written.
    """
    try:
        reading = source.open("rb")
    except OSError as error:
        raise BadInput(f"{source} cannot be read: {error.strerror}") from error
    target = folder / ("original-" + (_UNSAFE.sub("_", source.name)[-100:] or "file"))
    hashed, size = hashlib.sha256(), 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with reading, target.open("xb") as writing:
            while data := reading.read(_CHUNK):
                hashed.update(data)
                writing.write(data)
                size += len(data)
            writing.flush()
            os.fsync(writing.fileno())
        sync_folder(folder)
    except OSError as error:
        raise DiskTrouble(f"{target} could not be written: {error.strerror}") from error
    kept = target.relative_to(vault).as_posix()
    return Original(name=source.name, path=target, kept=kept, sha256=hashed.hexdigest(), size=size)
