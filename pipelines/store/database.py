"""One database, SQLite (WAL) or PostgreSQL: opened, migrated, and its transactions."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import frozen

from pipelines.errors import ConfigurationError, DiskTrouble, PartMissing, TracemarkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEAD = max(path.name[:4] for path in (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*.py"))
"""The migration that this code expects: the last of `migrations/versions`, by its number."""

PATIENCE = 60.0
"""Seconds that a writer waits for another one."""

_AWAY = "start it, or check [store] url in tracemark.toml; then the same command again: what was stored is not lost"

_WRITER = 0x7261636B
"""PostgreSQL's advisory lock of the one who writes: any number that is always the same."""


@frozen
class Database:
    """A database at the schema this code knows. Make one with `Database.open`.

    `guard` is asked at the start of each writing transaction, and raises where this process may not write any more.
    """

    engine: sa.Engine
    guard: Callable[[sa.Connection], None] | None = None

    @classmethod
    def open(cls, url: str, *, patience: float = PATIENCE) -> Database:
        """Open the database at `url` (SQLAlchemy's form), bringing its schema up to date.

        A writer waits `patience` seconds for another one. Raises `PartMissing` when the database cannot be reached
        or is held for longer, `ConfigurationError` when the URL is none or the schema is newer than this version of
        Tracemark, `DiskTrouble` when the disk is full, cannot be written, or the file is damaged.
        """
        engine = _make_engine(url, patience)
        try:
            with _explained(engine.url):
                with engine.connect() as connection:
                    found = _schema_version(connection)
                if found != HEAD:
                    _migrate(url, patience)
        except TracemarkError:
            engine.dispose()
            raise
        return cls(engine)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view for several reads."""
        with _explained(self.engine.url), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction that holds the writer's place from its start: all of it lands, or nothing."""
        with _explained(self.engine.url), _writing(self.engine) as connection:
            if self.guard is not None:
                self.guard(connection)
            yield connection

    @contextmanager
    def alter(self) -> Iterator[sa.Connection]:
        """One short transaction on rows that stand alone (leases, who is there): no writer is waited for."""
        with _explained(self.engine.url), self.engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


@contextmanager
def _writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.connect().execution_options(tracemark_writes=True) as connection, connection.begin():
        yield connection


def _migrate(url: str, patience: float) -> None:
    """Bring the schema to `HEAD` with Alembic, in one transaction, while no other process does."""
    # Alembic changes a SQLite table by making it anew: with foreign keys on, the rows that point to it would fall.
    engine = _make_engine(url, patience, foreign_keys=False)
    try:
        with _writing(engine) as connection:
            found = _schema_version(connection)  # again: another process may have been faster
            if found != HEAD:
                _upgrade(connection, found)
    finally:
        engine.dispose()


def _upgrade(connection: sa.Connection, found: str | None) -> None:
    from alembic import command  # noqa: PLC0415 -- 0.2 s that only a new or old database pays
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        if found is not None:
            ScriptDirectory.from_config(config).get_revision(found)
        command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigurationError(
            f"the database is at schema {found}, which this version of Tracemark does not know",
            hint="install the version of Tracemark that last wrote it, or a newer one",
        ) from error


def _make_engine(url: str, patience: float, *, foreign_keys: bool = True) -> sa.Engine:
    hint = "check [store] url in tracemark.toml, or TRACEMARK_DATABASE_URL"
    try:
        engine = sa.create_engine(url, pool_pre_ping=True)  # a server that was started anew has forgotten us
    except sa.exc.ArgumentError as error:
        raise ConfigurationError("the database's URL is not one that SQLAlchemy knows", hint=hint) from error
    except ModuleNotFoundError as error:
        raise PartMissing(f"the database needs the package {error.name}", hint=f"pip install {error.name}") from error
    if engine.dialect.name not in ("sqlite", "postgresql"):
        raise ConfigurationError(f"{engine.dialect.name} is not supported: SQLite or PostgreSQL is", hint=hint)
    if engine.dialect.name == "sqlite":
        # The patience comes first: two processes may turn a new file to WAL at once.
        pragmas = (
            f"busy_timeout={round(patience * 1000)}",
            "journal_mode=WAL",
            "synchronous=FULL",
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
        )

        def prepare(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # transactions are begun by `_begin`, not by the driver
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}").close()

        sa.event.listen(engine, "connect", prepare)
    else:
        sa.event.listen(engine, "connect", _expect_to_vanish)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _expect_to_vanish(connection: Any, _record: Any) -> None:
    """Have the server notice within minutes that this machine is gone: until then it would keep the writer's place."""
    with connection.cursor() as cursor:
        for setting in ("idle = 30", "interval = 10", "count = 3"):
            cursor.execute(f"SET tcp_keepalives_{setting}")
        cursor.execute("SET idle_in_transaction_session_timeout = '10min'")
    connection.commit()


def _begin(connection: sa.Connection) -> None:
    # A writer that begins deferred can fail in its middle; one that takes its place at the start waits there.
    writes = connection.get_execution_options().get("tracemark_writes", False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
    elif writes:
        # Custody and journal are numbered in one order: writers follow one another here too.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")


def _schema_version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


@contextmanager
def _explained(url: sa.URL) -> Iterator[None]:
    try:
        yield
    except sa.exc.DBAPIError as error:
        explained = _explain(error, url)
        if explained is None:
            raise
        raise explained from error


def _explain(error: sa.exc.DBAPIError, url: sa.URL) -> TracemarkError | None:
    """What a failure of the database means; None for a mistake of our own."""
    text = str(error.orig)
    if error.connection_invalidated:
        return PartMissing(f"the database {_shown(url)} went away: {text.splitlines()[0]}", hint=_AWAY)
    if isinstance(error, sa.exc.OperationalError):
        return _explain_operation(text, url)
    # Of this class itself is what SQLite says of a file that is no database; its children are our own mistakes.
    if type(error) is sa.exc.DatabaseError:
        return DiskTrouble(f"the database {_shown(url)} cannot be read: {text}", hint="restore it from a copy")
    return None


def _explain_operation(text: str, url: sa.URL) -> TracemarkError:
    if any(words in text for words in ("disk is full", "disk I/O error", "readonly database", "No space left")):
        return DiskTrouble(f"the database could not be written: {text}", hint="free space on the disk, then try again")
    if "locked" in text:
        return PartMissing("the database is held by another process", hint="wait until it has finished, or stop it")
    if url.get_backend_name() == "sqlite":
        hint = "check [store] url in tracemark.toml"
        return PartMissing(f"the database {_shown(url)} cannot be opened: {text}", hint=hint)
    return PartMissing(f"the database {_shown(url)} cannot be reached: {text}", hint=_AWAY)


def _shown(url: sa.URL) -> str:
    return url.render_as_string(hide_password=True)
