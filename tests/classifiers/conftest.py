"""One assessor for all tests of this folder: it holds no state of the texts it has read."""

from __future__ import annotations

import pytest

from classifiers import Assessor


@pytest.fixture(scope="session")
def assessor() -> Assessor:
    return Assessor.load()
