"""The sites of a workspace as a watch sees them: read again when a file changes, each with what keeps it away."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen

from crawler.plan import VisitPlan
from crawler.schedule import Schedule
from crawler.sites.loading import load_site
from pipelines.errors import BadInput, ConfigurationError, NotPermitted
from pipelines.workspace import FILE, Workspace

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from crawler.sites.loading import LoadedSite

_Stamp = tuple[int, int, int]


@frozen(kw_only=True)
class Entry:
    """A site file: what it says where it holds together, else its `mistake`. Without a schedule it is not watched."""

    path: Path
    loaded: LoadedSite | None = None
    schedule: Schedule | None = None
    mistake: str | None = None

    @property
    def site(self) -> str:
        """The site's name, or the file's where the file cannot be read."""
        return self.path.stem if self.loaded is None else self.loaded.file.site


@define
class Roster:
    """Reads a workspace's site files and its settings. A file that has not changed is not read again."""

    workspace: Workspace
    trouble: str | None = field(default=None, init=False)
    """Why the settings, as they stand now, cannot be read; those read before are used until they can."""
    _files: dict[Path, tuple[_Stamp, Entry]] = field(factory=dict, init=False)
    _settings: _Stamp | None = field(default=None, init=False)

    def read(self) -> list[Entry]:
        """Every site file, in the order of their names; the second of two that name one site is a mistake."""
        self._read_settings()
        found = {path: self._read_file(path) for path in sorted(self.workspace.sites.glob("*.yaml"))}
        self._files = {path: known for path, known in found.items() if known is not None}
        owners: dict[str, Path] = {}
        entries = []
        for path, (_, entry) in self._files.items():
            owner = owners.setdefault(entry.site, path)
            if owner != path:
                mistake = f"{path} names the site {entry.site}, as {owner.name} does"
                entries.append(evolve(entry, schedule=None, loaded=None, mistake=mistake))
            else:
                entries.append(entry)
        return entries

    def why_not(self, loaded: LoadedSite, now: datetime) -> str | None:
        """Why the site, whose hours it is, may or can not be visited; None where it can."""
        settings = self.workspace.settings
        try:
            VisitPlan.make(loaded, settings.authority, delay=None, environment=os.environ, now=now)
        except (NotPermitted, ConfigurationError, BadInput) as error:
            return error.message
        return None

    def _read_file(self, path: Path) -> tuple[_Stamp, Entry] | None:
        stamp = _stamp(path)
        if stamp is None:
            return None
        known = self._files.get(path)
        return known if known is not None and known[0] == stamp else (stamp, _load(path))

    def _read_settings(self) -> None:
        path = self.workspace.root / FILE
        stamp = _stamp(path)
        if stamp == self._settings:
            return
        self._settings = stamp
        try:
            self.workspace = Workspace.read(self.workspace.root, os.environ)
        except ConfigurationError as error:
            self.trouble = error.message
        else:
            self.trouble = None


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _load(path: Path) -> Entry:
    try:
        loaded = load_site(path)
        return Entry(path=path, loaded=loaded, schedule=Schedule.of(loaded.file))
    except BadInput as error:
        return Entry(path=path, mistake="; ".join((error.message, *error.details)))
