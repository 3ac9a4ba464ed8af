"""The queue's tasks: each once, in their order; what a dead worker left is begun again; and how people see it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from attrs import define, field
from procrastinate import App, PsycopgConnector
from worker_room import AUTHORITY, until

from crawler.work.carrier import Carrier, defer_now, sweep
from crawler.work.tasks import Done, Next, Tasks
from pipelines.cli import root
from pipelines.commands.doctor import run_checks
from pipelines.errors import ConfigurationError
from pipelines.store.database import Database
from pipelines.work.leases import claim_lease
from pipelines.work.overview import WorkOverview
from pipelines.work.queue import connection_options, count_tasks, prepare_queue, schema_name
from pipelines.work.register import sign_in
from pipelines.workspace import WorkspaceHeld, write_workspace

if TYPE_CHECKING:
    from pathlib import Path

    from worker_room import WorkerRoom


@define
class Steps(Tasks):
    """Takes note of what it is asked to do."""

    workspace: object
    database: Database
    asked: list[Next] = field(factory=list)
    troubles: int = 0

    def carry_out(self, task: str, block: int | None = None) -> Done:
        self.asked.append(Next(task=task, block=block))
        if task == "sellers" and self.troubles:
            self.troubles -= 1
            raise WorkspaceHeld("assessment is held by somebody")
        after = {
            "plan": (Next(task="assess", block=0), Next(task="assess", block=1)),
            "assess": (Next(task="sellers"),),
            "sellers": (Next(task="index"),),
            "index": (Next(task="alerts"),),
        }
        return Done(words="done", then=after.get(task, ()))


def carry_out_all(steps: Steps) -> list[str]:
    told: list[str] = []
    carrier = Carrier(steps, "one", told.append, wait=False)
    carrier.start()
    until(lambda: not carrier.is_alive)
    return told


def test_each_task_is_done_once_and_the_later_ones_after_all_of_the_earlier(room: WorkerRoom) -> None:
    for _ in range(3):
        defer_now(room.database, Next(task="plan"))
    steps = Steps(room.workspace, room.database)
    told = carry_out_all(steps)
    assert [one.id for one in steps.asked] == ["plan", "assess-0", "assess-1", "sellers", "index", "alerts"]
    assert told[0] == "plan: done"
    with room.database.read() as connection:
        counts = count_tasks(connection)
    assert (counts.todo, counts.doing, counts.failed) == (0, 0, 0)


def test_a_task_that_fails_waits_to_be_tried_again(room: WorkerRoom) -> None:
    steps = Steps(room.workspace, room.database, troubles=1)
    assert "sellers: assessment is held by somebody" in carry_out_all(steps)
    with room.database.read() as connection:
        assert count_tasks(connection).todo == 1
    assert "index" not in [one.id for one in steps.asked]


def leave_stalled(database: Database, *tasks: str) -> None:
    """Let tasks be under way at a worker that was last heard of an hour ago."""
    with database.alter() as connection:
        connection.exec_driver_sql(f"SET LOCAL search_path TO {schema_name()}")
        silent = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
        worker = connection.exec_driver_sql(silent).scalar_one()
        for task in tasks:
            begun = sa.text(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker WHERE task_name = :task"
            )
            connection.execute(begun, {"worker": worker, "task": task})


def sweep_once(database: Database) -> int:
    async def run() -> int:
        app = App(connector=PsycopgConnector(**connection_options(database)))
        async with app.open_async():
            return await sweep(app)

    return asyncio.run(run())


def test_what_a_dead_worker_left_is_begun_again_and_not_twice(room: WorkerRoom) -> None:
    database = room.database
    for task in ("plan", "index"):
        defer_now(database, Next(task=task))
    leave_stalled(database, "plan", "index")
    defer_now(database, Next(task="index"))  # somebody asked for it meanwhile
    with database.read() as connection:
        assert count_tasks(connection).stalled == 2
    assert sweep_once(database) == 2
    with database.read() as connection:
        counts = count_tasks(connection)
    assert (counts.todo, counts.doing, counts.stalled, counts.failed) == (2, 0, 0, 0)
    assert sweep_once(database) == 0
    steps = Steps(room.workspace, database)
    carry_out_all(steps)
    assert [one.id for one in steps.asked].count("index") == 1


def test_the_queue_is_made_once(shared: Database) -> None:
    defer_now(shared, Next(task="plan"))
    prepare_queue(shared)
    with shared.read() as connection:
        assert count_tasks(connection).todo == 1


def test_a_user_who_may_make_no_schema_is_told_what_to_grant(shared: Database) -> None:
    with shared.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {schema_name()} CASCADE")
        connection.exec_driver_sql("DROP ROLE IF EXISTS guest")
        connection.exec_driver_sql("CREATE ROLE guest LOGIN IN ROLE pg_read_all_data")
    guest = Database.open(shared.engine.url.set(username="guest").render_as_string())
    with pytest.raises(ConfigurationError, match="permission denied") as refused:
        prepare_queue(guest)
    assert refused.value.hint == 'as the owner of the database: GRANT CREATE ON DATABASE "store" TO "guest"'
    guest.close()


def test_people_see_workers_what_they_hold_and_what_stalled(room: WorkerRoom) -> None:
    database = room.database
    defer_now(database, Next(task="plan"))
    leave_stalled(database, "plan")
    with database.alter() as connection:
        sign_in(connection, name="north", does="all", most=8)
        sign_in(connection, name="south", does="tasks", most=0)
        claim_lease(connection, "site-moor", "north", 60)
        claim_lease(connection, "site-heath", "host:77", 60)
        connection.execute(sa.text("UPDATE workers SET seen = seen - interval '1 hour' WHERE name = 'south'"))
    work = WorkOverview.read(database)
    assert work is not None
    lines = list(work.lines())
    assert any(line.startswith("worker north on ") and line.endswith("at work, holds site-moor") for line in lines)
    assert any("worker south" in line and "silent since" in line for line in lines)
    assert any(line.startswith("site-heath is held by host:77 until ") for line in lines)
    assert "tasks: 0 wait, 1 under way (1 stalled), 0 failed" in lines
    assert [found for found, _ in work.troubles()] == [
        "no sign of life from south",
        "1 tasks were under way at a worker that is silent",
    ]
    shown = work.to_json()
    assert [one["silent"] for one in shown["workers"]] == [False, True]
    assert [one["what"] for one in shown["leases"]] == ["site-heath", "site-moor"]
    [check] = [one for one in run_checks(str(room.workspace.root)) if one.id == "workers"]
    assert check.state == "warn"
    assert check.found.startswith("no sign of life from south; 1 tasks were under way")


def test_workers_want_a_store_that_machines_can_share(tmp_path: Path) -> None:
    write_workspace(tmp_path / "room", AUTHORITY)
    with pytest.raises(ConfigurationError, match="workers share a PostgreSQL store") as refused:
        root.main(["worker", "--once", "--workspace", str(tmp_path / "room")], standalone_mode=False)
    assert refused.value.exit_code == 3
    assert "tracemark watch" in str(refused.value.hint)
