"""The workspace: the folder a team works in, found, read, and its parts opened."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.content import is_storable
from pipelines.errors import BadInput, ConfigurationError, DiskTrouble, TracemarkError
from pipelines.settings import SettingOrigin, Settings, read_settings
from pipelines.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE = "tracemark.toml"


class WorkspaceHeld(TracemarkError):
    """Another process is doing what would clash with this."""


@frozen(kw_only=True)
class Workspace:
    """A folder with a `tracemark.toml`. Paths below it are made when first written to."""

    root: Path
    settings: Settings
    origins: tuple[SettingOrigin, ...]

    @classmethod
    def find(cls, given: str | None, environment: Mapping[str, str], start: Path) -> Workspace:
        """The workspace `given`, else named by TRACEMARK_WORKSPACE, else the nearest one upwards from `start`.

        Raises `ConfigurationError` when there is none.
        """
        named = given or environment.get("TRACEMARK_WORKSPACE")
        if named:
            root = Path(named).expanduser()
            if not (root / FILE).is_file():
                raise ConfigurationError(f"{root} is no workspace: it has no {FILE}", hint=f"tracemark init {root}")
            return cls.read(root, environment)
        for folder in (start, *start.parents):
            if (folder / FILE).is_file():
                return cls.read(folder, environment)
        raise ConfigurationError(
            f"no workspace: neither {start} nor a folder above it has a {FILE}",
            hint="tracemark init DIR, then --workspace DIR (or TRACEMARK_WORKSPACE)",
        )

    @classmethod
    def read(cls, root: Path, environment: Mapping[str, str]) -> Workspace:
        """The workspace at `root`."""
        settings, origins = read_settings(root / FILE, environment)
        return cls(root=root.resolve(), settings=settings, origins=tuple(origins))

    @property
    def sites(self) -> Path:
        """Where site files lie."""
        return self.root / "sites"

    @property
    def vault(self) -> Path:
        """Where captured bytes lie."""
        return self.root / "vault"

    @property
    def index(self) -> Path:
        """Where the embedded index lies."""
        return self.root / "index"

    @property
    def models(self) -> Path:
        """Where `tracemark train` leaves what it fitted, a folder each time."""
        return self.root / "models"

    @property
    def packs(self) -> Path:
        """Where jurisdiction packs of its own lie: their rules over histories take the place of the shipped ones."""
        return self.root / "packs"

    @property
    def packets(self) -> Path:
        """Where packets go unless told otherwise."""
        return self.root / "packets"

    @property
    def heads(self) -> Path:
        """Where the signed heads of the custody log lie; copies belong elsewhere too."""
        return self.root / "custody"

    @property
    def signing_key(self) -> Path:
        """The key that signs packets."""
        return self.root / "keys" / "signing.pem"

    @property
    def trusted_keys(self) -> Path:
        """The public keys whose packets are trusted."""
        return self.root / "keys" / "trusted-keys.json"

    @property
    def database_url(self) -> str:
        """Where the store is, in SQLAlchemy's form."""
        beside = sa.URL.create("sqlite", database=str(self.root / "tracemark.db"))  # a folder may be called `a?b`
        return self.settings.store.url or beside.render_as_string()

    def open_database(self) -> Database:
        """The store, at the schema this version knows."""
        return Database.open(self.database_url)

    @contextmanager
    def hold(self, what: str) -> Iterator[None]:
        """Hold `what` (a site's run, the assessment) against other processes on this machine.

        Raises `WorkspaceHeld`, which names the holder.
        """
        folder = self.root / "locks"
        try:
            folder.mkdir(exist_ok=True)
            handle = (folder / f"{what}.lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise DiskTrouble(f"{folder} cannot be written: {error.strerror}") from error
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                handle.seek(0)
                holder = handle.read().strip() or "another process"
                raise WorkspaceHeld(
                    f"{what} in {self.root} is held by {holder}", hint="wait until it has finished, or stop it"
                ) from None
            except OSError as error:
                raise DiskTrouble(f"{folder} cannot be locked: {error.strerror}") from error
            handle.seek(0)
            handle.truncate()
            handle.write(f"process {os.getpid()}")
            handle.flush()
            yield


def write_workspace(root: Path, authority: Mapping[str, str | None]) -> None:
    """Make the folder `root` a workspace whose site files inherit `authority`."""
    if (root / FILE).exists():
        raise ConfigurationError(f"{root} is a workspace already", hint=f"edit {root / FILE}")
    lines = ["# A Tracemark workspace. `tracemark config` shows every value and where it came from.", "", "[authority]"]
    lines += [f"{name} = {_quoted(name, value)}" for name, value in authority.items() if value is not None]
    try:
        for folder in (root, root / "sites", root / "vault", root / "packets"):
            folder.mkdir(parents=True, exist_ok=True)
        (root / ".gitignore").write_text("# Evidence, keys and personal data never go into a repository.\n*\n")
        (root / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise DiskTrouble(
            f"{root} cannot be made: {error.strerror}", hint="choose a folder you may write to"
        ) from error


def _quoted(name: str, value: str) -> str:
    """A basic string of TOML: as in JSON, but for DEL, which TOML wants escaped too."""
    if not is_storable(value):
        raise BadInput(f"{name} {value!r} holds bytes that are no text")
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
