from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crawl_room import Room

from crawler.demo.clock import FileClock
from crawler.demo.marketplaces import Marketplaces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room.make(tmp_path / "room")


@pytest.fixture(scope="session")
def clock(tmp_path_factory: pytest.TempPathFactory) -> FileClock:
    return FileClock(tmp_path_factory.mktemp("clock") / "day.json")


@pytest.fixture(scope="session")
def marketplaces(clock: FileClock) -> Iterator[Marketplaces]:
    with Marketplaces(clock=clock) as running:
        yield running
