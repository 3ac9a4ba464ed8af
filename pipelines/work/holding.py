"""Holding what one process at a time may do: by a lock in the workspace's folder, or by a lease in a shared store.

With SQLite the store is on this machine, and so is everybody who could be in the way: a lock that ends with its
process is enough. With PostgreSQL it is a lease, and what is written under it is written only while it holds.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol, Self

from attrs import evolve, frozen

from pipelines.errors import PartMissing, TracemarkError
from pipelines.work.leases import claim_lease, read_leases, release_lease, renew_lease
from pipelines.workspace import WorkspaceHeld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import sqlalchemy as sa

    from pipelines.store.database import Database
    from pipelines.work.leases import Claim
    from pipelines.workspace import Workspace

LEASE = 30.0
"""Seconds after which what a dead process held may be claimed by another one."""


class HoldLost(TracemarkError):
    """What this process held went to another one, which goes on with it: nothing more is written here."""


class Hold(Protocol):
    """What is held. `database` is the store to write to under it; `number` tells one claim of a lease from others."""

    @property
    def database(self) -> Database: ...  # noqa: D102 -- see above

    @property
    def number(self) -> int | None: ...  # noqa: D102 -- see above

    @property
    def is_lost(self) -> bool:
        """Whether it went to somebody else."""
        ...

    def is_sure(self, spare: float) -> bool:
        """Whether nobody else can come to hold it within the next `spare` seconds."""
        ...


@frozen
class Lock:
    """Held as long as this process lives."""

    database: Database
    number: int | None = None
    is_lost: bool = False

    def is_sure(self, spare: float) -> bool:  # noqa: ARG002 -- as others need it
        """It is."""
        return True


def since_boot() -> float:
    """Seconds since this machine started, those that it slept through included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Tenure:
    """Keeps a claimed lease by renewing it from a thread, and at the start of each writing transaction."""

    def __init__(self, database: Database, claim: Claim, clock: Callable[[], float] = since_boot) -> None:
        self.database = evolve(database, guard=self._guard)
        self.number: int | None = claim.number
        self._claim = claim
        self._clock = clock
        self._sure_until = 0.0
        self._lost = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease {claim.what}", daemon=True)

    def __enter__(self) -> Self:
        self._renew()
        if not self.is_lost:
            self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def is_lost(self) -> bool:
        """Whether it went to somebody else."""
        return self._lost.is_set()

    def is_sure(self, spare: float) -> bool:
        """Whether nobody else can come to hold it within the next `spare` seconds."""
        return not self.is_lost and self._clock() + spare < self._sure_until

    def _guard(self, connection: sa.Connection) -> None:
        # The row stays locked until the transaction ends: nobody claims the lease between this and the commit.
        if self.is_lost or not renew_lease(connection, self._claim):
            self._lost.set()
            raise HoldLost(f"{self._claim.what} went to another process while {self._claim.holder} was at it")

    def _keep(self) -> None:
        while not self._over.wait(self._claim.seconds / 4) and not self.is_lost:
            try:
                self._renew()
            except PartMissing:
                continue  # the store is away: what it says when it is back counts

    def _renew(self) -> None:
        asked = self._clock()
        with self.database.alter() as connection:
            mine = renew_lease(connection, self._claim)
        if mine:
            self._sure_until = asked + self._claim.seconds
        else:
            self._lost.set()


@contextmanager
def held(
    workspace: Workspace,
    database: Database,
    what: str,
    *,
    claim: Claim | None = None,
    seconds: float = LEASE,
    rest: float = 0.0,
) -> Iterator[Hold]:
    """Hold `what`, or what was claimed for this process as `claim`; at the end it rests for `rest` seconds.

    A lease is held for `seconds` at a time, whatever it was claimed for.

    Raises `WorkspaceHeld`, which names the holder, where another process has it.
    """
    if not is_shared(database):
        with workspace.hold(what):
            yield Lock(database)
        return
    mine = evolve(claim, seconds=seconds) if claim else claim_or_refuse(database, what, process_name(), seconds)
    try:
        with Tenure(database, mine) as tenure:
            if tenure.is_lost:
                raise _refusal(database, what)
            yield tenure
    finally:
        # A store that is away keeps it until the lease ends.
        with suppress(PartMissing), database.alter() as connection:
            release_lease(connection, mine, rest=rest)


def is_shared(database: Database) -> bool:
    """Whether processes on other machines may work on the same store."""
    return database.engine.dialect.name == "postgresql"


def process_name() -> str:
    """How others see who holds something: machine and process."""
    return f"{socket.gethostname()[:50]}:{os.getpid()}"


def claim_or_refuse(database: Database, what: str, holder: str, seconds: float) -> Claim:
    """Claim `what`. Raises `WorkspaceHeld` where another process has it."""
    with database.alter() as connection:
        claim = claim_lease(connection, what, holder, seconds)
    if claim is None:
        raise _refusal(database, what)
    return claim


def _refusal(database: Database, what: str) -> WorkspaceHeld:
    with database.alter() as connection:
        found = next(iter(read_leases(connection, what)), None)
    if found is None or found.holder is None:
        return WorkspaceHeld(f"{what} was let go a moment ago, and rests", hint="try again in a little while")
    return WorkspaceHeld(
        f"{what} is held by {found.holder}",
        hint=f"wait until it has finished; if it died, until {found.until:%H:%M:%S} UTC",
    )
