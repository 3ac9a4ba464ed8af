"""Leases: what one process at a time may do, over all machines that share a PostgreSQL store.

A lease is claimed until a moment by the database's own clock, renewed while its holder lives, and claimed by
somebody else once that moment is past. Each claim has a number one higher than the last: a holder that slept through
its end finds another number there, and knows that it holds nothing any more.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.store.frontier import insert_or_ignore
from pipelines.store.tables import work_leases

if TYPE_CHECKING:
    from collections.abc import Callable

    Clock = Callable[[sa.Connection], datetime]

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def database_now(connection: sa.Connection) -> datetime:
    """The moment by PostgreSQL's clock, the only one that all who share the store have in common."""
    now: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)


@frozen(kw_only=True)
class Claim:
    """What `holder` claimed for `seconds` at a time. It holds as long as no later claim has a higher number."""

    what: str
    number: int
    holder: str
    seconds: float


@frozen(kw_only=True)
class LeaseRecord:
    """A lease as it stands: `holder` is None while what it covers rests."""

    what: str
    number: int
    holder: str | None
    at: datetime
    until: datetime


def claim_lease(
    connection: sa.Connection, what: str, holder: str, seconds: float, *, now: Clock = database_now
) -> Claim | None:
    """Claim `what` for `seconds`; None while somebody else's lease, or its rest, has not ended."""
    unclaimed = {"what": what, "number": 0, "holder": None, "at": _LONG_AGO, "until": _LONG_AGO}
    connection.execute(insert_or_ignore(connection, work_leases), [unclaimed])
    moment = now(connection)
    number = connection.scalar(
        sa.update(work_leases)
        .where(work_leases.c.what == what, work_leases.c.until <= moment)
        .values(number=work_leases.c.number + 1, holder=holder, at=moment, until=moment + timedelta(seconds=seconds))
        .returning(work_leases.c.number)
    )
    return None if number is None else Claim(what=what, number=number, holder=holder, seconds=seconds)


def renew_lease(connection: sa.Connection, claim: Claim, *, now: Clock = database_now) -> bool:
    """Hold on for `claim.seconds` from now; False where it was claimed by somebody else, or let go."""
    until = now(connection) + timedelta(seconds=claim.seconds)
    mine = sa.update(work_leases).where(*_held_by(claim)).values(until=until)
    return connection.execute(mine).rowcount == 1


def release_lease(connection: sa.Connection, claim: Claim, *, rest: float = 0.0, now: Clock = database_now) -> bool:
    """Let go; nobody claims it for `rest` seconds. False where it was no longer held."""
    until = now(connection) + timedelta(seconds=rest)
    mine = sa.update(work_leases).where(*_held_by(claim)).values(holder=None, until=until)
    return connection.execute(mine).rowcount == 1


def read_leases(connection: sa.Connection, what: str | None = None, *, now: Clock = database_now) -> list[LeaseRecord]:
    """The leases that nobody else may claim now, those that rest included; of `what` only, or all."""
    query = sa.select(work_leases).where(work_leases.c.until > now(connection)).order_by(work_leases.c.what)
    if what is not None:
        query = query.where(work_leases.c.what == what)
    return [LeaseRecord(**row) for row in connection.execute(query).mappings()]


def _held_by(claim: Claim) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        work_leases.c.what == claim.what,
        work_leases.c.number == claim.number,
        work_leases.c.holder == claim.holder,
    )
