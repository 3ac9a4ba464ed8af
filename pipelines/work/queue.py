"""The queue of tasks in a shared store: procrastinate's tables, in a PostgreSQL schema of their own.

What is in it can always be told again from the store (which listings wait, how far the index is behind), so that a
queue that is lost, or one of another version of procrastinate, costs nothing: each version has its own schema.
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import field, frozen

from pipelines.errors import ConfigurationError, PartMissing
from pipelines.work.holding import is_shared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.store.database import Database

QUEUE = "tracemark"
HEARTBEAT = 10.0
"""Seconds between a worker's signs of life to the queue."""

_PATIENCE = 10.0
"""Seconds that a connection is waited for."""

STALLED_AFTER = 60.0
"""Seconds of silence after which what a worker had begun is begun again by another one."""


@frozen(kw_only=True)
class QueueCounts:
    """How many tasks wait, are under way, failed for good, and are under way at a worker that is silent."""

    todo: int = 0
    doing: int = 0
    failed: int = 0
    stalled: int = 0
    failures: Mapping[str, int] = field(factory=dict)  # by task


def require_shared(database: Database) -> None:
    """Raise `ConfigurationError` where the store is not one that machines can share."""
    if not is_shared(database):
        raise ConfigurationError(
            "workers share a PostgreSQL store, and this workspace's is SQLite",
            hint="[store] url in tracemark.toml, or TRACEMARK_DATABASE_URL; on one machine: tracemark watch",
        )


def schema_name() -> str:
    """The schema of the queue. Raises `PartMissing` where procrastinate is not installed."""
    try:
        version = metadata.version("procrastinate")
    except metadata.PackageNotFoundError as error:
        raise PartMissing("workers need the package procrastinate", hint="pip install 'tracemark[scale]'") from error
    return f"tracemark_queue_{version.replace('.', '_')}"


def connection_options(database: Database) -> dict[str, Any]:
    """How procrastinate's connectors reach the queue."""
    url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    options = {"options": f"-c search_path={schema_name()}"}
    return {"conninfo": url, "kwargs": options, "min_size": 1, "timeout": _PATIENCE}


def prepare_queue(database: Database) -> None:
    """Make the queue's tables, once. Raises `ConfigurationError` where the store's user may make no schema."""
    from procrastinate.schema import SchemaManager  # noqa: PLC0415 -- only workers need it

    name = schema_name()
    with database.write() as connection:
        if _is_there(connection, name):
            return
        try:
            connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        except sa.exc.ProgrammingError as error:
            user, room = database.engine.url.username, database.engine.url.database
            raise ConfigurationError(
                f"the queue of tasks needs a schema of its own, which {user} may not make: {error.orig}",
                hint=f'as the owner of the database: GRANT CREATE ON DATABASE "{room}" TO "{user}"',
            ) from error
        connection.exec_driver_sql(f"SET LOCAL search_path TO {name}")
        # Several statements with percent signs in them: only without parameters does the driver take them so.
        driver: Any = connection.connection.driver_connection
        driver.execute(SchemaManager.get_schema())


def count_tasks(connection: sa.Connection) -> QueueCounts:
    """What the queue holds; nothing where it was never made."""
    try:
        name = schema_name()
    except PartMissing:
        return QueueCounts()
    if not _is_there(connection, name):
        return QueueCounts()
    jobs = sa.table("procrastinate_jobs", *map(sa.column, ("status", "task_name", "worker_id")), schema=name)
    workers = sa.table("procrastinate_workers", *map(sa.column, ("id", "last_heartbeat")), schema=name)
    status = sa.cast(jobs.c.status, sa.Text)
    states: dict[str, int] = dict(connection.execute(sa.select(status, sa.func.count()).group_by(status)).all())
    failed = sa.select(jobs.c.task_name, sa.func.count()).where(status == "failed").group_by(jobs.c.task_name)
    silent = workers.c.last_heartbeat < sa.func.now() - sa.func.make_interval(0, 0, 0, 0, 0, 0, STALLED_AFTER)
    stalled = (
        sa.select(sa.func.count())
        .select_from(jobs.outerjoin(workers, workers.c.id == jobs.c.worker_id))
        .where(status == "doing", sa.or_(workers.c.id.is_(None), silent))
    )
    return QueueCounts(
        todo=states.get("todo", 0),
        doing=states.get("doing", 0),
        failed=states.get("failed", 0),
        stalled=connection.scalar(stalled) or 0,
        failures=dict(connection.execute(failed.order_by(jobs.c.task_name)).all()),
    )


def _is_there(connection: sa.Connection, schema: str) -> bool:
    return connection.scalar(sa.select(sa.func.to_regclass(f"{schema}.procrastinate_jobs"))) is not None
