from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import uvicorn
from desk_samples import feed_lines, make_workspace
from playwright.sync_api import sync_playwright
from starlette.testclient import TestClient

from dashboards.application import create_application
from dashboards.commands import listen, listen_for_replay
from pipelines.composition import utc_now
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from playwright.sync_api import Browser

ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The workspace that tests copy."""
    return make_workspace(tmp_path_factory.mktemp("desk") / "case-room", feed_lines())


def copied(sample: Workspace, folder: Path) -> Workspace:
    shutil.copytree(sample.root, folder, ignore=shutil.ignore_patterns("locks"))
    return Workspace.read(folder, {})


@pytest.fixture
def workspace(sample: Workspace, tmp_path: Path) -> Workspace:
    """A copy for one test."""
    return copied(sample, tmp_path / "room")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A packet is handed over at once, however busy the machine is."""
    monkeypatch.setattr("dashboards.packets.AT_ONCE", 60.0)


@contextmanager
def visiting(workspace: Workspace, actor: str = "ana") -> Iterator[TestClient]:
    application = create_application(workspace, actor=actor)
    with TestClient(application, base_url=ORIGIN, follow_redirects=False) as client:
        yield client


@pytest.fixture
def client(workspace: Workspace) -> Iterator[TestClient]:
    with visiting(workspace) as client:
        yield client


@pytest.fixture(scope="module")
def reader(sample: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a copy shared by a module, for tests that decide nothing."""
    with visiting(copied(sample, tmp_path_factory.mktemp("shared") / "room")) as client:
        yield client


@contextmanager
def serving(workspace: Workspace, now: Callable[[], datetime] = utc_now) -> Iterator[str]:
    """The address of a running server."""
    other, replay = listen_for_replay("127.0.0.1", workspace)
    assert other
    application = create_application(workspace, actor="ana", now=now, replay=replay)
    with listen("127.0.0.1", 0) as listener, other:
        config = uvicorn.Config(application, log_level="error", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener, other]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture
def serve() -> Callable[[Workspace], object]:
    return serving


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()
