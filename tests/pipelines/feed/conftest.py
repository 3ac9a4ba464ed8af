"""A store and a vault of one's own, and a desk that receives feeds into them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from pipelines.feed import FeedDesk
from pipelines.intake import Intake
from pipelines.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = Database.open(store_url)
    yield opened
    opened.close()


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> FeedDesk:
    ids, days = count(1), count()
    return FeedDesk(
        database,
        Intake(database, "Example Unit"),
        tmp_path / "vault",
        new_id=lambda: f"{next(ids):032x}",
        now=lambda: datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=next(days)),
    )
