"""Carries out the queue's tasks: procrastinate's worker, in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import DeleteJobCondition, Status
from psycopg import OperationalError

from crawler.work.tasks import PRIORITIES, Next
from pipelines.errors import PartMissing, TracemarkError
from pipelines.store.assessing import is_anything_new
from pipelines.work.leases import claim_lease
from pipelines.work.queue import HEARTBEAT, QUEUE, STALLED_AFTER, connection_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from procrastinate import JobContext

    from crawler.work.tasks import Tasks
    from pipelines.store.database import Database

_log = structlog.get_logger(__name__)

_BETWEEN_ROUNDS = 30.0
"""Seconds after which somebody looks for what a dead worker left, and for listings that nobody planned for."""

_KEPT_HOURS = 7 * 24
"""Tasks that failed for good are shown so long."""

_AWAY = (ConnectorException, OperationalError, PartMissing)
_PAUSE = 5.0


class Carrier:
    """Carries out `tasks`, one at a time, until stopped; or, unless it is to `wait` for more, until none is left.

    `name` is the worker's, and `tell` is told in words what was done.
    """

    def __init__(self, tasks: Tasks, name: str, tell: Callable[[str], None], *, wait: bool = True) -> None:
        self._tasks = tasks
        self._database = tasks.database
        self._name = name
        self._tell = tell
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._wait = wait
        self._trouble: Exception | None = None
        self._thread = threading.Thread(target=self._run_all, name="tasks")
        self._ready = threading.Event()

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End after the task under way."""
        self._stopping = True
        if self._loop is not None and self._main is not None:
            with suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._main.cancel)

    @property
    def is_alive(self) -> bool:
        """Whether it has not come to its end. Raises what ended it, where that was not the end of its work."""
        if not self._thread.is_alive() and self._trouble is not None:
            raise self._trouble
        return self._thread.is_alive()

    def _run_all(self) -> None:
        try:
            asyncio.run(self._run())
        except asyncio.CancelledError:
            pass
        except Exception as error:  # noqa: BLE001 -- raised where somebody asks after it
            self._trouble = error
        finally:
            self._ready.set()

    async def _run(self) -> None:
        for chatty in ("procrastinate", "psycopg.pool"):  # what they have to say is said here, once and in words
            logging.getLogger(chatty).setLevel(logging.CRITICAL)
        self._loop, self._main = asyncio.get_running_loop(), asyncio.current_task()
        self._ready.set()
        while not self._stopping:
            try:
                await self._serve()
            except _AWAY as error:
                if not self._wait:
                    raise PartMissing(
                        f"the queue of tasks does not answer: {error}", hint="tracemark doctor"
                    ) from error
                _log.warning("queue_away", reason=str(error))
            if not self._wait:
                return
            # Stopped, or the worker lost its connection and gave up.
            await asyncio.sleep(_PAUSE)

    async def _serve(self) -> None:
        app = App(connector=PsycopgConnector(**connection_options(self._database)))
        for task in PRIORITIES:
            self._register(app, task)
        async with app.open_async():
            await defer(app, Next(task="plan"))  # what waits for this model, after an upgrade too
            rounds = asyncio.create_task(self._go_round(app))
            try:
                await app.run_worker_async(
                    queues=[QUEUE],
                    name=self._name,
                    wait=self._wait,
                    delete_jobs=DeleteJobCondition.SUCCESSFUL,
                    install_signal_handlers=False,
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=STALLED_AFTER,
                )
            finally:
                rounds.cancel()

    def _register(self, app: App, name: str) -> None:
        async def work(context: JobContext, block: int | None = None) -> None:
            try:
                done = await asyncio.to_thread(self._tasks.carry_out, name, block)
            except TracemarkError as error:
                self._tell(f"{name}: {error.message}")
                raise
            except Exception:
                _log.exception("task_failed", task=name, job=context.job.id)
                raise
            self._tell(f"{name}: {done.words}")
            for one in done.then:
                await defer(app, one)

        retry = RetryStrategy(max_attempts=6, exponential_wait=3)
        app.task(name=name, queue=QUEUE, retry=retry, pass_context=True)(work)

    async def _go_round(self, app: App) -> None:
        while True:
            try:
                if await asyncio.to_thread(self._may_go_round):
                    await sweep(app)
                    if await asyncio.to_thread(self._somebody_waits):
                        await defer(app, Next(task="plan"))
            except _AWAY as error:
                _log.warning("round_left_out", reason=str(error))
            await asyncio.sleep(_BETWEEN_ROUNDS)

    def _may_go_round(self) -> bool:
        """Whether nobody did lately."""
        with self._database.alter() as connection:
            return claim_lease(connection, "round", self._name, _BETWEEN_ROUNDS) is not None

    def _somebody_waits(self) -> bool:
        with self._database.read() as connection:
            return is_anything_new(connection)


async def sweep(app: App) -> int:
    """Have tasks that were under way at workers that died begun again, and forget old failures; how many."""
    stalled = list(await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED_AFTER))
    for job in stalled:
        _log.warning("task_stalled", task=job.task_name, job=job.id)
        try:
            await app.job_manager.retry_job(job)
        except UniqueViolation:
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)  # the same waits already
        except ConnectorException:
            continue  # it has ended meanwhile
    await app.job_manager.delete_old_jobs(_KEPT_HOURS, queue=QUEUE, include_failed=True, include_aborted=True)
    return len(stalled)


async def defer(app: App, one: Next) -> None:
    """Put a task into the queue, where it does not wait there already."""
    with suppress(AlreadyEnqueued):
        await _configured(app, one).defer_async(**_arguments(one))


def defer_now(database: Database, one: Next) -> None:
    """As `defer`, for whoever carries out none himself. Raises `PartMissing` where the store is away."""
    app = App(connector=SyncPsycopgConnector(**connection_options(database)))
    try:
        with app.open(), suppress(AlreadyEnqueued):
            _configured(app, one).defer(**_arguments(one))
    except (ConnectorException, OperationalError) as error:
        raise PartMissing(f"the queue of tasks does not answer: {error}", hint="tracemark doctor") from error


def _configured(app: App, one: Next) -> Any:
    return app.configure_task(
        one.task, queue=QUEUE, lock=one.id, queueing_lock=one.id, priority=PRIORITIES[one.task], allow_unknown=True
    )


def _arguments(one: Next) -> dict[str, Any]:
    return {} if one.block is None else {"block": one.block}
