"""Workspaces and crawls as a user has them: commands in processes of their own, marketplaces on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import resources
from typing import TYPE_CHECKING, Any

from attrs import frozen

from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

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

    def start(self, site: str, *more: str, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pipelines.cli", "--workspace", str(self.workspace.root), "crawl", site]
        return subprocess.Popen(
            [*command, "--json", *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TRACEMARK_ALLOW_LOOPBACK": "1", **environment},
        )

    def crawl(self, site: str, *more: str, **environment: str) -> Ended:
        return Ended.of(self.start(site, *more, **environment))


@frozen
class Ended:
    """How a `tracemark crawl` ended."""

    code: int
    found: dict[str, Any]
    stderr: str

    @classmethod
    def of(cls, process: subprocess.Popen[str]) -> Ended:
        stdout, stderr = process.communicate(timeout=200)
        return cls(process.returncode, json.loads(stdout) if stdout.strip() else {}, stderr)

    @property
    def error(self) -> dict[str, Any]:
        """The one JSON object on standard error."""
        found: dict[str, Any] = json.loads(self.stderr.strip().splitlines()[-1])
        return found
