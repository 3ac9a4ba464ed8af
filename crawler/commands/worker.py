"""`tracemark worker`."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

import click

from crawler.commands.watch import GRACE, counted, keep, print_event, say_event, taken_signals
from pipelines.commands.conventions import find_workspace, json_option, workspace_option
from pipelines.errors import ExitCode

if TYPE_CHECKING:
    from crawler.commands.watch import SignalsTaken
    from crawler.watch import Watch, WatchEvent
    from crawler.work.carrier import Carrier


@click.command()
@click.option("--name", metavar="NAME", help="How others see this worker (default: machine and process).")
@click.option("--concurrency", default=16, show_default=True, type=click.IntRange(1, 1000), help="Most visits at once.")
@click.option(
    "--lease",
    default=30.0,
    show_default=True,
    type=click.FloatRange(2, 3600),
    help="Seconds after which the sites of a worker that died go to others.",
)
@click.option("--only", type=click.Choice(["visits", "tasks"]), help="Only visit sites, or only assess and index.")
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
@workspace_option
@json_option
@click.pass_context
def worker(
    ctx: click.Context, name: str | None, concurrency: int, lease: float, only: str | None, once: bool, as_json: bool
) -> int:
    """Share the work on a PostgreSQL store: visit sites that are due, assess and index what was seen, until stopped.

    Any number of workers, on any machines that reach the store and see the workspace's folder. A site is with one of
    them at a time; where one dies, its sites go on elsewhere when its lease has ended. SIGTERM and Ctrl-C let end what
    is under way (a second one does not wait: what is cut short is begun again). On one machine: tracemark watch.

    \b
    Examples:
      tracemark worker
      tracemark worker --name north-1 --concurrency 32
      tracemark worker --only tasks --json
    """
    from crawler.holds import StoreHolds  # noqa: PLC0415 -- as below
    from crawler.process import utc_now  # noqa: PLC0415 -- Scrapy takes 0.5 s
    from crawler.watch import LONGEST_LOOK, Watch, WatchEvent, WatchEventKind  # noqa: PLC0415
    from pipelines.composition import metrics_served, opened  # noqa: PLC0415
    from pipelines.work.holding import process_name  # noqa: PLC0415
    from pipelines.work.queue import prepare_queue, require_shared, schema_name  # noqa: PLC0415
    from pipelines.work.register import Presence  # noqa: PLC0415

    workspace, called = find_workspace(ctx), (name or process_name())[:64]
    tell = print_event if as_json else say_event

    def tell_visits(event: WatchEvent) -> None:
        if event.kind is not WatchEventKind.ASSESSED:  # it was only asked for: the task itself tells of it
            tell(event)

    def tell_task(words: str) -> None:
        tell(WatchEvent(kind=WatchEventKind.TASK, reason=words))

    with opened(workspace) as database, metrics_served(workspace, "worker") as meters:
        require_shared(database)
        schema_name()
        from crawler.work.carrier import Carrier  # noqa: PLC0415 -- procrastinate is there
        from crawler.work.starter import QueueStarter  # noqa: PLC0415
        from crawler.work.tasks import Tasks  # noqa: PLC0415

        prepare_queue(database)
        holds = StoreHolds(database, called, lease)
        watch = Watch(
            workspace=workspace,
            database=database,
            starter=QueueStarter(workspace.root, holds.claims, database),
            now=utc_now,
            tell=counted(tell_visits, meters),
            most=0 if only == "tasks" else concurrency,
            holds=holds,
            longest_look=min(LONGEST_LOOK, lease / 2),
        )
        carrier = Carrier(Tasks(workspace, database, os.environ), called, tell_task, wait=not once)
        with Presence(database, name=called, does=only or "all", most=watch.most), taken_signals() as taken:
            share_work(watch, None if only == "visits" else carrier, taken, once=once)
    if signal.SIGINT in taken.numbers:
        return ExitCode.INTERRUPTED
    return ExitCode.NOT_AS_IT_SHOULD_BE if once and watch.troubled else ExitCode.DONE


def share_work(watch: Watch, carrier: Carrier | None, taken: SignalsTaken, *, once: bool) -> None:
    """Visits and tasks beside each other until a signal comes; with `once`, tasks when no visit is left."""
    if carrier is None:
        keep(watch, taken, once=once)
        return
    try:
        if not once:
            carrier.start()
        keep(watch, taken, once=once, at_signal=carrier.stop)
        if once and not taken.numbers:
            carrier.start()
            see_out(carrier, taken)
    finally:
        carrier.stop()
        see_out(carrier, taken)


def see_out(carrier: Carrier, taken: SignalsTaken) -> None:
    """Wait for the carrier's end. A signal stops it; one more, or a long wait after the first, ends the process."""
    patience, heeded = float("inf"), len(taken.numbers)
    if heeded:
        patience = time.monotonic() + GRACE
    while carrier.is_alive:
        wait([taken.descriptor], timeout=0.1)
        taken.drain()
        if len(taken.numbers) > heeded:
            carrier.stop()
            heeded = len(taken.numbers)
            patience = min(patience, time.monotonic() + (GRACE if heeded == 1 else 0))
        if time.monotonic() > patience:
            # As if it were killed: the store is whole at any moment, and the task is begun again by another worker.
            os._exit(ExitCode.INTERRUPTED)
