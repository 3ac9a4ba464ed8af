"""Histories read again by other rules: what changes is shown with items, days and captures, and nothing is written."""

from __future__ import annotations

import contextlib
import io
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from classifiers.packs import FOLDER
from pipelines.cli import main

if TYPE_CHECKING:
    from pathlib import Path

_MODELS = ("Glock 19", "Ruger LCP", "Taurus G3C", "SIG Sauer P365", "Beretta 92", "Walther PPK", "Glock 43", "CZ 75")


def _run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as left:
        main(list(arguments))
    return int(left.value.code or 0), out.getvalue(), err.getvalue()


def _lines() -> list[dict[str, Any]]:
    """Seven pistols in three weeks by one account, and a rifle by another, later."""
    pistols = [
        {
            "id": f"p{number}",
            "title": f"{model} 9mm pistol",
            "description": f"Selling this one, number {number} of what I have, good shape.",
            "price": 400 + 10 * number,
            "posted": (date(2026, 3, 2) + timedelta(days=3 * number)).isoformat(),
            "seller": {"id": "many", "name": "Many"},
            "country": "US",
        }
        for number, model in enumerate(_MODELS[:7])
    ]
    rifle = {"title": "Ruger 10/22 rifle", "description": "My old rifle.", "price": 200, "posted": "2026-05-20"}
    return [*pistols, {**rifle, "id": "r1", "seller": {"id": "one", "name": "One"}, "country": "US"}]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("replay") / "room"
    feed = root.with_suffix(".jsonl")
    feed.write_text("".join(json.dumps(line) + "\n" for line in _lines()), encoding="utf-8")
    assert _run("init", str(root))[0] == 0
    assert _run("import", str(feed), "--site", "market", "--currency", "USD", "--workspace", str(root))[0] == 0
    assert _run("assess", "--workspace", str(root))[0] == 0
    return root


@pytest.fixture
def stricter(tmp_path: Path) -> Path:
    """The pack of what holds anywhere, with no count of a month under fifty."""
    pack = yaml.safe_load((FOLDER / "any.yaml").read_text(encoding="utf-8"))
    for rule in pack["history"].values():
        if rule["signal"] == "volume":
            rule["steps"] = [{"least": 50, "weight": 1.0}]
    path = tmp_path / "stricter.yaml"
    path.write_text(yaml.safe_dump(pack), encoding="utf-8")
    return path


def _replay(workspace: Path, *arguments: str) -> dict[str, Any]:
    code, out, err = _run("sellers", "replay", *arguments, "--workspace", str(workspace), "--json")
    assert code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def test_by_the_same_rules_nothing_changes(workspace: Path) -> None:
    found = _replay(workspace)
    assert (found["sellers"], found["changed"], found["changes"]) == (2, 0, [])


def test_a_changed_pack_shows_what_ends_with_items_days_and_captures(workspace: Path, stricter: Path) -> None:
    found = _replay(workspace, "--pack", str(stricter))
    assert found["changed"] == 1
    change = found["changes"][0]
    assert (change["site"], change["id"]) == ("market", "many")
    rule = next(one for one in change["rules"] if one["rule"] == "volume")
    assert (rule["change"], rule["weight"]) == ("ends", {"before": 1.0, "now": None})
    assert len(rule["items"]) == len(rule["listings"]) == 7
    assert [item["offered"] for item in rule["items"]] == [f"2026-03-{day:02}" for day in (2, 5, 8, 11, 14, 17, 20)]
    assert rule["captures"]
    assert found["by_rule"]["volume"] == {"ends": 1}


def test_replaying_writes_nothing(workspace: Path, stricter: Path) -> None:
    before = _run("export", "sellers", "--workspace", str(workspace))[1]
    _replay(workspace, "--pack", str(stricter))
    assert _run("export", "sellers", "--workspace", str(workspace))[1] == before
    assert not (workspace / "packs").exists()


def test_as_of_a_day_only_what_was_there_then_is_read(workspace: Path, stricter: Path) -> None:
    found = _replay(workspace, "--as-of", "2026-03-09", "--pack", str(stricter))
    assert (found["sellers"], found["changed"]) == (1, 0)  # three pistols, and the rifle not yet
    found = _replay(workspace, "--as-of", "2026-03-15", "--pack", str(stricter))
    assert [len(change["rules"][0]["items"]) for change in found["changes"]] == [5]


def test_rules_that_nobody_has_checked_for_long_weigh_nothing_on_a_later_day(workspace: Path) -> None:
    found = _replay(workspace, "--as-of", "2027-12-31")
    change = next(one for one in found["changes"] if one["id"] == "many")
    assert {rule["change"] for rule in change["rules"]} == {"ends"}
    assert change["review"]["now"] == "none"


def test_a_person_reads_it_too(workspace: Path, stricter: Path) -> None:
    code, out, err = _run("sellers", "replay", "--pack", str(stricter), "--workspace", str(workspace))
    assert code == 0
    assert "1 of 2 sellers change" in err
    assert "volume ends (1.0 → None)" in out
    assert "(2026-03-02)" in out


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("jurisdiction: US\nname: x\nhooks: []\nhistory: {a: 1}\n", 3, "history.a"),
        ("jurisdiction: [", 3, "cannot be used"),
        (None, 2, "cannot be read"),
    ],
)
def test_a_pack_that_cannot_be_used_says_what_and_where(
    workspace: Path, tmp_path: Path, text: str | None, code: int, says: str
) -> None:
    path = tmp_path / "bad.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    found, _, err = _run("sellers", "replay", "--pack", str(path), "--workspace", str(workspace))
    assert (found, says in err, "bad.yaml" in err) == (code, True, True)


def test_a_rule_for_a_signal_that_nobody_knows_is_refused(workspace: Path, stricter: Path) -> None:
    stricter.write_text(stricter.read_text(encoding="utf-8").replace("signal: volume", "signal: guilt"), "utf-8")
    code, _, err = _run("sellers", "replay", "--pack", str(stricter), "--workspace", str(workspace))
    assert code == 3
    assert "guilt is no signal" in err


def test_writing_keeps_the_pack_and_a_later_assessment_goes_by_it(workspace: Path, stricter: Path) -> None:
    """The last test of this file: it changes the workspace."""
    code, _, err = _run("sellers", "replay", "--write", "--as-of", "2026-03-15", "--workspace", str(workspace))
    assert (code, "leave --as-of out" in err) == (2, True)
    code, _, err = _run("sellers", "replay", "--pack", str(stricter), "--write", "--workspace", str(workspace))
    assert (code, "2 sellers assessed again" in err) == (0, True)
    assert (workspace / "packs" / "any.yaml").read_bytes() == stricter.read_bytes()
    exported = [json.loads(line) for line in _run("export", "sellers", "--workspace", str(workspace))[1].splitlines()]
    assert not [one for line in exported for one in line["signals"] if one["name"] == "volume"]
    assert _replay(workspace)["changed"] == 0
