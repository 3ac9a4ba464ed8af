"""The store opened by one and by many, old and new, whole and damaged."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import pipelines.store
from pipelines.errors import ConfigurationError, DiskTrouble, ExitCode, PartMissing
from pipelines.store.database import HEAD, Database
from pipelines.store.tables import journal, metadata, sites

if TYPE_CHECKING:
    from collections.abc import Iterator

OPEN = "import sys; from pipelines.store.database import Database; Database.open(sys.argv[1]).close()"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database.open(url, patience=0.2)
    yield opened
    opened.close()


def test_the_migrations_make_exactly_the_tables_of_the_code(store_url: str) -> None:
    database = Database.open(store_url)
    with database.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
        keys = {table.name: sa.inspect(connection).get_pk_constraint(table.name) for table in metadata.sorted_tables}
    database.close()
    assert found == []
    assert {name: key["constrained_columns"] for name, key in keys.items()} == {
        table.name: list(table.primary_key.columns.keys()) for table in metadata.sorted_tables
    }


def test_numbers_that_grow_with_what_is_seen_do_not_end_at_32_bits(store_url: str) -> None:
    database = Database.open(store_url)
    listing = {"listing": 1}
    with database.write() as connection:
        connection.execute(sa.insert(journal).values(sequence=2**31 - 1, **listing))
        if database.engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT setval('journal_sequence_seq', 2147483647)"))
        later = connection.execute(sa.insert(journal).values(listing)).inserted_primary_key
    database.close()
    assert later == (2**31,)


def test_the_expected_migration_is_alembics_newest() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(pipelines.store.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_many_processes_open_a_new_store_at_once(url: str) -> None:
    running = [subprocess.Popen([sys.executable, "-c", OPEN, url], stderr=subprocess.PIPE, text=True) for _ in range(6)]
    told = [one.communicate()[1] for one in running]
    assert [one.returncode for one in running] == [0] * 6, told


def test_a_store_of_a_newer_version_is_refused_and_left_alone(database: Database, url: str) -> None:
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="at schema 9999, which this version"):
        Database.open(url)
    with database.read() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "9999"


def test_a_held_store_says_so(database: Database, url: str) -> None:
    other = Database.open(url, patience=0.1)
    with database.write(), pytest.raises(PartMissing, match="held by another process"), other.write():
        pytest.fail("two writers at once")
    other.close()


def test_readers_go_on_while_one_writes(database: Database) -> None:
    with database.write() as writer:
        writer.execute(sa.insert(sites).values(name="a", source="feed", added=sa.func.current_timestamp()))
        with database.read() as reader:
            assert reader.scalar(sa.select(sa.func.count()).select_from(sites)) == 0


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    def break_off() -> None:
        with database.write() as connection:
            connection.execute(sa.insert(sites).values(name="a", source="feed", added=sa.func.current_timestamp()))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(sites)) == 0


def test_a_full_disk_is_said(database: Database) -> None:
    with database.read() as connection:
        pages = connection.scalar(sa.text("PRAGMA page_count"))

    def fill() -> None:
        with database.write() as connection:
            connection.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
            rows = [{"name": f"site-{number}", "source": "feed" * 2000} for number in range(50)]
            connection.execute(sa.insert(sites).values(added=sa.func.current_timestamp()), rows)

    with pytest.raises(DiskTrouble, match="database or disk is full") as caught:
        fill()
    assert caught.value.exit_code is ExitCode.DISK


@pytest.mark.parametrize("content", [b"this is a text file, and no database at all\n" * 40, b"\0" * 4096])
def test_a_file_that_is_no_database_is_said(tmp_path: Path, url: str, content: bytes) -> None:
    (tmp_path / "store.db").write_bytes(content)
    with pytest.raises(DiskTrouble, match="cannot be read"):
        Database.open(url)


def test_a_damaged_store_is_said(database: Database, tmp_path: Path) -> None:
    with database.write() as connection:
        rows = [{"name": f"site-{number}", "source": "feed" * 100} for number in range(500)]
        connection.execute(sa.insert(sites).values(added=sa.func.current_timestamp()), rows)
    database.close()
    copy = tmp_path / "copy.db"
    shutil.copy(tmp_path / "store.db", copy)
    content = bytearray(copy.read_bytes())
    middle = content.find(b"site-250")
    start = middle // 4096 * 4096
    content[start : start + 4096] = b"\xaa" * 4096
    copy.write_bytes(content)
    damaged = Database.open(f"sqlite:///{copy}")
    with pytest.raises(DiskTrouble, match="malformed"), damaged.read() as connection:
        connection.execute(sa.text("SELECT sum(length(source)) FROM sites")).all()
    damaged.close()


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        ("nothing like a url", ConfigurationError, "not one that SQLAlchemy knows"),
        ("oracolo://host/x", ConfigurationError, "not one that SQLAlchemy knows"),
        ("sqlite:////nowhere/at/all/store.db", PartMissing, "cannot be opened"),
    ],
)
def test_a_store_that_cannot_be_reached(url: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Database.open(url)


def test_our_own_mistakes_are_not_explained_away(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        connection.execute(sa.insert(sites).values(name=None, source="feed", added=sa.func.current_timestamp()))
