"""The workers of a store: who is there, and since when one is silent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import asdict, frozen

from pipelines.store.tables import workers
from pipelines.work.leases import database_now

if TYPE_CHECKING:
    from pipelines.work.leases import Clock

BETWEEN_SIGNS = 10.0
"""Seconds from one sign of life to the next."""

SILENT_AFTER = timedelta(seconds=60)
"""A worker without a sign of life for so long is taken to be dead."""

_FORGOTTEN_AFTER = timedelta(days=1)


@frozen(kw_only=True)
class WorkerRecord:
    """A worker: what it `does` is visits, tasks or all; `most` is how many visits it has under way at once."""

    name: str
    host: str
    version: str
    does: str
    most: int
    started: datetime
    seen: datetime


def sign_in(
    connection: sa.Connection, *, name: str, host: str, version: str, does: str, most: int, now: Clock = database_now
) -> None:
    """Say that this worker is there, in the place of one of the same name; who was silent for a day is forgotten."""
    moment = now(connection)
    gone = sa.or_(workers.c.name == name, workers.c.seen < moment - _FORGOTTEN_AFTER)
    connection.execute(sa.delete(workers).where(gone))
    one = WorkerRecord(name=name, host=host, version=version, does=does, most=most, started=moment, seen=moment)
    connection.execute(sa.insert(workers).values(asdict(one)))


def sign_of_life(connection: sa.Connection, name: str, *, now: Clock = database_now) -> None:
    """Say that this worker is still there."""
    connection.execute(sa.update(workers).where(workers.c.name == name).values(seen=now(connection)))


def sign_out(connection: sa.Connection, name: str) -> None:
    """Say that this worker went, as it should."""
    connection.execute(sa.delete(workers).where(workers.c.name == name))


def read_workers(connection: sa.Connection) -> list[WorkerRecord]:
    """Every worker that signed in and did not sign out, by name."""
    return [WorkerRecord(**row) for row in connection.execute(sa.select(workers).order_by(workers.c.name)).mappings()]
