"""The demo's own workspace: its marketplaces' addresses and day, and which of them were crawled on which day."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from importlib import resources
from typing import TYPE_CHECKING, Any

from attrs import frozen

from crawler.browser import find_chromium
from crawler.demo.clock import FileClock
from crawler.demo.marketplaces import Marketplaces
from pipelines.errors import PartMissing
from pipelines.models import RunStatus
from pipelines.store.frontier import count_states
from pipelines.store.runs import RunKind, latest_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipelines.store.database import Database
    from pipelines.workspace import Workspace

MARKETS = ("harborlist", "tauschboerse", "bazarlive")
NEEDS_BROWSER = "bazarlive"
FIRST_PORT = 8101
_GOOD = (RunStatus.DONE, RunStatus.DEGRADED)


@frozen
class Tour:
    """A guided tour of a workspace's three training marketplaces."""

    workspace: Workspace

    @property
    def clock(self) -> FileClock:
        """The marketplaces' day; `advance` moves it, from any process."""
        return FileClock(self._folder / "day.json")

    @property
    def markets(self) -> tuple[str, ...]:
        """Those that can be visited on this machine."""
        return MARKETS if find_chromium() is not None else tuple(one for one in MARKETS if one != NEEDS_BROWSER)

    @contextmanager
    def open_marketplaces(self) -> Iterator[Marketplaces]:
        """The marketplaces, at the addresses that they had before where those are free."""
        with ExitStack() as running:
            try:
                marketplaces = running.enter_context(self._marketplaces(self._ports()))
            except PartMissing:
                # A port was free when asked and taken when used: another demo begins at the same moment.
                ports = {market: _free_port() for market in MARKETS}
                (self._folder / "ports.json").write_text(json.dumps(ports))
                marketplaces = running.enter_context(self._marketplaces(ports))
            yield marketplaces

    def _marketplaces(self, ports: Mapping[str, int]) -> Marketplaces:
        return Marketplaces(clock=self.clock, hosts={market: f"127.0.0.1:{ports[market]}" for market in MARKETS})

    def write_sites(self, urls: Mapping[str, str]) -> None:
        """Site files for the marketplaces at `urls`."""
        for market in MARKETS:
            text = resources.files("crawler.demo").joinpath("sites", f"{market}.yaml").read_text("utf-8")
            path = self.workspace.sites / f"{market}.yaml"
            path.write_text(text.replace(f"{market.upper()}/", f"{urls[market]}/"), encoding="utf-8")

    def due(self) -> list[str]:
        """The markets that were not yet seen on the marketplaces' present day."""
        seen = _read(self._folder / "crawled.json")
        today = self.clock.day()
        return [market for market in self.markets if seen.get(market) != today]

    def crawl(self, database: Database, markets: list[str], tell: Callable[[int, int | None], None]) -> dict[str, Any]:
        """Visit `markets` side by side, each in a process of its own; the runs' states by market."""
        today = self.clock.day()
        processes = {market: self._start(market) for market in markets}
        try:
            while any(process.poll() is None for process in processes.values()):
                tell(*self._pages(database, markets))
                time.sleep(0.25)
        finally:
            for process in processes.values():
                process.terminate() if process.poll() is None else None
                process.wait()
        seen, outcomes = _read(self._folder / "crawled.json"), {}
        for market in markets:
            with database.read() as connection:
                run = latest_run(connection, market, kind=RunKind.CRAWL)
            outcomes[market] = None if run is None else run
            if run is not None and run.status in _GOOD:
                seen[market] = today
        (self._folder / "crawled.json").write_text(json.dumps(seen))
        return outcomes

    @property
    def _folder(self) -> Any:
        folder = self.workspace.root / "demo"
        folder.mkdir(exist_ok=True)
        return folder

    def _ports(self) -> dict[str, int]:
        path = self._folder / "ports.json"
        wanted = _read(path) or {market: FIRST_PORT + place for place, market in enumerate(MARKETS)}
        ports = {market: port if _is_free(port) else _free_port() for market, port in wanted.items()}
        path.write_text(json.dumps(ports))
        return ports

    def _start(self, market: str) -> subprocess.Popen[bytes]:
        arguments = [
            "-m",
            "scrapy",
            "crawl",
            "listings",
            "-a",
            f"site={market}",
            "-a",
            f"workspace={self.workspace.root}",
        ]
        environment = {
            **os.environ,
            "SCRAPY_SETTINGS_MODULE": "crawler.settings",
            "TRACEMARK_ALLOW_LOOPBACK": "1",  # the marketplaces are on this machine
        }
        log = (self._folder / f"{market}.log").open("wb")
        with log:
            return subprocess.Popen([sys.executable, *arguments], env=environment, stdout=log, stderr=log)  # noqa: S603 -- our own arguments

    def _pages(self, database: Database, markets: list[str]) -> tuple[int, int | None]:
        done = known = 0
        with database.read() as connection:
            for market in markets:
                run = latest_run(connection, market, kind=RunKind.CRAWL)
                states = {} if run is None else count_states(connection, run.id)
                done += states.get("done", 0)
                known += sum(states.values())
        return done, known or None


def _read(path: Any) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
