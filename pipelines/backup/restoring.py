"""A workspace made anew from a backup: every file compared with the manifest before any of it is used."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pipelines.backup.rows import copy_rows
from pipelines.backup.writing import FORMAT, MANIFEST, STORE
from pipelines.errors import BadInput, TracemarkError
from pipelines.store.custody import broken_at
from pipelines.store.database import Database
from pipelines.store.tables import custody
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipelines.models import JsonObject

_CHUNK = 1 << 20
_LARGEST_MANIFEST = 256 << 20


class DamagedBackup(TracemarkError):
    """A backup that does not hold what its manifest says."""


def restore_backup(
    file: Path, root: Path, environment: Mapping[str, str], tell: Callable[[str], None]
) -> tuple[Workspace, JsonObject]:
    """Make the new folder `root` the workspace that `file` holds; it and the backup's manifest.

    The store goes where the workspace's settings say: beside the files, or into the (empty) database that
    `[store] url` or `environment` names. Raises `BadInput` where `root` is not empty or `file` is no backup, and
    `DamagedBackup` where anything differs from the manifest or the custody log does not hold; then there is no `root`.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise BadInput(f"{root} is not empty", hint="name a new folder")
    aside = root.with_name(f"{root.name}.restoring")
    if aside.exists():
        raise BadInput(f"{aside} is there already", hint="another restore is under way, or was cut: remove it")
    aside.mkdir(parents=True)
    try:
        manifest = _unpack(file, aside, tell)
        made = aside / "workspace"
        workspace = Workspace.read(made, environment)
        _place_store(aside / STORE, workspace, manifest)
        if root.exists():
            root.rmdir()
        made.rename(root)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    for folder in ("sites", "vault", "packets"):
        (root / folder).mkdir(exist_ok=True)
    return Workspace.read(root, environment), manifest


def _unpack(file: Path, folder: Path, tell: Callable[[str], None]) -> JsonObject:
    """Write every member below `folder`, and compare them with the manifest, which comes last."""
    found: dict[str, JsonObject] = {}
    manifest: JsonObject | None = None
    last = ""
    try:
        with tarfile.open(file, mode="r|") as tar:
            for member in tar:
                source = tar.extractfile(member) if member.isreg() else None
                if source is None or not _is_safe(member.name) or member.name in found or manifest is not None:
                    raise DamagedBackup(f"{file} holds {member.name!r}, which no backup has")
                if member.name == MANIFEST:
                    manifest = json.loads(source.read(_LARGEST_MANIFEST))
                    continue
                tell(last := member.name)
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                digest = hashlib.sha256()
                with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
                    while data := source.read(_CHUNK):
                        digest.update(data)
                        out.write(data)
                found[member.name] = {"sha256": digest.hexdigest(), "bytes": member.size}
    except FileNotFoundError as error:
        raise BadInput(f"there is no {file}") from error
    except (tarfile.TarError, EOFError, ValueError) as error:
        if not last:
            raise BadInput(f"{file} is no backup: {error}", hint="tracemark backup makes one") from error
        raise DamagedBackup(f"{file} is cut short or damaged at or after {last}: {error}") from error
    if manifest is None:
        raise DamagedBackup(f"{file} has no manifest at its end: it is cut short, or no backup")
    if manifest.get("format") != FORMAT:
        raise BadInput(f"{file} is of format {manifest.get('format')!r}", hint="a newer Tracemark reads it")
    _compare(file, found, manifest["members"])
    return manifest


def _is_safe(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return name in (STORE, MANIFEST) or (parts[:1] == ("workspace",) and len(parts) > 1 and ".." not in parts)


def _compare(file: Path, found: dict[str, JsonObject], promised: dict[str, JsonObject]) -> None:
    wrong = sorted(name for name in found.keys() | promised.keys() if found.get(name) != promised.get(name))
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise DamagedBackup(f"{file} does not hold what its manifest says: {', '.join(wrong[:5])}{more}")


def _place_store(snapshot: Path, workspace: Workspace, manifest: JsonObject) -> None:
    """Check the store that came along, and put it where the workspace keeps its own."""
    held = Database.open(sa.URL.create("sqlite", database=str(snapshot)).render_as_string())
    try:
        with held.read() as connection:
            if (broken := broken_at(connection)) is not None:
                raise DamagedBackup(f"the custody log of the backup does not hold from row {broken} on")
            last = sa.select(custody.c.sequence, custody.c.hash).order_by(custody.c.sequence.desc()).limit(1)
            head = connection.execute(last).one_or_none()
        if head is None or {"sequence": head.sequence, "hash": head.hash} != manifest["custody"]:
            raise DamagedBackup("the custody log of the backup does not end where its manifest says")
        if workspace.settings.store.url:
            target = workspace.open_database()
            try:
                copy_rows(held, target, lambda _table, _count: None)
            finally:
                target.close()
            return
        with held.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        held.close()
    snapshot.rename(workspace.root / "tracemark.db")
