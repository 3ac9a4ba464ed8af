from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from pipelines.warc.writer import WarcFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def numbered_ids() -> Callable[[], UUID]:
    numbers = count(1)
    return lambda: UUID(int=next(numbers))


@pytest.fixture
def warc(tmp_path: Path) -> Iterator[WarcFile]:
    (tmp_path / "vault").mkdir()
    with WarcFile(tmp_path / "vault" / "run.warc.gz", root=tmp_path, new_id=numbered_ids()) as file:
        yield file
