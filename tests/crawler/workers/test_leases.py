"""Who holds what on a shared store: claimed once, renewed, ended, and written under only while it is held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from pipelines.store.tables import runs, sites
from pipelines.work.holding import HoldLost, Tenure, held
from pipelines.work.leases import Claim, claim_lease, database_now, read_leases, release_lease, renew_lease
from pipelines.workspace import WorkspaceHeld

if TYPE_CHECKING:
    from worker_room import WorkerRoom

    from pipelines.store.database import Database

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    """The store's clock, as a test sets it."""

    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self, _connection: sa.Connection) -> datetime:
        return self.moment

    def go(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def take(database: Database, clock: Clock, holder: str) -> Claim | None:
    with database.alter() as connection:
        return claim_lease(connection, "site-market", holder, 30, now=clock)


def test_one_claims_and_the_next_once_the_lease_has_ended(shared: Database) -> None:
    clock = Clock()
    first = take(shared, clock, "one")
    assert first is not None
    clock.go(29)
    assert take(shared, clock, "two") is None
    with shared.alter() as connection:
        assert renew_lease(connection, first, now=clock)
    clock.go(29)
    assert take(shared, clock, "two") is None
    clock.go(1)
    second = take(shared, clock, "one")  # a worker of the same name, started again
    assert second is not None
    assert second.number == first.number + 1
    with shared.alter() as connection:
        assert not renew_lease(connection, first, now=clock)
        assert not release_lease(connection, first, now=clock)
        assert renew_lease(connection, second, now=clock)


def test_what_was_let_go_rests_before_the_next_claim(shared: Database) -> None:
    clock = Clock()
    first = take(shared, clock, "one")
    assert first is not None
    with shared.alter() as connection:
        assert release_lease(connection, first, rest=5, now=clock)
        assert not renew_lease(connection, first, now=clock)
        [resting] = read_leases(connection, now=clock)
    assert resting.holder is None
    clock.go(4.9)
    assert take(shared, clock, "two") is None
    clock.go(0.1)
    assert take(shared, clock, "two") is not None


def test_two_at_once_never_both_claim(shared: Database) -> None:
    clock = Clock()
    with shared.alter() as one:
        assert claim_lease(one, "site-market", "one", 30, now=clock) is not None
        # The other's claim waits for this one's commit, and finds it then.
        with shared.alter() as other:
            other.exec_driver_sql("SET LOCAL lock_timeout = '200ms'")
            with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
                claim_lease(other, "site-market", "two", 30, now=clock)
            other.rollback()
    assert take(shared, clock, "two") is None


def test_who_lost_a_lease_writes_nothing_under_it(shared: Database) -> None:
    with shared.alter() as connection:
        claim = claim_lease(connection, "site-market", "one", 30)
    assert claim is not None
    with Tenure(shared, claim) as tenure:
        assert tenure.is_sure(20)
        assert not tenure.is_sure(31)
        with tenure.database.write() as connection:
            connection.execute(sa.insert(sites).values(name="a", source="crawl", added=NOON))
        with shared.alter() as connection:
            moved = sa.text("UPDATE work_leases SET number = number + 1, holder = 'two'")
            connection.execute(moved)
        with pytest.raises(HoldLost, match="site-market"), tenure.database.write() as connection:
            connection.execute(sa.insert(sites).values(name="b", source="crawl", added=NOON))
        assert tenure.is_lost
        assert not tenure.is_sure(0)
    with shared.read() as connection:
        assert connection.scalars(sa.select(sites.c.name)).all() == ["a"]


def test_a_writing_transaction_keeps_the_lease_until_it_has_ended(shared: Database) -> None:
    with shared.alter() as connection:
        claim = claim_lease(connection, "site-market", "one", 0.2)
    assert claim is not None
    with Tenure(shared, claim) as tenure, tenure.database.write(), shared.alter() as other:
        other.exec_driver_sql("SET LOCAL lock_timeout = '500ms'")
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            claim_lease(other, "site-market", "two", 30)
        other.rollback()


def test_holding_names_the_holder_and_lets_go(room: WorkerRoom) -> None:
    with held(room.workspace, room.database, "assessment") as hold:
        assert hold.number == 1
        with pytest.raises(WorkspaceHeld, match=r"assessment is held by .+:\d+"):
            held(room.workspace, room.database, "assessment").__enter__()
    with held(room.workspace, room.database, "assessment", rest=60) as hold:
        assert hold.number == 2
    with pytest.raises(WorkspaceHeld, match="rests"):
        held(room.workspace, room.database, "assessment").__enter__()


def test_the_clock_is_the_stores_own(shared: Database) -> None:
    with shared.alter() as connection:
        first, second = database_now(connection), database_now(connection)
        assert first.tzinfo is not None
        assert first < second, "it goes on within a transaction"
        assert connection.scalar(sa.select(sa.func.count()).select_from(runs)) == 0
