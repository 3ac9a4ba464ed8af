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
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the benchmark prints for the small form."""
    from sellers import measure  # noqa: PLC0415

    return measure(LISTINGS, 7, tmp_path_factory.mktemp("sellers"))
