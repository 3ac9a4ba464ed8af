from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from faults_room import FaultsRoom, WatchedEncoder

from classifiers import Assessor
from pipelines.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def encoder() -> WatchedEncoder:
    return WatchedEncoder()


@pytest.fixture(scope="session")
def assessor(encoder: WatchedEncoder) -> Assessor:
    return Assessor.load(encoder=encoder)


@pytest.fixture
def room(tmp_path: Path, assessor: Assessor) -> Iterator[FaultsRoom]:
    """On SQLite."""
    database = Database.open(f"sqlite:///{tmp_path / 'store.db'}")
    yield FaultsRoom(database, tmp_path, assessor)
    database.close()
