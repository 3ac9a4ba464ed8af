"""Workspaces and crawls as a user has them: commands in processes of their own, marketplaces on loopback.

The processes are forked from a server that has loaded the command line once: starting Python anew, and loading Scrapy,
would take most of the time of these tests. A test that sets PYTHONPATH has an interpreter started for it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from crawler.workers import LOADED_ONCE
from pipelines.cli import main
from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.context import ForkServerProcess

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [*LOADED_ONCE, "crawler.commands.crawl", "crawler.browser", "pipelines.composition", "pipelines.index.opening"]
)
LONGEST = 200.0
AUTHORITY = {"operator": "Test Unit", "contact": "unit@example.org", "basis": "Test mandate 1/2026"}


@frozen
class Room:
    """A workspace, and what is done in it from outside."""

    workspace: Workspace

    @classmethod
    def make(cls, root: Path, authority: Mapping[str, str | None] = AUTHORITY) -> Room:
        write_workspace(root, authority)
        return cls(Workspace.read(root, {}))

    def write_site(self, name: str, text: str) -> Path:
        path = self.workspace.sites / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def write_market(self, market: str, url: str, **changes: str) -> None:
        """The demo's own site file for a marketplace; `changes` replaces text in it."""
        text = resources.files("crawler.demo").joinpath("sites", f"{market}.yaml").read_text("utf-8")
        for old, new in changes.items():
            text = text.replace(old, new)
        self.write_site(market, text.replace(f"{market.upper()}/", f"{url}/"))

    def start(self, site: str, *more: str, **environment: str) -> Command:
        return Command.start("crawl", site, "--json", *more, workspace=self.workspace, environment=environment)

    def tell(self, *arguments: str, **environment: str) -> Ended:
        """What a command says and does."""
        return Ended.of(Command.start(*arguments, workspace=self.workspace, environment=environment))

    def crawl(self, site: str, *more: str, **environment: str) -> Ended:
        return Ended.of(self.start(site, *more, **environment))


@frozen
class Ended:
    """How a `tracemark crawl` ended."""

    code: int
    found: dict[str, Any]
    stderr: str
    stdout: str = ""

    @classmethod
    def of(cls, process: Command) -> Ended:
        code, stdout, stderr = process.finish()
        return cls(code, json.loads(stdout) if stdout.startswith("{") else {}, stderr, stdout)

    @property
    def error(self) -> dict[str, Any]:
        """The one JSON object on standard error."""
        found: dict[str, Any] = json.loads(self.stderr.strip().splitlines()[-1])
        return found


@frozen
class Command:
    """A `tracemark` command under way; what it says lies in two files."""

    process: ForkServerProcess | subprocess.Popen[bytes]
    said: Path

    @classmethod
    def start(cls, *arguments: str, workspace: Workspace, environment: Mapping[str, str]) -> Command:
        said = Path(tempfile.mkdtemp(dir=workspace.root.parent, prefix="said-"))
        given = ["--workspace", str(workspace.root), *arguments]
        chosen = {**os.environ, "TRACEMARK_ALLOW_LOOPBACK": "1", **environment}
        if "PYTHONPATH" not in environment:
            process = FORKS.Process(target=carry_out, args=(given, chosen, said))
            process.start()
            return cls(process, said)
        command = [sys.executable, "-m", "pipelines.cli", *given]
        with (said / "out").open("wb") as out, (said / "err").open("wb") as err:
            return cls(subprocess.Popen(command, stdout=out, stderr=err, env=chosen), said)

    @property
    def pid(self) -> int:
        return self.process.pid or 0

    def poll(self) -> int | None:
        """The exit code, None while it goes on."""
        return self.process.poll() if isinstance(self.process, subprocess.Popen) else self.process.exitcode

    def interrupt(self, number: int = signal.SIGINT) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def finish(self) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        deadline = time.monotonic() + LONGEST
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                raise TimeoutError((self.said / "err").read_text(errors="replace"))
            time.sleep(0.01)
        out, err = ((self.said / name).read_text(encoding="utf-8") for name in ("out", "err"))
        return code, out, err


def carry_out(arguments: list[str], environment: Mapping[str, str], said: Path) -> None:
    """Be the command's process."""
    os.environ.clear()
    os.environ.update(environment)
    for stream, name in ((1, "out"), (2, "err")):
        descriptor = os.open(said / name, os.O_WRONLY | os.O_CREAT)
        os.dup2(descriptor, stream)
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main(arguments)
