"""A workspace written into one file and made anew from it; what is not as it was is refused."""

from __future__ import annotations

import io
import json
import tarfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from command_line import PERSON, answer, tracemark

from pipelines.backup.restoring import DamagedBackup, restore_backup
from pipelines.backup.rows import copy_rows
from pipelines.backup.writing import write_backup
from pipelines.errors import BadInput, DiskTrouble
from pipelines.store.database import Database
from pipelines.store.tables import captures, custody, sites, vault_files
from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from postgres import PostgresServer

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ADS = [
    {"id": "1", "title": "Ruger 10/22 rifle", "description": "No paperwork, cash only.", "seller": "one"},
    {"id": "2", "title": "Oak table", "description": "Solid oak, pick up only.", "seller": "two"},
]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two listings, and its backup beside it."""
    folder = tmp_path_factory.mktemp("backup")
    assert tracemark("init", "room", *PERSON, cwd=folder).returncode == 0
    (folder / "feed.jsonl").write_text("".join(json.dumps(ad) + "\n" for ad in ADS))
    assert tracemark("import", "feed.jsonl", "--site", "market", "--workspace", "room", cwd=folder).returncode == 0
    answer("assess", "--workspace", "room", cwd=folder)
    (folder / "room" / "sites" / "market.yaml").write_text("site: market\n")
    answer("backup", "--out", "room.tar", "--workspace", "room", cwd=folder)
    return folder


def test_a_restored_workspace_has_the_same_custody_head_and_answers_the_same(room: Path) -> None:
    made = answer("restore", "room.tar", "again", cwd=room)
    assert made["custody"] == _head(room / "room")
    assert made["custody"] == _head(room / "again")
    assert made["documents"] == len(ADS)
    found = [_search(room, where) for where in ("room", "again")]
    assert found[0] == found[1]
    assert [hit["id"] for hit in found[0]["hits"]] == ["1"]
    before, after = (tracemark("export", "listings", "--workspace", one, cwd=room).stdout for one in ("room", "again"))
    assert before == after
    assert len(before.splitlines()) == len(ADS)
    assert (room / "again" / "sites" / "market.yaml").read_text() == "site: market\n"


def _head(workspace: Path) -> dict[str, Any]:
    """The last row of the log that is about the backup."""
    engine = sa.create_engine(f"sqlite:///{workspace / 'tracemark.db'}")
    query = sa.select(custody.c.sequence, custody.c.hash).where(custody.c.subject == "backup")
    with engine.connect() as connection:
        found = dict(connection.execute(query.order_by(custody.c.sequence.desc())).mappings().first() or {})
    engine.dispose()
    return found


def _search(room: Path, workspace: str) -> dict[str, Any]:
    found: dict[str, Any] = answer("search", "ruger OR rifle", "--workspace", workspace, cwd=room)
    found.pop("cursor", None)
    return found


def test_private_keys_stay_behind_unless_asked_for(room: Path) -> None:
    assert list((room / "room" / "keys").iterdir())
    assert not [name for name in _names(room / "room.tar") if "/keys/" in name]
    answer("backup", "--keys", "--out", "with-keys.tar", "--workspace", "room", cwd=room)
    assert "workspace/keys/signing.pem" in _names(room / "with-keys.tar")


def _names(file: Path) -> list[str]:
    with tarfile.open(file) as tar:
        return tar.getnames()


def test_a_backup_that_differs_from_its_manifest_makes_no_workspace(room: Path, tmp_path: Path) -> None:
    whole = (room / "room.tar").read_bytes()
    words = b"cash only"
    assert words in whole
    damaged = {
        "changed": whole.replace(words, b"CASH ONLY", 1),
        "cut": whole[: len(whole) // 2],
        "without its end": _rewritten(whole, leave_out="backup.json"),
        "a member less": _rewritten(whole, leave_out="workspace/sites/market.yaml"),
        "a member more": _rewritten(whole, add="workspace/sites/other.yaml"),
        "a way up": _rewritten(whole, add="workspace/../../up.txt"),
    }
    for name, data in damaged.items():
        file = tmp_path / "damaged.tar"
        file.write_bytes(data)
        with pytest.raises(DamagedBackup):
            restore_backup(file, tmp_path / "room", {}, lambda _name: None)
        assert not (tmp_path / "room").exists(), name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["damaged.tar"]


def _rewritten(data: bytes, *, leave_out: str | None = None, add: str | None = None) -> bytes:
    """The archive with one member less, or one more before its manifest."""
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as before, tarfile.open(fileobj=out, mode="w") as after:
        for member in before:
            if member.name == "backup.json" and add is not None:
                extra = tarfile.TarInfo(add)
                extra.size = 3
                after.addfile(extra, io.BytesIO(b"abc"))
            if member.name != leave_out:
                after.addfile(member, before.extractfile(member))
    return out.getvalue()


@pytest.mark.parametrize("bytes_", [b"", b"no archive at all", b"\x1f\x8b" + b"\0" * 600])
def test_what_is_no_backup_is_bad_input(tmp_path: Path, bytes_: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes_)
    with pytest.raises((BadInput, DamagedBackup)):
        restore_backup(file, tmp_path / "room", {}, lambda _name: None)
    assert not (tmp_path / "room").exists()


def test_nothing_is_written_over(room: Path) -> None:
    assert tracemark("restore", "room.tar", "room", cwd=room).returncode == 2
    done = tracemark("backup", "--out", "room.tar", "--workspace", "room", cwd=room)
    assert (done.returncode, "is there already" in done.stderr) == (2, True)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[tuple[Workspace, Database]]:
    """A workspace whose store answers for four bytes of one vault file, which has seven."""
    write_workspace(tmp_path / "small", {"operator": "Example Unit"})
    workspace = Workspace.read(tmp_path / "small", {})
    (workspace.vault / "run.warc.gz").write_bytes(b"WARCtor")
    database = workspace.open_database()
    with database.write() as connection:
        connection.execute(sa.insert(vault_files).values(file="run.warc.gz", run="r", committed=4))
    yield workspace, database
    database.close()


def _back_up(workspace: Workspace, database: Database, out: Path) -> dict[str, Any]:
    return write_backup(workspace, database, out, keys=False, actor="p", now=NOW, tell=lambda _name: None)


def test_of_a_vault_file_that_grows_just_what_the_store_answers_for_is_taken(
    small: tuple[Workspace, Database], tmp_path: Path
) -> None:
    _back_up(*small, tmp_path / "small.tar")
    workspace, _ = restore_backup(tmp_path / "small.tar", tmp_path / "again", {}, lambda _name: None)
    assert (workspace.vault / "run.warc.gz").read_bytes() == b"WARC"


def test_a_vault_file_that_is_too_short_fails_the_backup_and_leaves_none(
    small: tuple[Workspace, Database], tmp_path: Path
) -> None:
    (small[0].vault / "run.warc.gz").write_bytes(b"WA")
    with pytest.raises(DiskTrouble, match=r"run\.warc\.gz holds less than the store answers for"):
        _back_up(*small, tmp_path / "small.tar")
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_a_store_goes_from_one_kind_of_database_to_the_other_and_back(room: Path, postgres: PostgresServer) -> None:
    there = {"TRACEMARK_DATABASE_URL": postgres.make("moved")}
    made = answer("restore", "room.tar", "moved", cwd=room, **there)
    answer("backup", "--out", "moved.tar", "--workspace", "moved", cwd=room, **there)
    back = answer("restore", "moved.tar", "back", cwd=room)
    assert back["custody"]["sequence"] == made["custody"]["sequence"] + 1, "the second backup is a row of its own"
    lines = [tracemark("export", "listings", "--workspace", one, cwd=room).stdout for one in ("room", "back")]
    assert lines[0] == lines[1]
    (room / "more.jsonl").write_text(json.dumps({"id": "3", "title": "A lamp"}) + "\n")
    done = tracemark("import", "more.jsonl", "--site", "market", "--workspace", "moved", cwd=room, **there)
    assert done.returncode == 0, "rows are numbered on after those that came with their numbers"
    done = tracemark("restore", "room.tar", "twice", cwd=room, **there)
    assert (done.returncode, "is not empty" in done.stderr) == (2, True)
    assert not (room / "twice").exists()


def test_rows_are_copied_as_they_are_and_only_into_an_empty_store(tmp_path: Path) -> None:
    first, second = (Database.open(f"sqlite:///{tmp_path / name}") for name in ("first.db", "second.db"))
    with first.write() as connection:
        connection.execute(sa.insert(sites).values(name="market", source="feed", added=NOW))
        rows = [("a", "null"), ("b", None), ("c", '{"b": 1,  "a": [2]}')]  # a null of JSON, one of SQL, odd spaces
        for name, resources in rows:
            connection.exec_driver_sql(
                "INSERT INTO runs (id, site, kind, started, status, authority, expected, found, unseen) "
                "VALUES (?, 'market', 'feed', '2026-11-21 12:00:00.000000', 'done', ?, '{}', '{}', '{}')",
                (name, resources or "{}"),
            )
            connection.exec_driver_sql(
                "INSERT INTO captures (id, site, run, method, at, kind, file, offset, length, payload_sha256, "
                "resources) VALUES (?, 'market', ?, 'feed', '2026-11-21 12:00:00.000000', 'detail', 'f', 0, 1, 'x', ?)",
                (name, name, resources),
            )
    assert copy_rows(first, second, lambda _table, _count: None) == 7
    raw = sa.text("SELECT id, resources FROM captures ORDER BY id")
    with second.read() as connection:
        assert [tuple(row) for row in connection.execute(raw)] == rows
        assert connection.scalar(sa.select(captures.c.at).limit(1)) == NOW
    with pytest.raises(BadInput, match="is not empty: sites has some"):
        copy_rows(first, second, lambda _table, _count: None)
    first.close()
    second.close()
