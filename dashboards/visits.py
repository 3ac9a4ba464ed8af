"""Visits begun from the desk: a process of its own each, then the assessment, and how it ended."""

from __future__ import annotations

import subprocess
import sys
from threading import Lock, Thread
from typing import TYPE_CHECKING

import structlog

from pipelines.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

log = structlog.get_logger(__name__)

_LINES_KEPT = 6


class Visits:
    """Runs `tracemark crawl SITE` and `tracemark assess` beside the requests, one visit of a site at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = Lock()
        self._processes: dict[str, subprocess.Popen[str] | None] = {}
        self._words: dict[str, str] = {}

    def begin(self, site: str) -> None:
        """Begin to visit. BadInput where a visit begun here is under way."""
        with self._lock:
            if site in self._processes:
                raise BadInput(f"a visit of {site} is under way")
            self._processes[site] = None
            self._words[site] = "under way"
        Thread(target=self._run, args=(site,), name=f"visit-{site}", daemon=True).start()

    def words(self, site: str) -> str | None:
        """How the last visit begun here stands or ended, in words; None without one."""
        with self._lock:
            return self._words.get(site)

    def stop(self) -> None:
        """Tell every visit to end; each goes on from there the next time."""
        with self._lock:
            running = [process for process in self._processes.values() if process is not None]
        for process in running:
            process.terminate()
        for process in running:
            process.wait()

    def _run(self, site: str) -> None:
        code, said = self._call(site, "crawl", site)
        if code in (0, 1):
            _, more = self._call(site, "assess")
            said = [*said, *more]
        log.info("visit_ended", site=site, code=code)
        with self._lock:
            del self._processes[site]
            self._words[site] = " ".join(said[-_LINES_KEPT:]) or f"ended with {code}"

    def _call(self, site: str, *arguments: str) -> tuple[int, list[str]]:
        command = [sys.executable, "-m", "pipelines.cli", "--workspace", str(self._root), *arguments]
        with subprocess.Popen(  # noqa: S603 -- our own arguments
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            with self._lock:
                self._processes[site] = process
            said, _ = process.communicate()
        return process.returncode, [line.strip() for line in said.splitlines() if line.strip()]
