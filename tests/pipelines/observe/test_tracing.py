"""What one page brought is one trace, from its request over the assessment to the index, whatever process did each."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from collector import Collector
from encoders import PlainEncoder

from classifiers import Assessor
from pipelines.assess import AssessmentDesk
from pipelines.composition import assess_listings
from pipelines.index.opening import open_index
from pipelines.index.projector import Projector
from pipelines.intake import Arrival, Intake
from pipelines.journal import JournalSource, TracedJournal
from pipelines.models import Capture, CaptureMethod, ListingContent, PageKind, StoredBytes
from pipelines.observe.tracing import Tracing, traced
from pipelines.places import Places
from pipelines.store.database import Database
from pipelines.store.runs import Run, SiteRecord, record_site, start_run
from pipelines.store.tables import journal
from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = Database.open(store_url)
    with opened.write() as connection:
        record_site(connection, SiteRecord(name="market", source="crawl"), NOW)
        start_run(connection, Run(id="one", site="market", started=NOW))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def assessor() -> Assessor:
    return Assessor.load(encoder=PlainEncoder())


def see(database: Database, number: int, tracing: Tracing) -> None:
    """A visit, as the recorder makes it."""
    step = tracing.start("visit", NOW - timedelta(seconds=2), site="market")
    capture = Capture(
        id=f"{number:032x}", site="market", run="one", url=None, method=CaptureMethod.HTTP, at=NOW, http_status=200,
        content_type=None, kind=PageKind.DETAIL,
        stored=StoredBytes(file="f", offset=number, length=1, payload_sha256="0" * 64),
    )  # fmt: skip
    content = ListingContent(id=str(number), url=None, title="Glock 19 pistol", description="No background check.")
    arrival = Arrival(capture=capture, listing=content, trace=step.parent)
    Intake(database, "Example Unit").take([arrival], committed={"f": 1})
    step.end(NOW)


def assess(database: Database, assessor: Assessor, tracing: Tracing) -> None:
    AssessmentDesk(
        database=database, assessor=assessor, places=Places.shipped(), now=lambda: NOW, tracing=tracing
    ).run()


def index(database: Database, folder: Path, tracing: Tracing) -> None:
    with open_index(folder, None, "tracemark") as opened:
        Projector(opened, TracedJournal(JournalSource(database, lambda: NOW), tracing)).run()


def test_a_trace_goes_from_the_visit_to_the_index(database: Database, assessor: Assessor, tmp_path: Path) -> None:
    with Collector() as collector:
        with traced(collector.url) as tracing:
            see(database, 1, tracing)
            see(database, 2, tracing)
            see(database, 3, Tracing())  # by a process that keeps no traces
        with traced(collector.url) as tracing:
            assess(database, assessor, tracing)
        with traced(collector.url) as tracing:
            index(database, tmp_path / "index", tracing)
        traces: dict[bytes, dict[str, Any]] = defaultdict(dict)
        for span in collector.spans:
            traces[span.trace_id][span.name] = span
    assert len(traces) == 2
    for spans in traces.values():
        assert set(spans) == {"visit", "assess", "index"}
        assert spans["visit"].parent_span_id == b""
        assert spans["assess"].parent_span_id == spans["visit"].span_id
        assert spans["index"].parent_span_id == spans["assess"].span_id
        assert spans["visit"].end_time_unix_nano - spans["visit"].start_time_unix_nano == 2_000_000_000
        assert {one.key for one in spans["assess"].attributes} == {"review"}


def test_an_assessment_leaves_no_exporter_behind(database: Database, assessor: Assessor, tmp_path: Path) -> None:
    desk = AssessmentDesk(database=database, assessor=assessor, places=Places.shipped(), now=lambda: NOW)
    write_workspace(tmp_path / "room", {"operator": "Example Unit"})
    before = set(threading.enumerate())
    with Collector() as collector:
        with (tmp_path / "room" / "tracemark.toml").open("a") as settings:
            settings.write(f'\n[observe]\ntraces = "{collector.url}"\n')
        workspace = Workspace.read(tmp_path / "room", {})
        with traced(collector.url) as tracing:
            see(database, 1, tracing)
        assert assess_listings(workspace, desk).assessed == 1
        assert "assess" in {span.name for span in collector.spans}
    assert set(threading.enumerate()) <= before


def test_without_a_collector_nothing_is_kept(database: Database, assessor: Assessor, tmp_path: Path) -> None:
    see(database, 1, Tracing())
    assess(database, assessor, Tracing())
    index(database, tmp_path / "index", Tracing())
    with database.read() as connection:
        assert set(connection.scalars(sa.select(journal.c.trace))) == {None}


def test_a_collector_that_is_away_costs_nothing_but_the_traces(database: Database) -> None:
    with traced("http://127.0.0.1:9/v1/traces") as tracing:
        see(database, 1, tracing)
    with database.read() as connection:
        assert connection.scalar(sa.select(journal.c.trace)).startswith("00-")


def test_opentelemetry_is_loaded_only_where_traces_are_wanted() -> None:
    code = "import sys, json, pipelines.assess, pipelines.journal; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not [name for name in json.loads(done.stdout) if name.startswith("opentelemetry")]
