"""A store of the first released schema, with data, opened by this version: every row is there and work goes on."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from faults_room import NOW, FaultsRoom

import pipelines.store
from pipelines.commands.status import read_status
from pipelines.store.custody import GENESIS, row_hash
from pipelines.store.database import HEAD, Database
from pipelines.store.lines import listing_records, rows_of
from pipelines.store.runs import RunKind, latest_run, runs_of

if TYPE_CHECKING:
    from classifiers import Assessor

LISTINGS = 30
CONTENT: dict[str, Any] = {  # as the first version wrote it
    "url": None, "title": "Glock 19 pistol", "description": "No background check.", "price": None, "quantity": None,
    "condition": None, "category": [], "attributes": {}, "seller": {"id": "u1", "name": "River", "url": None,
    "joined": None, "licence": None, "profile": None}, "contacts": [], "location": None, "country": None,
    "shipping": None, "posted": None, "updated": None, "images": [], "status": "active", "provenance": {},
}  # fmt: skip
SHA = hashlib.sha256(b"page").hexdigest()


def make_first_schema(url: str) -> dict[str, int]:
    """A store as the first version left it, with a visit and a feed; how many rows each table has."""
    engine = sa.create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(pipelines.store.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    found = sa.MetaData()
    found.reflect(engine)
    with engine.begin() as connection:
        for name, rows in _rows().items():
            connection.execute(sa.insert(found.tables[name]), rows)
        if engine.dialect.name == "postgresql":
            for name in ("listings", "versions", "sellers"):
                connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), 1000)")
        counts = {
            name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for name, table in found.tables.items()
        }
    engine.dispose()
    return counts


def _rows() -> dict[str, list[dict[str, Any]]]:
    at = NOW.replace(tzinfo=None) - timedelta(days=300)
    plain: dict[str, Any] = {"authority": {}, "expected": {}, "found": {}, "unseen": {}, "site_file_sha256": None}
    plain["finished"] = None
    runs = [
        {**plain, "id": "f" * 32, "site": "feeds", "started": at, "finished": at, "status": "done"},
        {**plain, "id": "c" * 32, "site": "market", "started": at + timedelta(1), "status": "interrupted"},
    ]
    numbers = range(1, LISTINGS + 1)
    return {
        "sites": [
            {"name": "feeds", "source": "feed", "currency": "USD", "added": at},
            {"name": "market", "source": "crawl", "currency": "USD", "added": at},
        ],
        "runs": runs,
        "frontier": [
            {"run": "c" * 32, "url": f"https://market.example/item/{one}", "fingerprint": f"{one:064x}",
             "kind": "detail", "priority": 5, "depth": 1, "state": "pending", "attempts": 0}
            for one in numbers
        ],
        "sellers": [{"id": 1, "site": "feeds", "native_id": "u1", "name": "River", "first_seen": at, "last_seen": at}],
        "listings": [
            {"id": one, "site": "feeds", "native_id": str(one), "status": "active", "first_seen": at, "last_seen": at,
             "seller": 1, "version": one}
            for one in numbers
        ],
        "captures": [
            {"id": f"{one:032x}", "site": "feeds", "run": "f" * 32, "method": "feed", "at": at, "kind": "detail",
             "file": "feeds/f/feed.jsonl", "offset": one, "length": 1, "payload_sha256": SHA, "listing": one}
            for one in numbers
        ],
        "versions": [
            {"id": one, "listing": one, "number": 1, "capture": f"{one:032x}", "seen_at": at, "content_sha256": SHA,
             "content": {**CONTENT, "id": str(one)}}
            for one in numbers
        ],
        "journal": [{"listing": one} for one in numbers],
        "custody": _chain(),
    }  # fmt: skip


def _chain() -> list[dict[str, Any]]:
    rows, previous = [], GENESIS
    for number in range(1, LISTINGS + 1):
        row: dict[str, Any] = {
            "sequence": number,
            "at": NOW - timedelta(days=300),
            "actor": "Example Unit",
            "action": "receive",
            "subject": f"feeds/{number}",
            "detail": {"capture": f"{number:032x}"},
            "previous": previous,
        }
        previous = row_hash(row)
        rows.append({**row, "at": row["at"].replace(tzinfo=None), "hash": previous})
    return rows


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'old.db'}"
    made: str = request.getfixturevalue("postgres").make("first_schema")
    return made


def test_a_store_of_the_first_schema_keeps_its_data_and_works_on(
    old_url: str, tmp_path: Path, assessor: Assessor
) -> None:
    before = make_first_schema(old_url)
    database = Database.open(old_url)
    ids = (f"{number:032x}" for number in count(1000))
    room = FaultsRoom(database, tmp_path, assessor, new_id=ids.__next__)
    with database.read() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == HEAD
        after = {name: connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) for name in before}  # noqa: S608
        assert {**after, "alembic_version": 1} == before
        assert [run.kind for run in runs_of(connection)] == [RunKind.CRAWL, RunKind.FEED]
        last = latest_run(connection, "market")
        assert last is not None
        assert last.started == NOW - timedelta(days=299)
        [record] = listing_records(connection, list(rows_of(connection, [("feeds", "7")]).values()))
        assert (record.line["title"], record.line["seller"]["name"]) == ("Glock 19 pistol", "River")
    room.receive(range(5))
    assert room.assess() == LISTINGS + 5
    assert room.project() == LISTINGS + 5
    assert room.counts() == (LISTINGS + 5,) * 4  # and the custody log holds over the upgrade
    assert read_status(database, NOW)["listings"] == LISTINGS + 5
    database.close()
