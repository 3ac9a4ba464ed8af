"""What every test shares."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep each file's tests on one worker, and all that needs Elasticsearch, so that what is dear is made once."""
    for item in items:
        index = HERE / "pipelines" / "index" in item.path.parents
        item.add_marker(pytest.mark.xdist_group("index" if index else str(item.path.relative_to(HERE))))
