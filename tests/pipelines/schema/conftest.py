from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from schema_workspace import make_workspace  # noqa: PLC0415 -- its folder is on the path only now

    root = tmp_path_factory.mktemp("room") / "workspace"
    make_workspace(root)
    return root
