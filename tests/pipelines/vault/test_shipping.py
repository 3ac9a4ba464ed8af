"""Sealed files go to the storage, once each; packets, backup and forgetting work where only objects are left."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from attrs import evolve
from command_line import PERSON, answer, tracemark

from pipelines.cli import main
from pipelines.errors import ExitCode, PartMissing
from pipelines.models import RunStatus
from pipelines.store.custody import broken_at
from pipelines.store.database import Database
from pipelines.store.runs import Run, RunKind, SiteRecord, finish_run, record_site, start_run
from pipelines.store.tables import custody, vault_files, vault_objects
from pipelines.vault.objects import ObjectPlace
from pipelines.vault.shipping import Shipping, _note, count_unshipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from object_server import ObjectServer

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = Database.open(store_url)
    yield opened
    opened.close()


def add_run(
    database: Database, root: Path, number: int, status: RunStatus, kind: RunKind = RunKind.CRAWL, site: str = "market"
) -> str:
    """A run with a file of the vault that ends in bytes nobody answers for; the file's name."""
    run = Run(id=f"{number:032x}", site=site, started=NOW, kind=kind)
    name = f"{site}/{run.id}/captures.warc.gz"
    (root / name).parent.mkdir(parents=True)
    (root / name).write_bytes(f"records of run {number}".encode() + b"torn")
    with database.write() as connection:
        record_site(connection, SiteRecord(name=site, source="crawl"), NOW)
        start_run(connection, run)
        finish_run(connection, evolve(run, status=status, finished=NOW))
        size = len(f"records of run {number}")
        connection.execute(sa.insert(vault_files).values(file=name, run=run.id, committed=size))
    return name


def make(database: Database, root: Path, place: ObjectPlace, **more: Any) -> Shipping:
    place.note(root)
    shipping = Shipping(
        database=database, root=root, objects=place.open(), days=None, now=lambda: NOW, actor="Example Unit"
    )
    return evolve(shipping, **more)


@pytest.fixture
def place(tmp_path: Path) -> ObjectPlace:
    return ObjectPlace(url=f"file://{tmp_path / 'storage'}")


def test_what_may_still_grow_is_not_shipped_and_what_is_sealed_is_shipped_once(
    database: Database, tmp_path: Path, place: ObjectPlace
) -> None:
    root = tmp_path / "vault"
    sealed = [
        add_run(database, root, 1, RunStatus.INTERRUPTED),  # another visit came after it
        add_run(database, root, 2, RunStatus.DONE),
        add_run(database, root, 3, RunStatus.INTERRUPTED, RunKind.FEED, "feeds"),
    ]
    still = [
        add_run(database, root, 4, RunStatus.INTERRUPTED, site="other"),
        add_run(database, root, 5, RunStatus.PAUSED, site="third"),
        add_run(database, root, 6, RunStatus.RUNNING, RunKind.FEED, "fourth"),
    ]
    shipping = make(database, root, place)
    with database.read() as connection:
        assert (count_unshipped(connection).sealed, count_unshipped(connection).files) == (3, 6)
    report = shipping.run()
    assert (report.shipped, report.elsewhere) == (3, 0)
    assert shipping.run().shipped == 0
    with database.read() as connection:
        assert count_unshipped(connection).files == 3
        assert sorted(connection.scalars(sa.select(vault_objects.c.file))) == sorted(sealed)
        assert connection.scalar(sa.select(sa.func.count()).where(custody.c.action == "ship")) == 3
        assert broken_at(connection) is None
    storage = tmp_path / "storage"
    assert (storage / sealed[1]).read_bytes() == b"records of run 2"  # without what nobody answers for
    assert not any((storage / name).exists() for name in still)


def test_a_crash_after_an_upload_ships_it_again_and_doubles_nothing(
    database: Database, tmp_path: Path, place: ObjectPlace
) -> None:
    root = tmp_path / "vault"
    name = add_run(database, root, 1, RunStatus.DONE)
    shipping = make(database, root, place)
    shipping.objects.put(name, root / name, len(b"records of run 1"))  # and the power went before the store knew
    assert shipping.run().shipped == 1
    _note(database, name, len(b"records of run 1"), hashlib.sha256(b"records of run 1").hexdigest(), NOW, "another one")
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(vault_objects)) == 1
        assert connection.scalar(sa.select(sa.func.count()).where(custody.c.action == "ship")) == 1


