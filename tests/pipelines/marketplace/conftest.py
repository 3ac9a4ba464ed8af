"""The made-up marketplace of benchmarks/, made and assessed once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

if TYPE_CHECKING:
    from marketplace.models import Marketplace

LISTINGS = 1000


@pytest.fixture(scope="session")
def market() -> Marketplace:
    from marketplace.making import make_marketplace  # noqa: PLC0415 -- after the path above

    return make_marketplace(LISTINGS)


@pytest.fixture(scope="session")
def _measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    from sellers import measure  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("sellers")
    return measure(LISTINGS, 7, folder, sizes=(LISTINGS,)), folder


@pytest.fixture(scope="session")
def found(_measured: tuple[dict[str, Any], Path]) -> dict[str, Any]:
    """What the benchmark prints for the small form."""
    return _measured[0]


@pytest.fixture(scope="session")
def workspace(_measured: tuple[dict[str, Any], Path]) -> Path:
    """The workspace that it leaves behind."""
    return _measured[1] / str(LISTINGS)
