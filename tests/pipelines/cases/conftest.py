from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from case_room import Room, fill

from pipelines.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def any_room(store_url: str) -> Iterator[Room]:
    database = Database.open(store_url)
    fill(database)
    yield Room(database)
    database.close()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('cases')}/store.db")
    fill(database)
    yield Room(database)
    database.close()
