"""The desk over a workspace, as tests ask it: in process, or by a server of its own."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn
from starlette.testclient import TestClient

from dashboards.application import create_application
from dashboards.commands import listen, listen_for_replay
from pipelines.composition import utc_now
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

ORIGIN = "http://127.0.0.1:8000"


def copied(sample: Workspace, folder: Path) -> Workspace:
    shutil.copytree(sample.root, folder, ignore=shutil.ignore_patterns("locks"))
    return Workspace.read(folder, {})


@contextmanager
def visiting(workspace: Workspace, actor: str = "ana") -> Iterator[TestClient]:
    application = create_application(workspace, actor=actor)
    with TestClient(application, base_url=ORIGIN, follow_redirects=False) as client:
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
