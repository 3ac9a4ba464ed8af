from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crawler.demo.clock import FileClock
from crawler.demo.inventory import Inventory, Market, load_inventory
from crawler.demo.marketplaces import Marketplaces

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", params=list(Market))
def inventory(request: pytest.FixtureRequest) -> Inventory:
    return load_inventory(request.param)


@pytest.fixture(scope="session")
def clock(tmp_path_factory: pytest.TempPathFactory) -> FileClock:
    return FileClock(tmp_path_factory.mktemp("clock") / "day.json")


@pytest.fixture(scope="session")
def marketplaces(clock: FileClock) -> Iterator[Marketplaces]:
    with Marketplaces(clock=clock) as running:
        yield running


@pytest.fixture
def day_45(clock: FileClock) -> int:
    clock.move_to(45)
    return 45
