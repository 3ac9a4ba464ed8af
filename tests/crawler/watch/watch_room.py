"""A workspace with two scheduled sites, a watch over it, and ways to let its past lie further back."""

from __future__ import annotations

import os
import subprocess
import time
from datetime import timedelta
from importlib import resources
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import field, frozen
from command_line import TRACEMARK, clean_environment

from crawler.process import utc_now
from crawler.watch import Watch, WatchEvent
from crawler.workers import Ending, ForkedWorkers
from pipelines.store.runs import Run, runs_of
from pipelines.store.tables import runs
from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from crawler.workers import Starter
    from pipelines.store.database import Database

AUTHORITY = {"operator": "Example Unit", "contact": "unit@example.org", "basis": "Test"}
# The first page and what it lists, and no further: a run of some twenty pages.
SKIP = {"harborlist": "/login|/c/|page=|/user/", "tauschboerse": "/konto/|/seite/|/kategorie/|/anbieter/"}
# Once a year: within a test nothing comes due that the test did not let come due.
YEARLY = "0 0 1 1 *"


class Ended:
    """A process that has ended already: assessments are not what these tests are about."""

    sentinel = -1

    def ending(self) -> Ending:
        return Ending(code=0)

    def interrupt(self) -> None:
        pass

    def kill(self) -> None:
        pass


class OnlyVisits(ForkedWorkers):
    def start_assessment(self) -> Any:
        return Ended()


@frozen
class WatchRoom:
    workspace: Workspace
    database: Database
    markets: Mapping[str, str]
    events: list[WatchEvent] = field(factory=list)

    @classmethod
    def make(cls, root: Path, markets: Mapping[str, str]) -> WatchRoom:
        write_workspace(root, AUTHORITY)
        workspace = Workspace.read(root, os.environ)
        return cls(workspace, workspace.open_database(), markets)

    def write_site(self, market: str, *, name: str | None = None, pace: str = "delay: 0", more: str = "") -> Path:
        text = resources.files("crawler.demo").joinpath("sites", f"{market}.yaml").read_text("utf-8")
        lines = [line for line in text.splitlines() if not line.startswith(("pace:", "expect:", "site:"))]
        text = "\n".join(lines).replace(f"{market.upper()}/", f"{self.markets[market]}/")
        path = self.workspace.sites / f"{name or market}.yaml"
        text = "\n".join(f"  skip: {SKIP[market]}" if "skip:" in line else line for line in text.splitlines())
        schedule = "" if "schedule:" in more else f'schedule: {{cron: "{YEARLY}"}}\n'
        path.write_text(f"site: {name or market}\n{text}\npace: {{{pace}}}\n{schedule}{more}")
        return path

    def watch(
        self,
        *,
        starter: Starter | None = None,
        now: Callable[[], datetime] = utc_now,
        most: int = 8,
    ) -> Watch:
        return Watch(
            workspace=self.workspace,
            database=self.database,
            starter=starter or OnlyVisits(self.workspace.root),
            now=now,
            tell=self.events.append,
            most=most,
        )

    def runs(self, site: str | None = None) -> list[Run]:
        with self.database.read() as connection:
            return runs_of(connection, site)

    def age(self, **past: float) -> None:
        """Let every run lie further back."""
        for run in self.runs():
            values = {"started": run.started - timedelta(**past)}
            if run.finished is not None:
                values["finished"] = run.finished - timedelta(**past)
            with self.database.write() as connection:
                connection.execute(sa.update(runs).where(runs.c.id == run.id).values(values))

    def told(self, kind: str) -> list[tuple[str | None, str | None]]:
        return [(one.site, one.reason) for one in self.events if one.kind == kind]

    def open_command(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(TRACEMARK), "watch", "--workspace", str(self.workspace.root), *arguments],
            env=clean_environment(TRACEMARK_ALLOW_LOOPBACK="1"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def settle(watch: Watch, seconds: float = 60) -> None:
    """Step until nothing is under way."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        watch.step()
        if watch.is_idle:
            return
        wait([one for one in watch.sentinels if one >= 0], timeout=0.2)
    raise AssertionError("the watch has not come to rest")


def until(condition: Callable[[], object], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
