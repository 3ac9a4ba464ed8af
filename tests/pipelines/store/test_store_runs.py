"""What kind of run each is: told by `status`, kept apart by a crawl, and known of runs older than the column."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import pipelines.store
from pipelines.models import RunStatus
from pipelines.store.database import Database
from pipelines.store.runs import Run, RunKind, SiteRecord, close_abandoned, latest_run, record_site, runs_of, start_run
from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write_workspace(tmp_path / "room", {"operator": "Unit", "contact": "unit@example.org", "basis": "Mandate 1"})
    return Workspace.read(tmp_path / "room", {})


@pytest.fixture
def database(workspace: Workspace) -> Iterator[Database]:
    opened = workspace.open_database()
    yield opened
    opened.close()


def start(database: Database, *kinds: RunKind) -> None:
    with database.write() as connection:
        record_site(connection, SiteRecord(name="market", source="crawl"), NOON)
        for hour, kind in enumerate(kinds):
            start_run(connection, Run(id=f"{hour}", site="market", kind=kind, started=NOON + timedelta(hours=hour)))


def test_a_kind_of_run_is_asked_for_by_its_name(database: Database) -> None:
    start(database, RunKind.CRAWL, RunKind.TIP, RunKind.RECEIVED)
    with database.read() as connection:
        newest = latest_run(connection, "market")
        crawled = latest_run(connection, "market", kind=RunKind.CRAWL)
        assert latest_run(connection, "market", kind=RunKind.FEED) is None
    assert newest is not None
    assert crawled is not None
    assert (newest.kind, crawled.id) == (RunKind.RECEIVED, "0")


def test_only_abandoned_runs_of_the_same_kind_are_closed(database: Database) -> None:
    start(database, RunKind.CRAWL, RunKind.FEED)
    with database.write() as connection:
        close_abandoned(connection, "market", RunKind.FEED, NOON)
    with database.read() as connection:
        states = {run.kind: run.status for run in runs_of(connection, "market")}
    assert states == {RunKind.CRAWL: RunStatus.RUNNING, RunKind.FEED: RunStatus.INTERRUPTED}


def test_status_says_what_kind_the_last_run_was(workspace: Workspace, database: Database) -> None:
    start(database, RunKind.CRAWL, RunKind.RECEIVED)
    command_line = [sys.executable, "-m", "pipelines.cli", "status", "--workspace", str(workspace.root)]
    [shown] = json.loads(subprocess.run([*command_line, "--json"], capture_output=True, check=True).stdout)["sites"]
    assert shown["last_run"]["kind"] == "received"
    told = subprocess.run(command_line, capture_output=True, text=True, check=True).stdout
    assert "last received: running" in told
    assert "never run" not in told


def test_older_runs_are_told_apart_by_their_site(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(pipelines.store.__file__).parent / "migrations"))
    url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for name, source in (("market", "crawl"), ("lines", "feed"), ("tips", "tip"), ("received", "received")):
            site = sa.text("INSERT INTO sites (name, source, added) VALUES (:name, :source, '2026-03-05 12:00:00')")
            connection.execute(site, {"name": name, "source": source})
            run = sa.text(
                "INSERT INTO runs (id, site, started, status, authority, expected, found, unseen)"
                " VALUES (:name, :name, '2026-03-05 12:00:00', 'done', '{}', '{}', '{}', '{}')"
            )
            connection.execute(run, {"name": name})
    engine.dispose()
    database = Database.open(url)
    with database.read() as connection:
        kinds = {run.site: run.kind.value for run in runs_of(connection)}
    database.close()
    assert kinds == {"market": "crawl", "lines": "feed", "tips": "tip", "received": "received"}
