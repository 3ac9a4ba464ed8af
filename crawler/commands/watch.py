"""`tracemark watch`."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import find_workspace, json_option, say, workspace_option
from pipelines.errors import ExitCode
from pipelines.store.runs import run_to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crawler.watch import Watch, WatchEvent
    from pipelines.observe.metrics import Meters

GRACE = 90.0
"""Seconds that runs have to end durably after a signal: three times what one page may take by default."""


@click.command()
@click.option("--once", is_flag=True, help="Run what is due now, assess it, and end.")
@click.option(
    "--most", default=16, show_default=True, type=click.IntRange(1, 1000), help="Most runs at once, each a process."
)
@workspace_option
@json_option
@click.pass_context
def watch(ctx: click.Context, once: bool, most: int, as_json: bool) -> int:
    """Visit each site of the workspace whenever its schedule says, and assess what was seen, until stopped.

    A site that was due more than once while nobody watched is visited once; a visit that was cut short goes on
    first; a site never visited is due at once. Sites without authority, or with mistakes in their files, are left
    alone and named. Logs lie in the workspace's logs/. SIGTERM and Ctrl-C let visits end durably (a second one does
    not wait). With --once, exit 1 says that a site was left alone or that its visit did not end well.

    \b
    Examples:
      tracemark watch
      tracemark watch --once --json
      tracemark watch --most 100 --workspace case-room
    """
    from crawler.holds import choose_holds  # noqa: PLC0415 -- as below
    from crawler.process import utc_now  # noqa: PLC0415 -- Scrapy takes 0.5 s
    from crawler.watch import Watch  # noqa: PLC0415
    from crawler.workers import ForkedWorkers  # noqa: PLC0415
    from pipelines.composition import metrics_served, opened  # noqa: PLC0415
    from pipelines.work.holding import process_name  # noqa: PLC0415

    workspace = find_workspace(ctx)
    tell = print_event if as_json else say_event
    with opened(workspace) as database, metrics_served(workspace, "watch") as meters, taken_signals() as taken:
        holds = choose_holds(workspace, database, process_name())
        keeper = Watch(
            workspace=workspace,
            database=database,
            starter=ForkedWorkers(workspace.root, holds.claims),
            holds=holds,
            now=utc_now,
            tell=counted(tell, meters),
            most=most,
        )
        keep(keeper, taken, once=once)
    if signal.SIGINT in taken.numbers:
        return ExitCode.INTERRUPTED
    return ExitCode.NOT_AS_IT_SHOULD_BE if once and keeper.troubled else ExitCode.DONE


def counted(tell: Callable[[WatchEvent], None], meters: Meters) -> Callable[[WatchEvent], None]:
    """`tell`, and what it tells counted."""

    def note(event: WatchEvent) -> None:
        if event.kind == "skipped":
            meters.note_trouble("skipped")
        if event.kind == "ended" and event.run is not None:
            meters.note_visit(event.run.status.value, event.run.started, event.run.finished)
        tell(event)

    return note


class SignalsTaken:
    """The signals that came, and a file descriptor that becomes readable with each."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.descriptor, self.wakeup = os.pipe()
        for end in (self.descriptor, self.wakeup):
            os.set_blocking(end, False)

    def note(self, number: int, _frame: object) -> None:
        """Take a signal (a handler for `signal.signal`)."""
        self.numbers.append(number)

    def drain(self) -> None:
        """Have the descriptor wait for the next one."""
        try:
            os.read(self.descriptor, 4096)
        except BlockingIOError:
            return


def keep(
    watch: Watch,
    taken: SignalsTaken,
    *,
    once: bool,
    at_signal: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Step until a signal comes, or, with `once`, until nothing more is due; then until all has ended.

    `at_signal` is called with each.
    """
    heeded, patience = 0, float("inf")
    while True:
        pause = watch.step()
        if watch.is_idle and (once or heeded):
            return
        wait([*watch.sentinels, taken.descriptor], timeout=min(pause, max(0.0, patience - clock())))
        taken.drain()
        if len(taken.numbers) > heeded or clock() > patience:
            watch.stop()
            at_signal()
            heeded = max(1, len(taken.numbers))
            patience = min(patience, clock() + GRACE)


@contextmanager
def taken_signals() -> Iterator[SignalsTaken]:
    """Take SIGINT and SIGTERM instead of being ended by them."""
    taken = SignalsTaken()
    before = {number: signal.signal(number, taken.note) for number in (signal.SIGINT, signal.SIGTERM)}
    wakeup = signal.set_wakeup_fd(taken.wakeup, warn_on_full_buffer=False)
    try:
        yield taken
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(taken.descriptor)
        os.close(taken.wakeup)


def say_event(event: WatchEvent) -> None:
    """Tell of it in a line for people."""
    if event.run is not None:
        run = event.run
        found = f"{run.found.get('pages', 0)} pages, {run.found.get('listings', 0)} listings"
        why = run.reason or event.reason
        say(f"{event.site}: {run.status.value}, {found}" + (f": {why}" if why else ""))
        return
    about = f"{event.site}: " if event.site else ""
    say(f"{about}{event.kind.value}" + (f": {event.reason}" if event.reason else ""))


def print_event(event: WatchEvent) -> None:
    """Tell of it as a line of JSON."""
    body = {
        "event": event.kind.value,
        "site": event.site,
        "run": None if event.run is None else run_to_json(event.run),
        "reason": event.reason,
    }
    click.echo(json.dumps(body, ensure_ascii=False))
