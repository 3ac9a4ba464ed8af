"""The custody log: one order, whoever writes, and no row changed unseen."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from pipelines.store.custody import GENESIS, CustodyEvent, append_custody, broken_at, custody_rows
from pipelines.store.database import Database
from pipelines.store.tables import custody

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
WRITER = """
import sys
from datetime import UTC, datetime
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.database import Database
database = Database.open(sys.argv[1])
for number in range(25):
    event = CustodyEvent(at=datetime.now(UTC), actor=sys.argv[2], action="view", subject=f"a/{number}", detail={})
    with database.write() as connection:
        append_custody(connection, [event, event])
database.close()
"""


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = Database.open(store_url)
    yield opened
    opened.close()


def event(subject: str = "a/1", at: datetime = AT, **detail: object) -> CustodyEvent:
    return CustodyEvent(at=at, actor="Example Unit", action="view", subject=subject, detail=detail)


def append(database: Database, *events: CustodyEvent) -> None:
    with database.write() as connection:
        append_custody(connection, events)


def broken(database: Database) -> int | None:
    with database.read() as connection:
        return broken_at(connection)


def test_processes_that_write_at_once_make_one_unbroken_chain(database: Database) -> None:
    url = database.engine.url.render_as_string()
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, url, f"writer {number}"], stderr=subprocess.PIPE, text=True)
        for number in range(3)
    ]
    told = [one.communicate()[1] for one in running]
    assert [one.returncode for one in running] == [0] * 3, told
    with database.read() as connection:
        rows = list(custody_rows(connection))
    assert [row["sequence"] for row in rows] == list(range(1, 151))
    assert {row["actor"] for row in rows} == {"writer 0", "writer 1", "writer 2"}
    assert broken(database) is None


def test_a_time_in_another_zone_seals_the_same(database: Database) -> None:
    append(database, event(at=AT.astimezone(timezone(timedelta(hours=5, minutes=30)))))
    assert broken(database) is None
    with database.read() as connection:
        [row] = custody_rows(connection)
    assert row["at"] == AT
    assert row["previous"] == GENESIS


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "someone else"},
        {"at": AT + timedelta(microseconds=1)},
        {"detail": {"capture": "another"}},
        {"subject": "a/9"},
        {"hash": "0" * 64},
        {"previous": "0" * 64},
    ],
)
def test_a_changed_row_is_found(database: Database, change: dict[str, object]) -> None:
    append(database, *(event(f"a/{number}", capture="one") for number in range(5)))
    with database.write() as connection:
        connection.execute(sa.update(custody).where(custody.c.sequence == 3).values(change))
    assert broken(database) == 3


def test_a_row_that_was_taken_out_is_found(database: Database) -> None:
    append(database, *(event(f"a/{number}") for number in range(5)))
    with database.write() as connection:
        connection.execute(sa.delete(custody).where(custody.c.sequence == 2))
    assert broken(database) == 2


def test_the_rows_of_one_subject(database: Database) -> None:
    append(database, event("a/1"), event("a/2"), event("a/1", by="list"))
    with database.read() as connection:
        assert [row["sequence"] for row in custody_rows(connection, subject="a/1")] == [1, 3]


def test_nothing_to_append_is_nothing(database: Database) -> None:
    append(database)
    assert broken(database) is None
