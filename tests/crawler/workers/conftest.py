from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from worker_room import PacedServer, WorkerRoom

from pipelines.store.database import Database
from pipelines.work.queue import prepare_queue, schema_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from postgres import PostgresServer


@pytest.fixture
def shared(postgres: PostgresServer) -> Iterator[Database]:
    """An empty store on PostgreSQL with its queue."""
    database = Database.open(postgres.emptied())
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema_name()} CASCADE")
    prepare_queue(database)
    yield database
    database.close()


@pytest.fixture
def room(shared: Database, tmp_path: Path) -> WorkerRoom:
    return WorkerRoom.make(tmp_path / "room", shared)


@pytest.fixture(scope="session")
def sites() -> Iterator[PacedServer]:
    with PacedServer() as server:
        yield server
