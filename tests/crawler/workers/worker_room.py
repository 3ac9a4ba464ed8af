"""A workspace on PostgreSQL, sites on loopback that note when they were asked, and workers in their own processes."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from attrs import frozen
from command_line import clean_environment

from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.store.database import Database

AUTHORITY = {"operator": "Example Unit", "contact": "unit@example.org", "basis": "Test"}
LISTINGS = 14
PAGE = """<!doctype html><html lang="en"><head><title>Garden chair {number}</title></head><body>
<nav><a href="/">Home</a></nav><main><h1>Garden chair {number}</h1><dl><dt>Price</dt><dd>$120.00</dd></dl>
<div class="description"><p>A folding garden chair made of oak, number {number} of a set, kept dry in a shed.</p></div>
</main></body></html>"""


class PacedServer:
    """Serves one small market under any number of names (its first path segment), and notes when each was asked."""

    def __init__(self) -> None:
        self.asked: dict[str, list[float]] = defaultdict(list)
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        server.daemon_threads = True
        server.paced = self  # type: ignore[attr-defined]
        self._server = server
        self.port = server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def shortest_gap(self, site: str) -> float:
        return min(later - earlier for earlier, later in itertools.pairwise(self.asked[site]))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""

    def do_GET(self) -> None:
        _, site, *rest = self.path.split("/")
        if site != "robots.txt":
            server: Any = self.server
            server.paced.asked[site].append(time.monotonic())
        if rest and rest[0] == "item":
            body = PAGE.format(number=rest[1])
        else:
            rows = "".join(f'<li><a href="/{site}/item/{n}">Garden chair {n}</a> $120.00</li>' for n in range(LISTINGS))
            body = "" if site == "robots.txt" else f"<!doctype html><html><body><ul>{rows}</ul></body></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())


@frozen
class WorkerRoom:
    workspace: Workspace
    database: Database

    @classmethod
    def make(cls, root: Path, database: Database) -> Self:
        write_workspace(root, AUTHORITY)
        settings = root / "tracemark.toml"
        url = database.engine.url.render_as_string(hide_password=False)
        settings.write_text(f'{settings.read_text()}\n[store]\nurl = "{url}"\n')
        return cls(Workspace.read(root, {}), database)

    def write_site(self, name: str, port: int, delay: float) -> None:
        (self.workspace.sites / f"{name}.yaml").write_text(
            f"site: {name}\nstart: ['http://127.0.0.1:{port}/{name}/']\n"
            "links: {listing: '/item/(?P<id>\\d+)'}\n"
            f"pace: {{delay: {delay}}}\nschedule: {{cron: '0 0 1 1 *'}}\n"
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A `tracemark worker` with all that it starts in a process group of which nothing outlives `kill_all`."""
        log = (self.workspace.root.parent / "workers.log").open("ab")
        command = [sys.executable, "-m", "pipelines.cli", "worker", "--workspace", str(self.workspace.root)]
        with log:
            return subprocess.Popen(
                [*command, *arguments], env=clean_environment(TRACEMARK_ALLOW_LOOPBACK="1"), stdout=log, stderr=log
            )

    @property
    def log(self) -> str:
        return (self.workspace.root.parent / "workers.log").read_text(errors="replace")


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL a worker and everything that it started, as if its machine lost its power."""
    for pid in [*descendants(process.pid), process.pid]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(10)


def descendants(pid: int) -> list[int]:
    """The processes below `pid`."""
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            after = (folder / "stat").read_text().rpartition(")")[2].split()
            children[int(after[1])].append(int(folder.name))
    found, waiting = [], [pid]
    while waiting:
        below = children[waiting.pop()]
        found += below
        waiting += below
    return found


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
