from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "sellers"))

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seller_rooms import Room


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from seller_rooms import Room  # noqa: PLC0415 -- its folder is on the path only now

    return Room.make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def room(tmp_path: Path, template: Path) -> Iterator[Room]:
    from seller_rooms import Room  # noqa: PLC0415 -- as above

    made = Room.open(tmp_path, template)
    yield made
    made.database.close()
