"""A clock that jumps by a day, back or ahead: order is kept by numbers, nothing is lost, and it is said."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from faults_room import NOW, FaultsRoom

from pipelines.commands.status import read_status
from pipelines.store.database import Database
from pipelines.store.runs import runs_of
from pipelines.store.tables import custody, listings, versions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from classifiers import Assessor

DAY = timedelta(days=1)


@pytest.fixture
def either(store_url: str, tmp_path: Path, assessor: Assessor) -> Iterator[FaultsRoom]:
    """On either kind of database."""
    database = Database.open(store_url)
    yield FaultsRoom(database, tmp_path, assessor)
    database.close()


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["ahead", "back"])
def test_a_clock_that_jumps_a_day_loses_nothing_and_is_told(either: FaultsRoom, jump: timedelta) -> None:
    numbers = range(20)
    times = [NOW, NOW + jump, NOW + timedelta(hours=1)]
    for price, now in enumerate(times, 100):
        either.now = now
        either.receive(numbers, price=price)
        either.assess()
        assert either.project() == len(numbers)
    captured, listed, said, assessed = either.counts()  # and the custody log holds
    assert (captured, listed, said, assessed) == (60, 20, 60, 60)
    with either.database.read() as connection:
        assert [run.started for run in runs_of(connection, "market")] == times[::-1]
        noted = connection.execute(sa.select(custody).where(custody.c.action == "clock")).mappings().all()
        current = connection.scalars(sa.select(versions.c.content).join(listings, listings.c.version == versions.c.id))
        assert {one["price"]["amount"] for one in current} == {"102"}
    behind = [round((max(times[:number]) - times[number]).total_seconds()) for number in (1, 2)]
    assert [row["detail"]["behind_seconds"] for row in noted] == [one for one in behind if one > 0]
    status = read_status(either.database, either.now)
    assert (status["clock"] is not None) == (jump > timedelta(0))
    assert status["waiting"]["assessment"] == 0


def test_a_clock_within_the_slack_of_several_machines_is_no_matter(either: FaultsRoom) -> None:
    for now in (NOW, NOW - timedelta(minutes=9)):
        either.now = now
        either.receive(range(3))
    assert read_status(either.database, either.now)["clock"] is None
    assert read_status(either.database, NOW - DAY)["clock"] == (
        "this machine's clock is 24 h 00 min behind what the store has recorded: it was set back, or had run ahead"
    )
