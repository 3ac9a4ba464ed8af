"""A workspace written into one file: a tar of its files, its store at one moment, and a manifest of them all.

The store is copied first. The vault only grows, and the store says how many bytes of each of its files it answers for:
just those are taken, so that a backup may be made while sites are visited. What can be built anew (the index) and what
belongs to a running machine (locks) is left out.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import IO, TYPE_CHECKING

import sqlalchemy as sa
from attrs import field, frozen

from pipelines import __version__
from pipelines.backup.rows import copy_rows
from pipelines.errors import BadInput, DiskTrouble
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.database import HEAD, Database
from pipelines.store.tables import custody, vault_files
from pipelines.vault.shipping import bring_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from pipelines.models import JsonObject
    from pipelines.workspace import Workspace

FORMAT = 1
STORE = "store.db"
MANIFEST = "backup.json"
_BUILT_ANEW = frozenset({"index", "locks"})
_KEYS = "keys"
_DATABASE_FILES = frozenset({"tracemark.db", "tracemark.db-wal", "tracemark.db-shm"})
_CHUNK = 1 << 20


@frozen
class _Archive:
    """A tar file under way, and what was put into it."""

    tar: tarfile.TarFile
    at: float
    members: JsonObject = field(factory=dict)

    def add(self, name: str, path: Path, *, length: int | None = None) -> None:
        """The first `length` bytes of the file at `path`, or all that it holds now."""
        with path.open("rb") as source:
            size = os.fstat(source.fileno()).st_size if length is None else length
            taken = _Hashed(source, size)
            self.tar.addfile(self._describe(name, size), taken)
        self.members[name] = {"sha256": taken.sha256.hexdigest(), "bytes": size}

    def close_with(self, facts: JsonObject) -> JsonObject:
        """The manifest, as the last member."""
        manifest = {**facts, "members": self.members}
        body = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True).encode()
        self.tar.addfile(self._describe(MANIFEST, len(body)), io.BytesIO(body))
        return manifest

    def _describe(self, name: str, size: int) -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, self.at, 0o600
        return info


class _Hashed:
    """A file that is hashed as it is read. It must give as many bytes as it said it would."""

    def __init__(self, source: IO[bytes], size: int) -> None:
        self._source, self._left = source, size
        self.sha256 = hashlib.sha256()

    def read(self, size: int = _CHUNK) -> bytes:
        wanted = min(size, self._left)
        data = self._source.read(wanted)
        if len(data) < wanted:
            raise DiskTrouble(f"{self._source.name} holds less than the store answers for", hint="tracemark doctor")
        self._left -= len(data)
        self.sha256.update(data)
        return data


def write_backup(
    workspace: Workspace,
    database: Database,
    out: Path,
    *,
    keys: bool,
    actor: str,
    now: datetime,
    tell: Callable[[str], None],
) -> JsonObject:
    """Write the whole of `workspace` to the new file `out`, the private keys only with `keys`; its manifest.

    The custody log names the backup, and the backup holds that row. Raises `BadInput` where `out` is there already,
    and `DiskTrouble` where the vault holds less than the store answers for; what was shipped is brought back.
    """
    if out.exists():
        raise BadInput(f"{out} is there already", hint="name a new file")
    event = CustodyEvent(at=now, actor=actor, action="export", subject="backup", detail={"file": out.name})
    with database.write() as connection:
        append_custody(connection, [event])
    partial = out.with_name(f"{out.name}.partial")
    try:
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".tracemark-backup-") as folder:
            snapshot = Path(folder) / STORE
            _copy_store(database, snapshot)
            facts, committed = _read_snapshot(snapshot, now)
            bring_back(workspace.vault, [file for file, size in committed.items() if size])
            with partial.open("xb") as file, tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                archive = _Archive(tar, now.timestamp())
                archive.add(STORE, snapshot)
                for name, path, length in _files(workspace, committed, keys=keys):
                    tell(name)
                    archive.add(name, path, length=length)
                manifest = archive.close_with(facts)
            with partial.open("rb") as written:
                os.fsync(written.fileno())
            partial.rename(out)
    except FileExistsError as error:
        raise BadInput(
            f"{partial} is there already", hint="another backup is under way, or was cut: remove it"
        ) from error
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return manifest


def _copy_store(database: Database, path: Path) -> None:
    """The store at one moment, as a SQLite file, whatever it lies in."""
    if database.engine.dialect.name == "sqlite":
        with (
            closing(sqlite3.connect(str(database.engine.url.database))) as source,
            closing(sqlite3.connect(path)) as to,
        ):
            source.backup(to)
            to.execute("PRAGMA journal_mode=DELETE").close()  # one file, with nothing beside it
        return
    target = Database.open(sa.URL.create("sqlite", database=str(path)).render_as_string())
    copy_rows(database, target, lambda _table, _count: None)
    with target.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    target.close()


def _read_snapshot(path: Path, now: datetime) -> tuple[JsonObject, dict[str, int]]:
    """What the manifest says of the store, and how many bytes of each vault file it answers for."""
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))
    with engine.connect() as connection:
        last = sa.select(custody.c.sequence, custody.c.hash).order_by(custody.c.sequence.desc()).limit(1)
        sequence, sealed = connection.execute(last).one()
        committed = {row.file: row.committed for row in connection.execute(sa.select(vault_files))}
    engine.dispose()
    facts: JsonObject = {
        "format": FORMAT,
        "software": f"Tracemark/{__version__}",
        "schema": HEAD,
        "at": now.isoformat(),
        "custody": {"sequence": sequence, "hash": sealed},
    }
    return facts, committed


def _files(workspace: Workspace, committed: dict[str, int], *, keys: bool) -> Iterator[tuple[str, Path, int | None]]:
    """Name, place and length (None: all of it) of every file that belongs to the workspace, in one order."""
    left_out = _BUILT_ANEW if keys else _BUILT_ANEW | {_KEYS}
    for top in sorted(workspace.root.iterdir()):
        if top.name in left_out or top.name in _DATABASE_FILES or top.name.startswith(".tracemark-backup-"):
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_symlink() or not path.is_file() or path.suffix in (".partial", ".lock"):
                continue
            name = path.relative_to(workspace.root).as_posix()
            known = committed.get(name.removeprefix("vault/")) if name.startswith("vault/") else None
            yield f"workspace/{name}", path, known
