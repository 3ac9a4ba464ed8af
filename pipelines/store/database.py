"""One database, SQLite (WAL) or PostgreSQL: opened, migrated, and its transactions."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import frozen

from pipelines.errors import ConfigurationError, DiskTrouble, PartMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = "0001"
"""The migration that this code expects (a test compares it with Alembic's own answer)."""

_BUSY_MILLISECONDS = 60_000


@frozen
class Database:
    """A database at the schema this code knows. Make one with `Database.open`."""

    engine: sa.Engine

    @classmethod
    def open(cls, url: str) -> Database:
        """Open the database at `url` (SQLAlchemy's form), bringing its schema up to date.

        Raises `PartMissing` when it cannot be reached, `ConfigurationError` when its schema is newer than
        this version of Tracemark, `DiskTrouble` when it cannot be written.
        """
        engine = _make_engine(url)
        try:
            with engine.connect() as connection:
                found = _schema_version(connection)
            if found != HEAD:
                migrate(url, found)
        except sa.exc.OperationalError as error:
            raise _explain(error, url) from error
        return cls(engine)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view for several reads."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction that holds the writer's place from its start: all of it lands, or nothing."""
        try:
            with self.engine.connect().execution_options(tracemark_writes=True) as connection, connection.begin():
                yield connection
        except sa.exc.OperationalError as error:
            raise _explain(error, str(self.engine.url)) from error

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def migrate(url: str, found: str | None) -> None:
    """Bring the schema at `url` to `HEAD` with Alembic."""
    from alembic import command  # noqa: PLC0415 -- 0.2 s that only a new or old database pays
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    try:
        if found is not None:
            ScriptDirectory.from_config(config).get_revision(found)
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigurationError(
            f"the database is at schema {found}, which this version of Tracemark does not know",
            hint="install the version of Tracemark that last wrote it, or a newer one",
        ) from error


def _make_engine(url: str) -> sa.Engine:
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`, not by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY_MILLISECONDS}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer that begins deferred can fail in its middle; one that begins immediate waits at its start.
    writes = connection.get_execution_options().get("tracemark_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _schema_version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def _explain(error: sa.exc.OperationalError, url: str) -> Exception:
    text = str(error.orig)
    if "disk is full" in text or "disk I/O error" in text or "readonly database" in text:
        return DiskTrouble(f"the database could not be written: {text}", hint="free space on the disk, then try again")
    if "locked" in text:
        return PartMissing("the database is held by another process", hint="wait until it has finished, or stop it")
    place = sa.engine.make_url(url).render_as_string(hide_password=True)
    return PartMissing(f"the database {place} cannot be opened: {text}", hint="check [store] url in tracemark.toml")
