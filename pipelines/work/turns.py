"""Turns at a host: a pace that all who share the store keep together, whatever site file brings them there.

A turn is taken when it has come, never booked ahead: who dies while waiting leaves nothing behind.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import sqlalchemy as sa

from pipelines.store.frontier import insert_or_ignore
from pipelines.store.tables import host_turns
from pipelines.work.leases import database_now

if TYPE_CHECKING:
    from collections.abc import Callable

    Clock = Callable[[sa.Connection], datetime]

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_USUAL = {"http": 80, "https": 443}


def host_of(url: str) -> str:
    """Whom a URL asks: the host, with its port where that is no usual one. Raises ValueError for no URL."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    return host if parts.port in (None, *_USUAL.values()) else f"{host}:{parts.port}"


def shared_now(connection: sa.Connection) -> datetime:
    """The moment by the clock that all who share the store have: PostgreSQL's, or that of the one machine."""
    return database_now(connection) if connection.dialect.name == "postgresql" else datetime.now(UTC)


def take_turn(connection: sa.Connection, host: str, seconds: float, *, now: Clock = shared_now) -> float:
    """Take the turn at `host`, which leaves `seconds` between two; 0, or for how many seconds it has not come yet.

    The longer gap counts: that of whoever asked last, or `seconds`. A turn that lies in the future was taken before
    the clock was set back: from now on a whole gap has to pass.
    """
    # Writing first takes SQLite's one writer's place, and makes the row that PostgreSQL locks next.
    unasked = {"host": host, "at": _LONG_AGO, "seconds": 0.0}
    connection.execute(insert_or_ignore(connection, host_turns), [unasked])
    mine = host_turns.c.host == host
    last = connection.execute(sa.select(host_turns).where(mine).with_for_update()).one()
    moment = now(connection)
    gap = timedelta(seconds=max(seconds, last.seconds))
    if last.at > moment:
        connection.execute(sa.update(host_turns).where(mine).values(at=moment))
        return gap.total_seconds()
    if moment - last.at < gap:
        left: timedelta = last.at + gap - moment
        return left.total_seconds()
    connection.execute(sa.update(host_turns).where(mine).values(at=moment, seconds=seconds))
    return 0.0


def extend_turn(connection: sa.Connection, host: str, *, now: Clock = shared_now) -> None:
    """Have the gap after a turn begin only now: its request went out, or was answered, later than it was taken."""
    connection.execute(sa.update(host_turns).where(host_turns.c.host == host).values(at=now(connection)))
