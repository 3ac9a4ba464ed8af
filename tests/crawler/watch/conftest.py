from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from watch_room import WatchRoom

from crawler.demo.marketplaces import Marketplaces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def markets() -> Iterator[dict[str, str]]:
    with Marketplaces(hosts={"harborlist": "127.0.0.1:0", "tauschboerse": "127.0.0.1:0"}) as running:
        yield running.urls


@pytest.fixture
def room(tmp_path: Path, markets: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[WatchRoom]:
    monkeypatch.setenv("TRACEMARK_ALLOW_LOOPBACK", "1")
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "crawler.settings")
    made = WatchRoom.make(tmp_path / "room", markets)
    yield made
    made.database.close()
