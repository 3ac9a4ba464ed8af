"""The processes of a watch: each run, and each assessment, in one of its own.

They are forked from a server that has loaded the crawler once (multiprocessing's forkserver): measured, a process then
begins with 0.02 s of processor time instead of 1.6 s, and 100 runs take 48 MB each, what they share counted once.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from attrs import define, field, frozen

from pipelines.errors import DiskTrouble, ExitCode, PartMissing, TracemarkError
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext, ForkServerProcess
    from pathlib import Path

    from pipelines.work.leases import Claim

LOADED_ONCE = [
    "crawler.process",
    "crawler.spiders.listings",
    "crawler.scheduler",
    "crawler.middlewares",
    "crawler.resolver",
    "scrapy.crawler",
    "scrapy.utils.project",
    "scrapy.core.downloader.handlers.http11",
    "scrapy.downloadermiddlewares.cookies",
    "scrapy.downloadermiddlewares.httpcompression",
    "scrapy.downloadermiddlewares.redirect",
    "scrapy.extensions.feedexport",
    "scrapy.robotstxt",
    "scrapy.spidermiddlewares.referer",
    "aiohttp",
    "protego",
    "sqlite3",
]
"""What every run needs, loaded before the fork. None of it installs Twisted's reactor: each process has its own."""


@frozen(kw_only=True)
class Ending:
    """How a process ended: its exit code (negative: the signal that killed it), and what it had to say."""

    code: int
    words: str | None = None


class Worker(Protocol):
    """A process under way."""

    @property
    def sentinel(self) -> int:
        """A file descriptor that becomes readable when the process ends."""
        ...

    def ending(self) -> Ending | None:
        """How it ended, None while it goes on."""
        ...

    def interrupt(self) -> None:
        """Ask it to finish what is under way and to end."""
        ...

    def kill(self) -> None:
        """End it now. What it had made durable stays."""
        ...


class Starter(Protocol):
    """Whoever starts processes for a watch."""

    def start_run(self, name: str, path: Path) -> Worker:
        """Visit the site `name`, whose file is `path`."""
        ...

    def start_assessment(self) -> Worker:
        """Assess what waits, and bring the index up to date."""
        ...


@define
class ForkedWorker:
    """A process from the fork server."""

    _process: ForkServerProcess
    _words: Connection

    @property
    def sentinel(self) -> int:
        """A file descriptor that becomes readable when the process ends."""
        return self._process.sentinel

    def ending(self) -> Ending | None:
        """How it ended, None while it goes on."""
        code = self._process.exitcode
        if code is None:
            return None
        words = None
        with suppress(EOFError, OSError):
            words = self._words.recv() if self._words.poll() else None
        self._words.close()
        self._process.join()
        return Ending(code=code, words=words)

    def interrupt(self) -> None:
        """Send it SIGINT, once: a second one would make Scrapy drop what is under way."""
        if self._process.pid is not None and self._process.exitcode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGINT)

    def kill(self) -> None:
        """Send it SIGKILL."""
        self._process.kill()


@define
class ForkedWorkers:
    """Starts the processes of one workspace; each run's log is `logs/SITE.log`, that of its last run.

    `claims` is how sites were claimed for their visits, by site.
    """

    root: Path
    claims: Mapping[str, Claim] = field(factory=dict)
    _context: ForkServerContext = field(factory=lambda: multiprocessing.get_context("forkserver"), init=False)

    def __attrs_post_init__(self) -> None:
        self._context.set_forkserver_preload(LOADED_ONCE)
        try:
            (self.root / "logs").mkdir(exist_ok=True)
        except OSError as error:
            raise DiskTrouble(f"{self.root / 'logs'} cannot be made: {error.strerror}") from error

    def start_run(self, name: str, path: Path) -> ForkedWorker:
        """Visit the site `name`, whose file is `path`."""
        return self._start(visit_site, self.root / "logs" / f"{name}.log", str(path), self.claims.get(name))

    def start_assessment(self) -> ForkedWorker:
        """Assess what waits, and bring the index up to date."""
        return self._start(assess_waiting, self.root / "logs" / "assess.log")

    def _start(self, work: Callable[..., str | None], log: Path, *arguments: object) -> ForkedWorker:
        ours, theirs = self._context.Pipe(duplex=False)
        # The server that forks keeps the environment it was started in; a run has that of the moment it starts.
        process = self._context.Process(
            target=carry_out, args=(work, log, theirs, dict(os.environ), self.root, *arguments)
        )
        try:
            process.start()
        except EOFError as error:
            raise PartMissing(
                "the crawler could not be loaded; the reason is above", hint="tracemark doctor"
            ) from error
        theirs.close()
        return ForkedWorker(process, ours)


def carry_out(
    work: Callable[..., str | None],
    log: Path,
    words: Connection,
    environment: Mapping[str, str],
    root: Path,
    *arguments: object,
) -> None:
    """Do `work` in this process, apart from the terminal's signals, its output in `log`, its last words sent."""
    os.environ.clear()
    os.environ.update(environment)
    os.setpgid(0, 0)
    gc.freeze()  # a collection that touches what was loaded before the fork would copy it
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    sys.stdout.flush()
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)
    try:
        said, code = work(root, *arguments), ExitCode.DONE
    except TracemarkError as error:
        said, code = error.message, error.exit_code
        sys.stderr.write(f"{error.message}\n")
    except KeyboardInterrupt:
        said, code = None, ExitCode.INTERRUPTED
    with suppress(OSError):  # the watch was killed: nobody listens
        words.send(said)
    words.close()
    sys.exit(code)


def visit_site(root: Path, path: str, claim: Claim | None) -> None:
    """One run, as `tracemark crawl` does it, under `claim`; how it ended is in the store."""
    from crawler.process import crawl_site  # noqa: PLC0415 -- the watch itself needs no Scrapy

    crawl_site(Workspace.read(root, os.environ), path, delay=None, claim=claim)


def assess_waiting(root: Path) -> str:
    """What `tracemark assess`, `alert run` and `custody head --daily` do; what they found, in words."""
    from pipelines.alerts.service import run_alerts  # noqa: PLC0415 -- as above
    from pipelines.commands.assess import run_assessment  # noqa: PLC0415
    from pipelines.commands.custody import sign_daily_head  # noqa: PLC0415
    from pipelines.composition import opened  # noqa: PLC0415

    workspace = Workspace.read(root, os.environ)
    with opened(workspace) as database:
        report, sellers = run_assessment(workspace, database, lambda _done, _all: None)
        alerts = run_alerts(workspace, database, os.environ)
        custody = sign_daily_head(workspace, database)
    review = report.review.get("review", 0)
    found = f"{report.assessed} listings assessed, {review} need review; {sellers.assessed} sellers"
    return f"{found}; {alerts.deliveries.sent} alerts sent{custody}"
