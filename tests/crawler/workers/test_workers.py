"""Workers with real processes on a real PostgreSQL: asleep, killed, asked to end; nothing lost, nothing doubled."""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa
from worker_room import LISTINGS, descendants, kill_all, until

from pipelines.models import PageKind, RunStatus
from pipelines.store.runs import runs_of
from pipelines.store.tables import assessments, captures, custody, frontier, listings, vault_files, work_leases, workers
from pipelines.warc.reader import iterate

if TYPE_CHECKING:
    import subprocess

    from worker_room import PacedServer, WorkerRoom

    from pipelines.store.runs import Run

DELAY = 0.4


def test_a_site_goes_from_one_worker_to_the_next(room: WorkerRoom, sites: PacedServer) -> None:
    room.write_site("moor", sites.port, DELAY)
    asleep = room.start("--name", "asleep", "--lease", "2", "--only", "visits")
    until(lambda: len(pages(room)) >= 2)
    put_to_sleep(asleep)

    killed = room.start("--name", "killed", "--lease", "2", "--only", "visits")
    until_more(room)
    kill_all(killed)

    asked = room.start("--name", "asked", "--lease", "2", "--only", "visits")
    until_more(room)
    asked.send_signal(signal.SIGTERM)
    assert asked.wait(60) == 0, room.log
    assert [run.status for run in runs(room)] == [RunStatus.INTERRUPTED]
    assert leases(room) == [("site-moor", 3, None)]

    last = room.start("--name", "last", "--once")
    assert last.wait(120) == 0, room.log
    [run] = runs(room)
    assert (run.status, run.found["pages"]) == (RunStatus.DONE, LISTINGS + 1)

    requests = len(sites.asked["moor"])
    wake(asleep)
    until(lambda: "moor went to another process" in room.log)
    asleep.send_signal(signal.SIGTERM)
    assert asleep.wait(60) == 0, room.log
    assert len(sites.asked["moor"]) == requests, "who slept through the end of its lease asks for nothing more"

    assert sites.shortest_gap("moor") >= DELAY * 0.9
    assert Counter(pages(room)) == Counter(dict.fromkeys(set(pages(room)), 1))
    inspect_store(room)
    inspect_vault(room)
    assert f"task: assess: {LISTINGS} listings assessed" in room.log
    assert "task: index" in room.log


def inspect_store(room: WorkerRoom) -> None:
    with room.database.read() as connection:

        def count(table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
            return connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0

        assert count(listings) == count(assessments) == LISTINGS
        assert count(custody, custody.c.action == "assess") == LISTINGS
        assert count(frontier) == count(frontier, frontier.c.state == "done") == LISTINGS + 1
        assert connection.scalars(sa.select(workers.c.name)).all() == ["killed"], "who ends as he should signs out"


def inspect_vault(room: WorkerRoom) -> None:
    with room.database.read() as connection:
        committed = dict(connection.execute(sa.select(vault_files.c.file, vault_files.c.committed)).all())
        places = Counter(connection.scalars(sa.select(captures.c.file)))
    assert len(committed) == 4, "each claim has a vault file of its own"
    for name, length in committed.items():
        path = room.workspace.vault / name
        assert path.stat().st_size == length
        assert sum(one.kind not in ("warcinfo", "request") for one in iterate(path)) == places[name]


def pages(room: WorkerRoom) -> list[str]:
    with room.database.read() as connection:
        query = sa.select(captures.c.url).where(captures.c.kind != PageKind.ROBOTS.value)
        return [str(url) for url in connection.scalars(query)]


def runs(room: WorkerRoom) -> list[Run]:
    with room.database.read() as connection:
        return runs_of(connection)


def leases(room: WorkerRoom) -> list[tuple[str, int, str | None]]:
    with room.database.read() as connection:
        columns = (work_leases.c.what, work_leases.c.number, work_leases.c.holder)
        return [(what, number, holder) for what, number, holder in connection.execute(sa.select(*columns))]


def until_more(room: WorkerRoom) -> None:
    before = len(pages(room))
    until(lambda: len(pages(room)) > before)


def put_to_sleep(process: subprocess.Popen[bytes]) -> None:
    for pid in [process.pid, *descendants(process.pid)]:
        os.kill(pid, signal.SIGSTOP)


def wake(process: subprocess.Popen[bytes]) -> None:
    for pid in [process.pid, *descendants(process.pid)]:
        os.kill(pid, signal.SIGCONT)
