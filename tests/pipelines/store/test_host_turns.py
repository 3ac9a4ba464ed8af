"""Turns at a host, on both databases: never closer than asked for, whoever asks and whatever the clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.store.database import Database
from pipelines.work.turns import extend_turn, host_of, take_turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self, _connection: sa.Connection) -> datetime:
        return self.moment

    def go(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def store(store_url: str) -> Iterator[Database]:
    opened = Database.open(store_url)
    yield opened
    opened.close()


def take(store: Database, clock: Clock, host: str, seconds: float) -> float:
    with store.alter() as connection:
        return take_turn(connection, host, seconds, now=clock)


def test_a_turn_comes_once_in_a_gap_and_each_host_has_its_own(store: Database) -> None:
    clock = Clock()
    assert take(store, clock, "market.example", 5) == 0
    assert take(store, clock, "market.example", 5) == 5
    assert take(store, clock, "other.example", 5) == 0
    clock.go(3)
    assert take(store, clock, "market.example", 5) == 2
    clock.go(2)
    assert take(store, clock, "market.example", 5) == 0


def test_the_longer_of_two_gaps_counts(store: Database) -> None:
    clock = Clock()
    take(store, clock, "market.example", 5)
    clock.go(2)
    assert take(store, clock, "market.example", 1) == 3
    assert take(store, clock, "market.example", 9) == 7


def test_a_gap_begins_again_where_an_answer_came_late(store: Database) -> None:
    clock = Clock()
    take(store, clock, "market.example", 5)
    clock.go(4)
    with store.alter() as connection:
        extend_turn(connection, "market.example", now=clock)
    clock.go(1)
    assert take(store, clock, "market.example", 5) == 4


def test_a_clock_set_back_costs_one_gap_and_no_more(store: Database) -> None:
    clock = Clock()
    take(store, clock, "market.example", 5)
    clock.go(-86_400)
    assert take(store, clock, "market.example", 5) == 5
    clock.go(5)
    assert take(store, clock, "market.example", 5) == 0


def test_many_at_once_take_it_one_after_another(store: Database) -> None:
    got: list[float] = []

    def ask() -> None:
        with store.alter() as connection:
            got.append(take_turn(connection, "market.example", 600))

    threads = [Thread(target=ask) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(got) == 8
    assert got.count(0) == 1


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path_factory.mktemp('turns') / 'store.db'}")
    yield opened
    opened.close()


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(asked=st.lists(st.tuples(st.sampled_from((1.0, 2.0, 5.0)), st.floats(0.1, 4)), min_size=2, max_size=12))
def test_whoever_asks_in_whatever_order_no_gap_is_shorter(kept: Database, asked: list[tuple[float, float]]) -> None:
    clock = Clock()
    with kept.alter() as connection:
        connection.exec_driver_sql("DELETE FROM host_turns")
    taken = []
    for seconds, later in asked:
        clock.go(later)
        if take(kept, clock, "market.example", seconds) == 0:
            taken.append((clock.moment, seconds))
    for (before, gap), (after, wanted) in pairwise(taken):
        assert (after - before).total_seconds() >= max(gap, wanted)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Market.example/a", "market.example"),
        ("http://market.example.:80/", "market.example"),
        ("https://market.example:443", "market.example"),
        ("http://127.0.0.1:8001/x", "127.0.0.1:8001"),
        ("http://[::1]/", "::1"),
    ],
)
def test_a_host_is_one_however_it_is_written(url: str, host: str) -> None:
    assert host_of(url) == host
