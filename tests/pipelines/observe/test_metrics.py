"""What a process shows to Prometheus: what the store holds, what waits, and that a store is away."""

from __future__ import annotations

import asyncio
import json
import socket
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipelines.composition import feed_desk, metrics_served, opened, project
from pipelines.errors import PartMissing
from pipelines.feed_line import FeedOptions
from pipelines.observe.metrics import Meters
from pipelines.observe.store_figures import StoreFigures
from pipelines.store.assessing import put_aside
from pipelines.store.database import Database
from pipelines.store.fetches import Fetch, note_fetches
from pipelines.store.tables import blanks
from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def read(text: bytes) -> dict[str, float]:
    """Each sample by its name with its labels."""
    found = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write_workspace(tmp_path / "room", {"operator": "Example Unit"})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "room" / "tracemark.toml").open("a") as settings:
        settings.write(f"\n[observe]\nwatch_port = {port}\n")
    return Workspace.read(tmp_path / "room", {})


def receive(workspace: Workspace, database: Database, count: int) -> None:
    lines = [{"id": str(one), "title": "Chair", "description": "mail jane.doe@example.com"} for one in range(count)]
    (workspace.root / "feed.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    feed_desk(workspace, database, lambda _lines: None).receive(
        workspace.root / "feed.jsonl", FeedOptions(site="market", currency="USD")
    )


def test_a_watch_shows_what_the_store_holds_and_what_waits(workspace: Workspace) -> None:
    with opened(workspace) as database:
        receive(workspace, database, 7)
        project(workspace, database)
        receive(workspace, database, 9)
        with database.write() as connection:
            put_aside(connection, "assess", "market/1", "unreadable", NOW)
            connection.execute(sa.insert(blanks).values(file="f", offset=0, length=300, at=NOW))
        with metrics_served(workspace, "watch") as meters:
            meters.note_visit("done", NOW, NOW + timedelta(seconds=7))
            meters.note_trouble("skipped")
            address = f"http://127.0.0.1:{workspace.settings.observe.watch_port}/metrics"
            with urllib.request.urlopen(address, timeout=20) as answer:
                said = answer.read()
            with pytest.raises(PartMissing, match="cannot be used"), metrics_served(workspace, "watch"):
                pass
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(address, timeout=20)
    assert b"jane" not in said
    found = read(said)
    expected = {
        "up": 1, "index_up": 1, "listings_total": 9, "versions_total": 9, "assessments_total": 0, "runs_total": 2,
        "assessment_waiting_listings": 9, "index_lag_changes": 9, "indexed_changes_total": 7,
        "set_aside_total{stage=assess}": 1, "blanking_waiting": 1, "vault_unshipped_files": 2, "runs_active": 0,
        "visit_seconds_count{status=done}": 1, "visit_seconds_bucket{le=5.0,status=done}": 0,
        "visit_seconds_bucket{le=15.0,status=done}": 1, "troubles_total{kind=skipped}": 1, "clock_behind_seconds": 0,
    }  # fmt: skip
    assert {name: found[f"tracemark_{name}"] for name in expected} == expected
    assert found["tracemark_vault_bytes_total"] == found["tracemark_vault_unshipped_bytes"] > 0


def test_without_a_port_nothing_listens(workspace: Workspace) -> None:
    with metrics_served(workspace, "serve") as meters:
        meters.note_trouble("x")
    assert not (workspace.root / "tracemark.db").exists()


def test_the_figures_are_the_same_on_either_database(store_url: str) -> None:
    database = Database.open(store_url)
    registry = CollectorRegistry()
    registry.register(StoreFigures(database=database, position=lambda: 0, now=lambda: NOW))
    found = read(generate_latest(registry))
    assert found["tracemark_up"] == 1
    assert found["tracemark_listings_total"] == found["tracemark_index_lag_changes"] == 0
    database.close()


def test_a_histogram_of_fetches_is_read_from_either_database(store_url: str) -> None:
    database = Database.open(store_url)
    times = [("http", "2xx", 0.04), ("http", "2xx", 0.05), ("http", "2xx", 7.0), ("browser", "no_answer", 100_000.0)]
    for chosen in (times[:1], times[1:], []):
        with database.write() as connection:
            note_fetches(connection, [Fetch(method=a, outcome=b, seconds=c) for a, b, c in chosen])
    registry = CollectorRegistry()
    registry.register(StoreFigures(database=database, position=lambda: 0, now=lambda: NOW))
    found = read(generate_latest(registry))
    database.close()
    pages, hung = "method=http,outcome=2xx", "method=browser,outcome=no_answer"
    expected = {
        f"count{{{pages}}}": 3, f"bucket{{le=0.05,{pages}}}": 2, f"bucket{{le=5.0,{pages}}}": 2,
        f"bucket{{le=10.0,{pages}}}": 3, f"bucket{{le=+Inf,{pages}}}": 3, f"sum{{{pages}}}": pytest.approx(7.09),
        f"bucket{{le=120.0,{hung}}}": 0, f"bucket{{le=+Inf,{hung}}}": 1, f"sum{{{hung}}}": 100_000,
    }  # fmt: skip
    assert {name: found[f"tracemark_fetch_seconds_{name}"] for name in expected} == expected


def test_a_store_that_is_away_is_shown_as_such(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'store.db'}")
    database.close()
    for path in tmp_path.glob("store.db*"):
        path.unlink()
    tmp_path.joinpath("store.db").write_bytes(b"no database at all" * 300)
    registry = CollectorRegistry()
    registry.register(StoreFigures(database=database, position=lambda: 0, now=lambda: NOW))
    assert read(generate_latest(registry)) == {"tracemark_up": 0}
    database.close()


def test_answers_of_the_desk_are_timed() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])

    meters = Meters.make()

    async def ask() -> None:
        await meters.timed(application)({"type": "http", "method": "GET", "path": "/who/is/it"}, None, send)
        await meters.timed(application)({"type": "lifespan"}, None, send)

    with ThreadPoolExecutor(1) as apart:  # this thread may have a loop already, from a browser's test before
        apart.submit(lambda: asyncio.run(ask())).result()
    found = read(generate_latest(meters.registry))
    assert found["tracemark_request_seconds_count{method=GET,status=404}"] == 1
    assert sum(name.startswith("tracemark_request_seconds_count") for name in found) == 1
    assert len(sent) == 4
