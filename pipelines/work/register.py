"""The workers of a store: who is there, and since when one is silent."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa
from attrs import asdict, frozen

from pipelines import __version__
from pipelines.errors import PartMissing
from pipelines.store.tables import workers
from pipelines.work.leases import database_now

if TYPE_CHECKING:
    from pipelines.store.database import Database
    from pipelines.work.leases import Clock

_BETWEEN_SIGNS = 10.0
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


class Presence:
    """A worker signed in, from a thread that gives signs of life, and signed out at the end."""

    def __init__(self, database: Database, *, name: str, does: str, most: int) -> None:
        self._database = database
        self._name, self._does, self._most = name, does, most
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="presence", daemon=True)

    def __enter__(self) -> Self:
        with self._database.alter() as connection:
            sign_in(connection, name=self._name, does=self._does, most=self._most)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()
        with suppress(PartMissing), self._database.alter() as connection:
            sign_out(connection, self._name)

    def _keep(self) -> None:
        while not self._over.wait(_BETWEEN_SIGNS):
            with suppress(PartMissing), self._database.alter() as connection:
                sign_of_life(connection, self._name)


def sign_in(connection: sa.Connection, *, name: str, does: str, most: int, now: Clock = database_now) -> None:
    """Say that this worker is there, in the place of one of the same name; who was silent for a day is forgotten."""
    moment = now(connection)
    gone = sa.or_(workers.c.name == name, workers.c.seen < moment - _FORGOTTEN_AFTER)
    connection.execute(sa.delete(workers).where(gone))
    one = WorkerRecord(
        name=name,
        host=socket.gethostname(),
        version=__version__,
        does=does,
        most=most,
        started=moment,
        seen=moment,
    )
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
