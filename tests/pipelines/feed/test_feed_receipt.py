"""Feeds received into a real store and vault: whole, in part, again, and broken off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from attrs import evolve

from pipelines.errors import BadInput, DiskTrouble, ExitCode
from pipelines.evidence import gather_dossier
from pipelines.feed_line import FeedOptions
from pipelines.models import RunStatus
from pipelines.store.custody import broken_at
from pipelines.store.runs import latest_run, runs_of
from pipelines.store.tables import captures, journal, listings, sellers, status_changes, vault_files, versions
from pipelines.workspace import write_workspace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipelines.feed import FeedDesk
    from pipelines.store.database import Database

OPTIONS = FeedOptions(site="market", currency="USD")
IMPORT = """
import sys, uuid
from datetime import UTC, datetime
from pathlib import Path
from pipelines.feed import FeedDesk
from pipelines.feed_line import FeedOptions
from pipelines.intake import Intake
from pipelines.store.database import Database
database = Database.open(sys.argv[1])
desk = FeedDesk(database, Intake(database, "Example Unit"), Path(sys.argv[2]), lambda: uuid.uuid4().hex,
                lambda: datetime.now(UTC), lambda lines: print(lines, flush=True))
desk.receive(Path(sys.argv[3]), FeedOptions(site="market"))
"""


def write(path: Path, lines: Iterable[Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def line(number: int, **more: Any) -> dict[str, Any]:
    return {"id": str(number), "title": f"Thing {number}", "seller": f"s{number % 7}", "posted": "2026-02-01", **more}


def rows(database: Database, table: sa.Table) -> list[dict[str, Any]]:
    with database.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    return tmp_path / "feed.jsonl"


def test_a_feed_lands_in_store_vault_and_custody(desk: FeedDesk, database: Database, feed: Path) -> None:
    write(feed, [line(1, price=5), line(2, posted=None)])
    report = desk.receive(feed, OPTIONS)
    assert (report.lines, report.intake.new, report.set_aside, report.set_aside_file) == (2, 2, 0, None)
    first, second = rows(database, listings)
    assert first["first_seen"] == first["last_seen"] == datetime(2026, 2, 1, tzinfo=UTC)
    assert second["first_seen"] == datetime(2026, 3, 1, tzinfo=UTC)
    dossier = gather_dossier(database, "market", "1", vault=desk.vault, workspace="w")
    assert [json.loads(dossier.read(one.stored))["price"] for one in dossier.captures] == [5]
    assert dossier.runs[0]["status"] == "done"
    assert dossier.runs[0]["found"] == {"lines": 2, "listings": 2, "set_aside": 0}
    [kept] = rows(database, vault_files)
    assert (desk.vault / kept["file"]).stat().st_size == kept["committed"]
    with database.read() as connection:
        assert broken_at(connection) is None


def test_bytes_are_kept_as_they_came(desk: FeedDesk, database: Database, feed: Path) -> None:
    raw = b'\xef\xbb\xbf{"id":"1",  "title":"caf\\u00e9"}\r\n{"id":"2","title":"caf\xc3\xa9"}'
    feed.write_bytes(raw)
    desk.receive(feed, OPTIONS)
    [first, second] = raw.split(b"\r\n")
    for native_id, expected in (("1", first), ("2", second)):
        dossier = gather_dossier(database, "market", native_id, vault=desk.vault, workspace="w")
        assert dossier.read(dossier.captures[0].stored) == expected
        assert dossier.listing["title"] == "café"


def test_bad_lines_are_set_aside_whole_and_the_rest_goes_in(desk: FeedDesk, database: Database, feed: Path) -> None:
    long_line = json.dumps({"id": "3", "titel": "x" * 5000})
    feed.write_text(f'{json.dumps(line(1))}\n\n  \n{{"id": 2}}\n{long_line}\n{json.dumps(line(4))}\n')
    report = desk.receive(feed, OPTIONS)
    assert (report.lines, report.intake.new, report.set_aside) == (4, 2, 2)
    assert report.set_aside_file is not None
    kept = [json.loads(one) for one in report.set_aside_file.read_text("utf-8").splitlines()]
    assert [one["line"] for one in kept] == [4, 5]
    assert {one["reason"] for one in kept} == {"title is missing or not text"}
    assert kept[1]["text"] == long_line
    with database.read() as connection:
        run = latest_run(connection, "market")
    assert run is not None
    assert (run.status, run.reason) == (RunStatus.DEGRADED, "2 of 4 lines were set aside")


def test_a_feed_received_twice_leaves_only_receipts(desk: FeedDesk, database: Database, feed: Path) -> None:
    write(feed, [*(line(number, price=number) for number in range(20)), line(3, price=99), line(3, price=3), line(5)])
    desk.receive(feed, OPTIONS)
    tables = (listings, versions, status_changes, sellers, journal)
    before = [rows(database, table) for table in tables]
    report = desk.receive(feed, OPTIONS)
    assert (report.intake.new, report.intake.changed, report.intake.unchanged) == (0, 0, 23)
    assert [rows(database, table) for table in tables] == before
    assert len(rows(database, captures)) == 46


def test_the_last_of_several_lines_for_one_id_says_how_it_stands(
    desk: FeedDesk, database: Database, feed: Path
) -> None:
    write(feed, [line(1, price=5), line(2), line(1, price=6), line(1, price=5), line(1, price=7)])
    desk.receive(feed, OPTIONS)
    prices = [one["content"]["price"]["amount"] for one in rows(database, versions) if one["content"]["id"] == "1"]
    assert prices == ["5", "6", "5", "7"]
    current = next(one for one in rows(database, listings) if one["native_id"] == "1")["version"]
    assert next(one for one in rows(database, versions) if one["id"] == current)["number"] == 4


def test_a_price_that_goes_back_in_a_later_feed_is_a_version(desk: FeedDesk, database: Database, feed: Path) -> None:
    for price in (5, 6, 5):
        desk.receive(write(feed, [line(1, price=price)]), OPTIONS)
    assert [one["content"]["price"]["amount"] for one in rows(database, versions)] == ["5", "6", "5"]


def test_a_day_that_is_still_to_come_counts_as_the_day_of_receipt(
    desk: FeedDesk, database: Database, feed: Path
) -> None:
    write(feed, [line(1, posted="2199-01-01"), line(2, posted="2026-03-01T20:00:00+01:00")])
    desk.receive(feed, OPTIONS)
    first, second = rows(database, listings)
    assert first["first_seen"] == datetime(2026, 3, 1, tzinfo=UTC)
    assert second["first_seen"] == datetime(2026, 3, 1, 19, tzinfo=UTC)
    assert rows(database, versions)[0]["content"]["posted"] == "2199-01-01"


def test_a_mapped_key_that_no_line_has_is_told(desk: FeedDesk, feed: Path) -> None:
    write(feed, [line(1), line(2, cost=5)])
    names = {"price": "cost", "location": "stade"}
    assert desk.receive(feed, evolve(OPTIONS, names=names)).never_seen == ("stade",)


def test_import_says_which_mapped_key_no_line_has(tmp_path: Path) -> None:
    write_workspace(tmp_path / "room", {"operator": "Unit", "contact": "unit@example.org", "basis": "Mandate 1"})
    write(tmp_path / "feed.jsonl", [line(1)])
    command = ["import", str(tmp_path / "feed.jsonl"), "--site", "m", "--map", "location=stade"]
    command = [sys.executable, "-m", "pipelines.cli", *command, "--workspace", str(tmp_path / "room")]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "No line has stade" in told.stderr
    as_json = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    assert json.loads(as_json.stdout)["never_seen"] == ["stade"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"id,title,price\n1,Thing,5\n", "looks like CSV"),
        (b"id;title\n1;Thing\n", "looks like CSV"),
        (b"hello\n", "holds no JSON object"),
        (b'[{"id": "1", "title": "x"}]', "is one JSON array"),
        (b'[\n {"id": "1", "title": "x"},\n {"id": "2", "title": "x"}\n]\n', "is one JSON array"),
        (b'{\n  "id": "1",\n  "title": "x"\n}\n', "over several lines"),
        (b"\x1f\x8b\x08\x00", "is compressed \\(gzip\\)"),
        ('{"id": "1", "title": "x"}\n'.encode("utf-16"), "is UTF-16"),
    ],
)
def test_a_file_that_is_no_feed_is_refused_before_anything_is_recorded(
    desk: FeedDesk, database: Database, feed: Path, content: bytes, words: str
) -> None:
    feed.write_bytes(content)
    with pytest.raises(BadInput, match=words):
        desk.receive(feed, OPTIONS)
    with database.read() as connection:
        assert runs_of(connection) == []
    assert not desk.vault.exists()


def test_a_feed_whose_first_line_is_bad_is_still_a_feed(desk: FeedDesk, feed: Path) -> None:
    feed.write_text(f"[1]\nid,title\n{json.dumps(line(1))}\n")
    report = desk.receive(feed, OPTIONS)
    assert (report.intake.new, report.set_aside) == (1, 2)


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read(desk: FeedDesk, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        desk.receive(tmp_path / name, OPTIONS)


def test_one_endless_line_takes_no_endless_memory(desk: FeedDesk, feed: Path) -> None:
    with feed.open("wb") as out:
        out.write(json.dumps(line(1)).encode() + b"\n" + b'{"id": "2", "title": "')
        for _ in range(20):
            out.write(b"x" * 1_000_000)
        out.write(b'"}\n' + json.dumps(line(3)).encode() + b"\n")
    report = desk.receive(feed, OPTIONS)
    assert (report.lines, report.intake.new, report.set_aside) == (3, 2, 1)


def test_a_vault_that_cannot_be_written_is_a_matter_of_the_disk(desk: FeedDesk, feed: Path) -> None:
    desk.vault.write_text("a file where a folder should be")
    with pytest.raises(DiskTrouble) as caught:
        desk.receive(write(feed, [line(1)]), OPTIONS)
    assert caught.value.exit_code is ExitCode.DISK


def test_a_receipt_that_is_stopped_keeps_what_it_had_and_says_so(
    desk: FeedDesk, database: Database, feed: Path
) -> None:
    def stop(_lines: int) -> None:
        raise KeyboardInterrupt

    write(feed, (line(number) for number in range(700)))
    with pytest.raises(KeyboardInterrupt):
        evolve(desk, progress=stop).receive(feed, OPTIONS)
    with database.read() as connection:
        [run] = runs_of(connection)
    assert (run.status, run.reason) == (RunStatus.INTERRUPTED, "stopped after 500 lines")
    report = desk.receive(feed, OPTIONS)
    assert (report.intake.new, report.intake.unchanged) == (200, 500)


def test_a_killed_import_leaves_whole_batches_and_the_next_completes_it(
    desk: FeedDesk, database: Database, feed: Path
) -> None:
    write(feed, (line(number, description="word " * 30) for number in range(4000)))
    url = database.engine.url.render_as_string()
    command = [sys.executable, "-c", IMPORT, url, str(desk.vault), str(feed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "500\n"
        time.sleep(0.15)  # into the middle of a later batch
        os.kill(running.pid, signal.SIGKILL)
    stored = len(rows(database, listings))
    assert stored % 500 == 0
    assert 500 <= stored < 4000
    assert len(rows(database, captures)) == len(rows(database, versions)) == len(rows(database, journal)) == stored
    [kept] = rows(database, vault_files)
    assert (desk.vault / kept["file"]).read_bytes()[: kept["committed"]].count(b"\n") == stored
    report = desk.receive(feed, OPTIONS)
    assert (report.intake.new, report.intake.unchanged) == (4000 - stored, stored)
    with database.read() as connection:
        ended = {run.status for run in runs_of(connection)}
        assert broken_at(connection) is None
    assert ended == {RunStatus.INTERRUPTED, RunStatus.DONE}
