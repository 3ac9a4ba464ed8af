"""A PostgreSQL that goes away in the middle of work: it is said, and nothing is lost or doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from faults_room import LISTINGS, FaultsRoom
from postgres import PostgresServer

from pipelines.errors import ExitCode, PartMissing
from pipelines.index.projector import Projector
from pipelines.journal import JournalSource
from pipelines.models import RunStatus
from pipelines.store.database import Database
from pipelines.store.runs import latest_run, runs_of
from pipelines.store.tables import listings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from faults_room import WatchedEncoder

    from classifiers import Assessor
    from pipelines.index.document import IndexDocument


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as running:
        yield running


@pytest.fixture
def shared(server: PostgresServer, tmp_path: Path, assessor: Assessor) -> Iterator[FaultsRoom]:
    database = Database.open(server.emptied())
    yield FaultsRoom(database, tmp_path, assessor)
    database.close()


def test_a_database_that_goes_away_within_a_transaction_keeps_none_of_it(
    shared: FaultsRoom, server: PostgresServer
) -> None:
    shared.receive(range(5))

    def leave() -> None:
        with shared.database.write() as connection:
            connection.execute(sa.update(listings).values(status="gone"))
            server.stop()
            connection.execute(sa.update(listings).values(status="removed"))

    with pytest.raises(PartMissing, match="went away") as caught:
        leave()
    assert "is not lost" in str(caught.value.hint)
    server.start()
    with shared.database.read() as connection:
        assert set(connection.scalars(sa.select(listings.c.status))) == {"active"}
    server.stop()
    server.start()
    with shared.database.read() as connection:  # also where it went while nobody asked
        assert connection.scalar(sa.select(sa.func.count()).select_from(listings)) == 5


def test_an_assessment_whose_database_goes_away(
    shared: FaultsRoom, server: PostgresServer, encoder: WatchedEncoder
) -> None:
    shared.receive()
    batches = iter([lambda: None, server.stop])

    def leave_at_the_second() -> None:
        next(batches, lambda: None)()

    encoder.on_batch = leave_at_the_second
    with pytest.raises(PartMissing, match="cannot be reached") as caught:
        shared.assess()
    assert caught.value.exit_code is ExitCode.PART_MISSING
    assert "is not lost" in str(caught.value.hint)
    server.start()
    _, _, _, assessed = shared.counts()
    assert shared.assess() == LISTINGS - assessed
    assert shared.counts() == (LISTINGS,) * 4


def test_an_index_whose_store_goes_away(shared: FaultsRoom, server: PostgresServer) -> None:
    class Leaving(JournalSource):
        def documents(self, keys: object) -> list[IndexDocument]:
            server.stop()
            return super().documents(keys)  # type: ignore[arg-type]

    shared.receive()
    with shared.index() as index, pytest.raises(PartMissing, match="cannot be reached"):
        Projector(index, Leaving(shared.database, shared.clock), batch=200).run()
    server.start()
    assert shared.project() == LISTINGS


def test_a_feed_whose_database_goes_away_is_completed_by_the_next(shared: FaultsRoom, server: PostgresServer) -> None:
    ids = shared.new_id

    def stop_in_the_second_batch() -> str:
        made = ids()
        if int(made, 16) == 550:
            server.stop()
        return made

    shared.new_id = stop_in_the_second_batch
    with pytest.raises(PartMissing, match="cannot be reached"):
        shared.receive()
    server.start()
    with shared.database.read() as connection:
        assert latest_run(connection, "market").status is RunStatus.RUNNING
    shared.new_id = ids
    shared.receive()
    with shared.database.read() as connection:
        last, before = runs_of(connection, "market")
    assert (last.status, before.status, before.reason) == (
        RunStatus.DONE,
        RunStatus.INTERRUPTED,
        "its process ended without a word",
    )
    _, listed, said, _ = shared.counts()
    assert (listed, said) == (LISTINGS, LISTINGS)
