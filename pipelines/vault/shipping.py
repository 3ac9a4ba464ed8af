"""Which files of the vault are sealed, and their way to the object storage: each once, noted in the custody log.

A file is sealed when nothing will be appended to it any more: its run has ended, and will not be gone on with. What
is open stays on this machine, durable as ever. A file lies in the storage before the store says so; a crash between
the two ships it again, which finds it there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.errors import DiskTrouble
from pipelines.models import RunStatus
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.runs import RunKind
from pipelines.store.tables import blanks, runs, vault_files, vault_objects
from pipelines.vault.objects import ObjectPlace, fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from pipelines.store.database import Database
    from pipelines.vault.objects import Objects

_OVER = (RunStatus.DONE.value, RunStatus.DEGRADED.value, RunStatus.FAILED.value)


@frozen(kw_only=True)
class Unshipped:
    """Files that lie in no object storage: those that are sealed, and all, with their bytes."""

    sealed: int
    files: int
    bytes: int


@frozen(kw_only=True)
class ShippingReport:
    """What was shipped, how many local copies were removed, and how many sealed files lie on other machines."""

    shipped: int
    bytes: int
    removed: int
    elsewhere: int


@frozen(kw_only=True)
class Shipping:
    """Ships the vault at `root`. `days`: after so many a shipped file's local copy goes (None: it stays)."""

    database: Database
    root: Path
    objects: Objects
    days: int | None
    now: Callable[[], datetime]
    actor: str

    def run(self) -> ShippingReport:
        """Ship every sealed file that lies here. Raises `PartMissing`, `OtherObject` and `DiskTrouble`."""
        with self.database.read() as connection:
            waiting = connection.execute(_waiting()).all()
        here = [row for row in waiting if (self.root / row.file).is_file()]
        for row in here:
            digest = self.objects.put(row.file, self.root / row.file, row.committed)
            _note(self.database, row.file, row.committed, digest, self.now(), self.actor)
        return ShippingReport(
            shipped=len(here),
            bytes=sum(row.committed for row in here),
            removed=self._remove_old(),
            elsewhere=len(waiting) - len(here),
        )

    def _remove_old(self) -> int:
        if self.days is None:
            return 0
        before = (self.now() - timedelta(days=self.days)).timestamp()
        with self.database.read() as connection:
            there = connection.execute(sa.select(vault_objects.c.file, vault_objects.c.bytes)).all()
        removed = 0
        for file, size in there:
            path = self.root / file
            if path.is_file() and path.stat().st_mtime < before and self.objects.size(file) == size:
                path.unlink()
                removed += 1
        return removed


def _note(database: Database, file: str, size: int, digest: str, at: datetime, actor: str) -> None:
    detail = {"file": file, "bytes": size, "sha256": digest}
    with database.write() as connection:
        known = connection.scalar(sa.select(vault_objects.c.sha256).where(vault_objects.c.file == file))
        if known == digest:
            return  # another process shipped it at the same time
        connection.execute(sa.delete(vault_objects).where(vault_objects.c.file == file))
        connection.execute(sa.insert(vault_objects).values(file=file, bytes=size, sha256=digest, at=at))
        append_custody(
            connection, [CustodyEvent(at=at, actor=actor, action="ship", subject=f"vault:{file}", detail=detail)]
        )


def count_unshipped(connection: sa.Connection) -> Unshipped:
    """What the store answers for and no object storage holds."""
    shipped = sa.select(vault_objects.c.file)
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(vault_files.c.committed), 0))
    files, size = connection.execute(query.where(vault_files.c.committed > 0, vault_files.c.file.not_in(shipped))).one()
    sealed = connection.scalar(sa.select(sa.func.count()).select_from(_waiting().subquery())) or 0
    return Unshipped(sealed=sealed, files=files, bytes=int(size))


def bring_back(root: Path, files: Iterable[str]) -> int:
    """Have all these files lie in the vault's folder; how many had to be fetched. Raises DiskTrouble for one lost."""
    fetched = 0
    for file in files:
        if (root / file).exists():
            continue
        if not fetch(root, file):
            raise DiskTrouble(
                f"the vault lacks {file}, which the store answers for",
                hint="restore it from a copy; on another machine: tracemark vault ship there first",
            )
        fetched += 1
    return fetched


def renew(database: Database, root: Path, file: str, *, now: datetime) -> bool:
    """Put a file that was changed (overwritten in part) in its object's place; False where it was never shipped."""
    with database.read() as connection:
        row = connection.execute(sa.select(vault_objects).where(vault_objects.c.file == file)).one_or_none()
    place = ObjectPlace.read(root)
    if row is None or place is None:
        return False
    digest = place.open().replace(file, root / file, row.bytes)
    _note(database, file, row.bytes, digest, now, "tracemark")
    return True


def _waiting() -> sa.Select[tuple[str, int]]:
    """Sealed files that were not shipped, and of which nothing waits to be overwritten."""
    later = runs.alias()
    newer = sa.select(later.c.id).where(
        later.c.site == runs.c.site, later.c.kind == RunKind.CRAWL.value, later.c.number > runs.c.number
    )
    ended = sa.or_(
        runs.c.status.in_(_OVER),
        sa.and_(runs.c.kind != RunKind.CRAWL.value, runs.c.status != RunStatus.RUNNING.value),
        sa.and_(runs.c.kind == RunKind.CRAWL.value, newer.exists()),
    )
    return (
        sa.select(vault_files.c.file, vault_files.c.committed)
        .join(runs, runs.c.id == vault_files.c.run)
        .where(
            ended,
            vault_files.c.committed > 0,
            vault_files.c.file.not_in(sa.select(vault_objects.c.file)),
            vault_files.c.file.not_in(sa.select(blanks.c.file)),
        )
        .order_by(vault_files.c.file)
    )
