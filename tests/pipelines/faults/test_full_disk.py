"""A disk that fills up: the command says so and ends with 6, nothing stored is lost, and later all goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from command_line import PERSON, answer, tracemark
from faults_room import LISTINGS, full_disk

from pipelines.cli import main
from pipelines.errors import DiskTrouble, ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from faults_room import FaultsRoom


def test_an_assessment_on_a_full_disk_keeps_whole_batches_and_the_next_completes_it(room: FaultsRoom) -> None:
    room.receive()
    store = room.folder / "store.db-wal"
    with full_disk(store.stat().st_size), pytest.raises(DiskTrouble, match="could not be written"):
        room.assess()
    captured, listed, said, assessed = room.counts()
    assert (captured, listed, said) == (LISTINGS, LISTINGS, LISTINGS)
    assert assessed % 256 == 0
    assert room.assess() == LISTINGS - assessed
    assert room.counts() == (LISTINGS,) * 4


@pytest.mark.parametrize("size", [0, 9_000])
def test_an_index_on_a_full_disk_says_so_and_is_completed_later(room: FaultsRoom, size: int) -> None:
    room.receive()
    with full_disk(size), pytest.raises(DiskTrouble, match="the index could not be written") as caught:
        room.project()
    assert caught.value.exit_code is ExitCode.DISK
    assert room.project() == LISTINGS


def test_the_commands_end_with_6(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tracemark("init", "room", *PERSON, cwd=tmp_path).returncode == 0
    lines = [{"id": str(one), "title": f"Oak table {one}", "description": "oak " * 50} for one in range(300)]
    (tmp_path / "feed.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    given = ("--workspace", str(tmp_path / "room"))
    assert answer("import", "feed.jsonl", "--site", "m", *given, cwd=tmp_path)["lines"] == 300
    with full_disk(1000), pytest.raises(SystemExit) as ended:
        main(["reindex", "--json", *given])
    assert ended.value.code == ExitCode.DISK
    told = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert told["exit_code"] == 6
    assert "free space" in told["hint"]
    with pytest.raises(SystemExit) as ended:
        main(["reindex", "--json", *given])
    assert (ended.value.code, json.loads(capsys.readouterr().out)) == (ExitCode.DONE, {"documents": 300})


def test_bytes_that_a_deletion_left_behind_are_told_until_they_are_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tracemark("init", "room", *PERSON, cwd=tmp_path).returncode == 0
    (tmp_path / "feed.jsonl").write_text('{"id": "1", "title": "Chair", "description": "words-of-one"}\n')
    given = ("--workspace", str(tmp_path / "room"))
    answer("import", "feed.jsonl", "--site", "m", *given, cwd=tmp_path)
    [kept] = (tmp_path / "room" / "vault").rglob("feed.jsonl")
    kept.rename(kept.with_suffix(".away"))
    kept.mkdir()  # what is to be overwritten cannot be opened
    assert _run(["forget", "m/1", "--reason", "Request 1", *given]) == ExitCode.DISK
    kept.rmdir()
    kept.with_suffix(".away").rename(kept)
    capsys.readouterr()
    assert _run(["status", *given]) == ExitCode.DONE
    assert (
        "1 deleted pieces of the vault wait to be overwritten: tracemark retention --apply" in capsys.readouterr().out
    )
    assert _run(["doctor", "--json", *given]) == ExitCode.NOT_AS_IT_SHOULD_BE
    checks = {one["id"]: one for one in json.loads(capsys.readouterr().out)["checks"]}
    assert checks["vault"]["state"] == "fail"
    assert b"words-of-one" in kept.read_bytes()
    assert _run(checks["vault"]["fix"].split()[1:] + list(given)) == ExitCode.DONE
    assert b"words-of-one" not in kept.read_bytes()
    capsys.readouterr()
    assert _run(["status", "--json", *given]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["waiting"]["blanking"] == 0


def _run(arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code
