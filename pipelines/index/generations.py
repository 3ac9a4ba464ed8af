"""The folders of an embedded index: which one is live, who may write, and how a new one takes its place."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
from typing import IO, TYPE_CHECKING

from pipelines.errors import BadInput
from pipelines.index.port import IndexHeld

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_GENERATION = re.compile(r"g(\d{6})")
_LIVE = "live"
_LOCK = "writer.lock"
_POSITION = "position.json"


def check_name(name: str) -> str:
    """The name, or BadInput: it becomes a folder and an Elasticsearch alias."""
    if not _NAME.fullmatch(name):
        raise BadInput(f"{name!r} cannot name an index", hint="lower-case letters, digits, - and _")
    return name


def write_whole(path: Path, text: str) -> None:
    """Put a file in place so that a crash leaves the old text or the new one."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


class Generations:
    """The folder of one named index, with a sub-folder for every generation of it."""

    def __init__(self, root: Path, name: str) -> None:
        self.folder = root / check_name(name)
        self._lock: IO[str] | None = None

    def live(self) -> str | None:
        """The generation that is searched; None before the first write."""
        try:
            return (self.folder / _LIVE).read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def path(self, generation: str) -> Path:
        """The folder of a generation."""
        return self.folder / generation

    def hold(self) -> None:
        """Become the one writer, or raise IndexHeld."""
        if self._lock is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = (self.folder / _LOCK).open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            raise IndexHeld(
                f"another process (number {holder}) is writing to the index in {self.folder}",
                hint="wait until it is done, or stop it; searching works meanwhile",
            ) from error
        try:
            os.ftruncate(lock.fileno(), 0)
            os.write(lock.fileno(), str(os.getpid()).encode())
        except OSError:
            lock.close()  # nobody may find it held by a process that gave up
            raise
        self._lock = lock

    def release(self) -> None:
        """Let others write."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def create(self) -> str:
        """A new, empty generation beside the live one. For the holder."""
        numbers = [
            int(match.group(1)) for entry in self.folder.iterdir() if (match := _GENERATION.fullmatch(entry.name))
        ]
        generation = f"g{max(numbers, default=0) + 1:06d}"
        self.path(generation).mkdir()
        return generation

    def make_live(self, generation: str) -> None:
        """Searches go to this generation from now on."""
        write_whole(self.folder / _LIVE, generation)

    def remove_others(self) -> None:
        """Remove what is not live: old generations, and those a crash left half made. For the holder."""
        live = self.live()
        for entry in list(self.folder.iterdir()):
            if _GENERATION.fullmatch(entry.name) and entry.name != live:
                shutil.rmtree(entry, ignore_errors=True)

    def position(self, generation: str) -> int:
        """The journal position of a generation."""
        try:
            stored = json.loads((self.path(generation) / _POSITION).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return 0
        return int(stored["sequence"])

    def set_position(self, generation: str, sequence: int) -> None:
        """Record the journal position of a generation."""
        write_whole(self.path(generation) / _POSITION, json.dumps({"sequence": sequence}))
