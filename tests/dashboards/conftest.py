"""Workspaces, clients and the browser that the tests of the desk share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from desk_samples import feed_lines, make_workspace
from desk_serving import copied, visiting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The workspace that tests copy."""
    return make_workspace(tmp_path_factory.mktemp("desk") / "case-room", feed_lines())


@pytest.fixture
def workspace(sample: Workspace, tmp_path: Path) -> Workspace:
    """A copy for one test."""
    return copied(sample, tmp_path / "room")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A packet is handed over at once, however busy the machine is."""
    monkeypatch.setattr("dashboards.packets.AT_ONCE", 60.0)


@pytest.fixture
def client(workspace: Workspace) -> Iterator[TestClient]:
    with visiting(workspace) as client:
        yield client


@pytest.fixture(scope="module")
def reader(sample: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a copy shared by a module, for tests that decide nothing."""
    with visiting(copied(sample, tmp_path_factory.mktemp("shared") / "room")) as client:
        yield client
