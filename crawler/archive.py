"""The vault file that a run writes to: one for each run, and under a lease one for each claim.

Who lost a lease may still be writing when the next one begins: with a file each, neither is in the other's way, on one
shared vault or on several.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines import __version__
from pipelines.store.tables import vault_files
from pipelines.warc.records import WarcInfo
from pipelines.warc.writer import WarcFile

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from pipelines.models import JsonObject
    from pipelines.store.runs import Run
    from pipelines.work.holding import Hold

_NAME = re.compile(r"captures(?:-(\d+))?\.warc\.gz")


@frozen
class RunArchive:
    """The vault file of one run under one hold. Make one with `RunArchive.open`."""

    hold: Hold
    vault: Path
    path: Path
    file: WarcFile

    @classmethod
    def open(cls, hold: Hold, vault: Path, run: Run, authority: JsonObject, at: datetime) -> RunArchive:
        """Open it; what a crash left after the last committed byte is set aside, in earlier claims' files too."""
        folder = vault / run.site / run.id
        folder.mkdir(parents=True, exist_ok=True)
        number = hold.number or 0
        path = folder / (f"captures-{number}.warc.gz" if number else "captures.warc.gz")
        for earlier in folder.glob("captures*.warc.gz"):
            if (found := _NAME.fullmatch(earlier.name)) is not None and int(found[1] or 0) < number:
                _set_tail_aside(hold, vault, earlier)
        committed = _read_committed(hold, vault, path)
        file = WarcFile(path, root=vault)
        file.truncate_tail(committed)
        if committed == 0:
            fields = {
                "software": f"Tracemark/{__version__}",
                "format": "WARC File Format 1.1",
                "isPartOf": f"{run.site}/{run.id}",
                **{name: str(value) for name, value in authority.items() if value},
            }
            file.append([WarcInfo(at=at, fields=fields, filename=path.name)])
        return cls(hold, vault, path, file)

    @property
    def name(self) -> str:
        """As the store names it."""
        return self.path.relative_to(self.vault).as_posix()

    def abandon(self) -> None:
        """Close it, with what the store will not answer for any more set aside."""
        self.file.close()
        if self.path.exists():
            _set_tail_aside(self.hold, self.vault, self.path)


def _set_tail_aside(hold: Hold, vault: Path, path: Path) -> None:
    with WarcFile(path, root=vault) as left:
        left.truncate_tail(_read_committed(hold, vault, path))
        if left.size() == 0:
            path.unlink()


def _read_committed(hold: Hold, vault: Path, path: Path) -> int:
    """How many bytes of the file the store answers for."""
    own = vault_files.c.file == path.relative_to(vault).as_posix()
    with hold.database.read() as connection:
        return connection.scalar(sa.select(vault_files.c.committed).where(own)) or 0
