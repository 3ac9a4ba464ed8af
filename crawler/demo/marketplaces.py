"""The three marketplaces as a context manager: a child process of their own that ends with its parent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from crawler.demo.clock import FileClock, FixedClock
from crawler.demo.inventory import Inventory, Market, load_inventory
from crawler.demo.serving import LOOPBACK
from pipelines.errors import PartMissing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType


class Marketplaces:
    """Serves marketplaces on loopback while the `with` block lasts.

    `clock` says which day it is; with a FileClock another process moves time. `grow` makes a marketplace
    as large as told (a number of listings), always in the same way. `hosts` gives the addresses, which must
    be loopback (`{"harborlist": "127.0.0.1:8101"}`) and, where given, chooses the markets too.
    """

    def __init__(
        self,
        *,
        clock: FixedClock | FileClock | None = None,
        grow: Mapping[str, int] | None = None,
        hosts: Mapping[str, str] | None = None,
    ) -> None:
        self._clock = clock or FixedClock()
        self._grow = {Market(name): size for name, size in (grow or {}).items()}
        wanted = {market.value: LOOPBACK for market in Market} if hosts is None else hosts
        self._hosts = {Market(name): address for name, address in wanted.items()}
        self._process: subprocess.Popen[str] | None = None
        self._said: IO[str] | None = None
        self.urls: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Start the child and wait for its addresses; PartMissing where it does not come up."""
        package_root = str(Path(__file__).resolve().parents[2])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([package_root, os.environ.get("PYTHONPATH", "")])}
        # A file, not a pipe: whatever the child has to say never makes it wait for a reader.
        said = self._said = tempfile.TemporaryFile("w+", encoding="utf-8")
        process = subprocess.Popen(  # noqa: S603 - our own module with checked arguments
            [sys.executable, "-m", "crawler.demo", "--child", *self._arguments()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env=environment,
        )
        self._process = process
        if process.stdout is None:
            raise PartMissing("the marketplaces have no output to read their addresses from")
        line = process.stdout.readline()
        if not line:
            reason = self._stop().strip().splitlines()
            raise PartMissing(f"the marketplaces did not start: {reason[-1] if reason else 'no reason given'}")
        self.urls = json.loads(line)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the child."""
        self._stop()

    def inventory(self, market: str) -> Inventory:
        """Return the catalogue that is served, grown as it is there."""
        from crawler.demo.growth import grow_inventory  # noqa: PLC0415 - only who compares needs it

        name = Market(market)
        return grow_inventory(load_inventory(name), self._grow.get(name, 0))

    def _arguments(self) -> list[str]:
        if isinstance(self._clock, FileClock):
            arguments = ["--clock", str(self._clock.path), "--day", str(self._clock.first_day)]
        else:
            arguments = ["--day", str(self._clock.day())]
        for market, address in self._hosts.items():
            arguments += ["--host", f"{market.value}={address}"]
        for market, size in self._grow.items():
            arguments += ["--grow", f"{market.value}={size}"]
        return arguments

    def _stop(self) -> str:
        process, self._process = self._process, None
        said, self._said = self._said, None
        if process is None or said is None:
            return ""
        # Closing its input is the child's sign to end.
        process.communicate()
        with said:
            said.seek(0)
            return said.read()
