"""What the index follows: changes in order, and listings as they stand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
import pytest
import sqlalchemy as sa

from pipelines.feed import FeedDesk
from pipelines.feed_line import FeedOptions
from pipelines.intake import Intake
from pipelines.journal import JournalSource, last_change
from pipelines.store.assessing import AssessmentRecord, count_waiting, keep_assessments, read_waiting
from pipelines.store.database import Database
from pipelines.store.tables import assessments, set_aside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.models import JsonObject

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BODY: JsonObject = {"class": "other", "signals": [], "review": "none", "queue": None}


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = Database.open(store_url)
    yield opened
    opened.close()


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> FeedDesk:
    ids = count(1)
    intake = Intake(database, "Example Unit")
    return FeedDesk(database, intake, tmp_path / "vault", new_id=lambda: f"{next(ids):032x}", now=lambda: NOW)


def receive(desk: FeedDesk, *ids: str, title: str = "Thing") -> None:
    feed = desk.vault.parent / "feed.jsonl"
    feed.write_text("".join(json.dumps({"id": one, "title": title, "seller": "s"}) + "\n" for one in ids))
    desk.receive(feed, FeedOptions(site="a"))


def keep(database: Database, made_by: str = "m", vector: bytes | None = None) -> None:
    with database.write() as connection:
        records = [
            (
                one.row,
                AssessmentRecord(
                    version=one.version, made_by=made_by, at=NOW, body=BODY, items=[], derivation={}, vector=vector
                ),
            )
            for one in read_waiting(connection, made_by, after=0, most=100)
        ]
        keep_assessments(connection, records)


def waiting(database: Database, made_by: str = "m") -> int:
    with database.read() as connection:
        return count_waiting(connection, made_by)


def test_changes_come_in_order_and_in_parts(database: Database, desk: FeedDesk) -> None:
    receive(desk, "1", "x/2", "3")
    source = JournalSource(database, lambda: NOW)
    assert source.changes(0, 2) == [(1, "a", "1"), (2, "a", "x/2")]
    assert source.changes(2, 2) == [(3, "a", "3")]
    assert source.changes(3, 2) == []
    with database.read() as connection:
        assert last_change(connection) == 3


def test_documents_stand_as_of_their_newest_change(database: Database, desk: FeedDesk) -> None:
    receive(desk, "1", "x/2")
    receive(desk, "x/2", title="Thing, cheaper")
    found = {
        one.key: one
        for one in JournalSource(database, lambda: NOW).documents([("a", "1"), ("a", "x/2"), ("a", "none"), ("b", "1")])
    }
    assert set(found) == {"a/1", "a/x/2"}
    assert (found["a/x/2"].sequence, found["a/x/2"].line["title"]) == (3, "Thing, cheaper")
    assert found["a/1"].vector is None
    assert found["a/1"].line["seller_review"] is None


def test_vectors_come_back_and_one_without_direction_is_none(database: Database, desk: FeedDesk) -> None:
    receive(desk, "1")
    source = JournalSource(database, lambda: NOW)
    keep(database, "m", np.arange(384, dtype="<f4").tobytes())
    [document] = source.documents([("a", "1")])
    assert document.vector is not None
    assert document.vector.tolist() == list(range(384))
    keep(database, "n", np.zeros(384, dtype="<f4").tobytes())
    assert source.documents([("a", "1")])[0].vector is None


def test_what_waits_is_what_the_current_model_has_not_read(database: Database, desk: FeedDesk) -> None:
    receive(desk, "1", "2")
    assert waiting(database) == 2
    keep(database)
    assert (waiting(database), waiting(database, "n")) == (0, 2)
    receive(desk, "2", title="Thing, cheaper")
    assert waiting(database) == 1


def test_an_assessment_of_a_version_that_was_overtaken_is_kept_but_not_current(
    database: Database, desk: FeedDesk
) -> None:
    receive(desk, "1")
    with database.read() as connection:
        [old] = read_waiting(connection, "m", after=0, most=10)
    receive(desk, "1", title="Thing, cheaper")
    record = AssessmentRecord(version=old.version, made_by="m", at=NOW, body=BODY, items=[], derivation={}, vector=None)
    with database.write() as connection:
        keep_assessments(connection, [(old.row, record)])
        keep_assessments(connection, [(old.row, record)])
        keep_assessments(connection, [])
    assert waiting(database) == 1
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(assessments)) == 1


def test_what_the_index_never_takes_is_recorded(database: Database) -> None:
    JournalSource(database, lambda: NOW).set_aside("a/1", "too long")
    with database.read() as connection:
        [row] = connection.execute(sa.select(set_aside)).mappings()
    assert (row["stage"], row["subject"], row["reason"]) == ("index", "a/1", "too long")