def test_local_copies_go_after_their_days_and_what_lies_elsewhere_is_counted(
    database: Database, tmp_path: Path, place: ObjectPlace
) -> None:
    root = tmp_path / "vault"
    old, young, away = (add_run(database, root, number, RunStatus.DONE) for number in (1, 2, 3))
    (root / away).unlink()
    os.utime(root / old, times=((NOW - timedelta(days=31)).timestamp(),) * 2)
    os.utime(root / young, times=((NOW - timedelta(days=29)).timestamp(),) * 2)
    report = make(database, root, place, days=30).run()
    assert (report.shipped, report.removed, report.elsewhere) == (2, 1, 1)
    assert not (root / old).exists()
    assert (root / young).exists()


@pytest.fixture(scope="module")
def feed() -> str:
    lines = [
        {"id": str(one), "title": f"Chair {one}", "description": f"words-of-{one}", "seller": "ann"} for one in (1, 2)
    ]
    return "".join(json.dumps(one) + "\n" for one in lines)


def test_a_workspace_lives_on_its_objects(
    server: ObjectServer, tmp_path: Path, feed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tracemark("init", "room", *PERSON, cwd=tmp_path).returncode == 0
    with (tmp_path / "room" / "tracemark.toml").open("a") as settings:
        settings.write(
            f'\n[vault]\nurl = "{server.make_bucket("agency")}"\nendpoint = "{server.url}"\nlocal_days = 0\n'
        )
    (tmp_path / "feed.jsonl").write_text(feed)
    given = ["--workspace", str(tmp_path / "room")]
    answer("import", str(tmp_path / "feed.jsonl"), "--site", "market", *given, cwd=tmp_path)
    assert run(capsys, "status", *given)["waiting"]["shipping"]["sealed"] == 1
    [local] = (tmp_path / "room" / "vault").rglob("feed.jsonl")
    kept = local.read_bytes()
    server.stop()
    assert run(capsys, "vault", "ship", *given, code=ExitCode.PART_MISSING)["exit_code"] == 5
    assert run(capsys, "doctor", *given, code=ExitCode.PART_MISSING)
    server.start()
    assert local.read_bytes() == kept
    server.make_bucket("agency")  # moto forgets when it ends
    shipped = run(capsys, "vault", "ship", *given)
    assert (shipped["shipped"], shipped["removed"]) == (1, 1)
    assert not local.exists()
    assert run(capsys, "status", *given)["waiting"]["shipping"]["files"] == 0
    checks = {one["id"]: one for one in run(capsys, "doctor", *given)["checks"]}
    assert checks["vault"]["found"] == "every sealed file lies in s3://agency/room"

    # A packet is made from the object, and holds.
    packet = str(tmp_path / "packet.zip")
    run(capsys, "packet", "create", "market/1", "--out", packet, *given)
    assert local.read_bytes() == kept
    assert run(capsys, "packet", "verify", packet)["valid"]
    assert run(capsys, "vault", "ship", *given)["removed"] == 1

    # A backup has what only the storage had.
    run(capsys, "backup", "--out", str(tmp_path / "backup.tar"), *given)
    assert local.read_bytes() == kept
    assert run(capsys, "vault", "ship", *given)["removed"] == 1

    # What is forgotten is overwritten in the storage too, or waits and says so.
    server.stop()
    run(capsys, "forget", "market/1", "--reason", "Request 1", *given, code=ExitCode.PART_MISSING)
    assert run(capsys, "status", *given)["waiting"]["blanking"] == 1
    server.start()
    server.make_bucket("agency")
    place = ObjectPlace.read(tmp_path / "room" / "vault")
    assert place is not None
    (tmp_path / "kept").write_bytes(kept)
    name = local.relative_to(tmp_path / "room" / "vault").as_posix()
    place.open().put(name, tmp_path / "kept", len(kept))
    run(capsys, "retention", "--apply", *given)
    back = tmp_path / "back"
    assert place.open().bring(name, back)
    assert b"words-of-1" not in back.read_bytes()
    assert b"words-of-2" in back.read_bytes()
    with pytest.raises(PartMissing):
        ObjectPlace(url="s3://elsewhere/room", endpoint=server.url).open().put(name, back, 5)


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = ExitCode.DONE) -> Any:
    """What a command says as JSON, on either stream."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--json"])
    said = capsys.readouterr()
    assert ended.value.code == code, said.err
    return json.loads(said.out or said.err.strip().splitlines()[-1])
