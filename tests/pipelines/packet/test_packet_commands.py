"""The commands around packets, on a workspace of our own."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from time_authority import LocalAuthority

from pipelines.cli import main
from pipelines.commands.packet import _print_repeated
from pipelines.packet.reassessment import Reassessment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FEED = [
    {"id": "1", "title": "Glock 19, 9mm", "description": "Cash only, no background check, no paperwork.", "price": 450,
     "seller": {"id": "s1", "name": "Sam"}, "location": "Anchorage, AK"},
    {"id": "2", "title": "Wooden chair", "description": "Four legs."},
]  # fmt: skip


def run(*arguments: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main([str(word) for word in arguments])
    return int(ended.value.code or 0), out.getvalue(), err.getvalue()


def answer(*arguments: object, code: int = 0) -> Any:
    found, out, said = run(*arguments, "--json")
    assert found == code, (out, said)
    return json.loads(out)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("room") / "workspace"
    feed = root.parent / "feed.jsonl"
    feed.write_text("".join(json.dumps(line) + "\n" for line in FEED))
    for step in (
        ("init", root, "--operator", "Example Unit", "--contact", "unit@example.org", "--authority", "Test"),
        ("import", feed, "--site", "market", "--currency", "USD", "--workspace", root),
        ("assess", "--workspace", root),
    ):
        code, _, said = run(*step)
        assert code == 0, said
    return root


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAuthority]:
    with LocalAuthority(tmp_path_factory.mktemp("authority")) as server:
        yield server


@pytest.fixture
def stamping(room: Path, local: LocalAuthority) -> Iterator[LocalAuthority]:
    """The workspace with a time authority."""
    file = room / "tracemark.toml"
    before = file.read_text()
    file.write_text(f'{before}\n[timestamps]\nurl = "{local.url}"\nca = "{local.certificates}"\n')
    yield local
    file.write_text(before)
    local.up = True


def make_packet(room: Path, out: Path, name: str = "market/1") -> Any:
    return answer("packet", "create", name, "--out", out, "--workspace", room)


@contextlib.contextmanager
def another_assessment(room: Path) -> Iterator[None]:
    """The store says of market/1 what the model did not."""
    with contextlib.closing(sqlite3.connect(room / "tracemark.db")) as store:
        row, kept = store.execute("SELECT id, body FROM assessments ORDER BY id LIMIT 1").fetchone()
        body = json.loads(kept)
        body["review"] = "none"
        body["versions"]["rules"] = "0" * 64
        for text in (json.dumps(body), kept):
            store.execute("UPDATE assessments SET body = ? WHERE id = ?", (text, row))
            store.commit()
            if text != kept:
                yield


def test_a_case_packed_twice_has_one_root_and_each_listing_is_assessed_again(room: Path, tmp_path: Path) -> None:
    answer("case", "create", "Two things", "--reference", "T-1", "--workspace", room)
    answer("case", "add", "T-1", "market/1", "market/2", "--workspace", room)
    with another_assessment(room):
        first = make_packet(room, tmp_path / "a.zip", "T-1")
        assert make_packet(room, tmp_path / "b.zip", "T-1")["root"] == first["root"]
    assert len(list((room / "custody").glob("head-*.json"))) == 1  # the day's
    assert first["timestamp"] == {"configured": False, "waiting": None}
    found = answer("packet", "verify", tmp_path / "a.zip", "--reassess", "--workspace", room, code=1)
    assert (found["valid"], found["signed_by"]["trusted"]) == (True, True)
    pistol, chair = found["reassessed"]
    assert pistol["subject"] == {"site": "market", "id": "1"}
    assert (pistol["same"], pistol["differs"]) == (False, ["review", "versions"])
    assert pistol["other_versions"] == ["rules"]
    assert pistol["distance"] < 1e-3
    assert (chair["same"], chair["differs"], chair["other_versions"]) == (True, [], [])
    assert chair["distance"] is None  # nothing of it needed to be encoded


def test_what_came_out_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    subject = {"site": "market", "id": "1"}
    _print_repeated(
        [
            Reassessment(subject=subject, distance=0.00004),
            Reassessment(subject=subject, differs=("review",), other_versions=("rules", "model")),
            Reassessment(subject=subject, reason="it was not assessed"),
        ]
    )
    said = capsys.readouterr().out
    assert "market/1 assessed again: the same" in said
    assert "0.000040 (1 - cosine)" in said
    assert "differs in review" in said
    assert "other versions of rules, model" in said
    assert "was not assessed again: it was not assessed" in said


def test_a_packet_waits_for_its_stamp_and_gets_it(room: Path, tmp_path: Path, stamping: LocalAuthority) -> None:
    stamping.up = False
    made = make_packet(room, tmp_path / "a.zip")
    assert "503" in made["timestamp"]["waiting"]
    # The day's head waits beside it, where this was the day's first packet.
    waiting = answer("packet", "stamp", "--workspace", room, code=1)["waiting"]
    assert str(tmp_path / "a.zip") in [one["file"] for one in waiting]
    head = answer("custody", "head", "--workspace", room)
    assert "503" in head["waiting"]
    assert answer("custody", "head", "--workspace", room)["head"] == head["head"], "a row keeps the head that it has"
    stamping.up = True
    done = answer("packet", "stamp", "--workspace", room)
    heads = [name for name in done["stamped"] if name.startswith("head-")]
    assert sorted(done["stamped"]) == sorted([str(tmp_path / "a.zip"), *heads])
    assert head["head"].rpartition("/")[2] in heads
    assert answer("packet", "stamp", "--workspace", room) == {"stamped": [], "waiting": []}
    certificates = stamping.certificates
    found = answer("packet", "verify", tmp_path / "a.zip", "--authority", certificates, "--workspace", room)
    assert "time authority" in found["proves"][3]
    assert answer("custody", "verify", "--workspace", room)["stamped"] == len(heads)
    assert make_packet(room, tmp_path / "b.zip")["root"] == made["root"]


def test_without_an_authority_nothing_is_stamped(room: Path) -> None:
    code, _, said = run("packet", "stamp", "--workspace", room)
    assert code == 3
    assert "no time authority is configured" in said


def test_the_custody_log_is_held_against_a_copy_of_its_head(room: Path, tmp_path: Path) -> None:
    head = answer("custody", "head", "--out", tmp_path / "away", "--workspace", room)
    [copy] = (tmp_path / "away").glob("head-*.json")
    assert answer("custody", "verify", "--head", copy, "--workspace", room)["valid"]
    assert answer("custody", "head", "--daily", "--workspace", room)["head"] is None
    store = sqlite3.connect(room / "tracemark.db")
    sequence, actor = store.execute("SELECT sequence, actor FROM custody ORDER BY sequence LIMIT 1").fetchone()
    store.execute("UPDATE custody SET actor = 'nobody' WHERE sequence = ?", (sequence,))
    store.commit()
    found = answer("custody", "verify", "--head", copy, "--workspace", room, code=1)
    code, out, _ = run("custody", "verify", "--workspace", room)
    store.execute("UPDATE custody SET actor = ? WHERE sequence = ?", (actor, sequence))
    store.commit()
    store.close()
    assert found["findings"][0]["check"] == "edited"
    assert (code, "edited at row 1" in out) == (1, True)
    assert head["sequence"] > 1


def test_a_key_is_turned_and_its_successor_trusted_by_its_word(room: Path, tmp_path: Path) -> None:
    make_packet(room, tmp_path / "old.zip")
    turned = answer("key", "rotate", "--workspace", room)
    make_packet(room, tmp_path / "new.zip")
    for name, fingerprint in (("old", turned["from"]), ("new", turned["to"])):
        found = answer("packet", "verify", tmp_path / f"{name}.zip", "--workspace", room)
        assert found["signed_by"] == {"fingerprint": fingerprint, "trusted": True}
    assert (room / "keys" / "retired" / f"{turned['from']}.pem").stat().st_mode & 0o777 == 0o600
    # Another team that trusts the old key takes the new one on its word, and no other key.
    other = tmp_path / "other"
    assert run("init", other)[0] == 0
    with zipfile.ZipFile(tmp_path / "old.zip") as archive:
        (tmp_path / "old.pem").write_bytes(archive.read("seal/public-key.pem"))
    trust = ("--name", "Example Unit", "--workspace", other)
    with_word = ("key", "trust", room / "keys" / "signing.pub.pem", "--handover", turned["handover"], *trust)
    assert "is not trusted" in run(*with_word)[2]
    answer("key", "trust", tmp_path / "old.pem", *trust)
    assert answer(*with_word)["trusted"] == turned["to"]
    wrong = ("key", "trust", tmp_path / "old.pem", "--handover", turned["handover"], *trust)
    assert "names another key" in run(*wrong)[2]
    # Revoked: still whose it says, but not trusted.
    answer("key", "revoke", turned["from"][:10], "--workspace", other)
    found = answer("packet", "verify", tmp_path / "old.zip", "--workspace", other)
    assert found["signed_by"] == {"fingerprint": turned["from"], "trusted": False}
    states = {one["fingerprint"]: one["revoked"] for one in answer("key", "list", "--workspace", other)["keys"]}
    assert states[turned["to"]] is None
    assert states[turned["from"]] is not None
    assert run("key", "revoke", "abc", "--workspace", other)[0] == 2


def test_a_protected_key_opens_by_the_environment_only_where_there_is_no_terminal(
    room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEMARK_KEY_PASSPHRASE", "long and dull words")
    root = tmp_path / "protected"
    assert run("init", root)[0] == 0
    assert run("custody", "head", "--workspace", root)[0] == 0  # an empty log asks for no key
    answer("key", "rotate", "--workspace", root)
    answer("custody", "head", "--workspace", root)
    monkeypatch.delenv("TRACEMARK_KEY_PASSPHRASE")
    code, _, said = run("key", "rotate", "--workspace", root)
    assert code == 3
    assert "signing.pem" in said
