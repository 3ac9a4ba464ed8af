"""`tracemark alert` as people type it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from command_line import PERSON, answer, tracemark

if TYPE_CHECKING:
    from pathlib import Path

LINES = [
    {"id": "1", "title": "Glock 19, cash only", "description": "Meet in a car park, no paperwork.", "price": 450},
    {"id": "2", "title": "Oak table", "description": "Seats six.", "price": 90},
]


def test_a_search_is_tried_saved_told_muted_and_removed(tmp_path: Path) -> None:
    room = tmp_path / "room"
    tracemark("init", "room", *PERSON, cwd=tmp_path)
    (tmp_path / "feed.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
    answer("import", str(tmp_path / "feed.jsonl"), "--site", "alpha", cwd=room)
    answer("assess", cwd=room)
    tried = answer("alert", "preview", "glock", cwd=room)
    assert (tried["total"], tried["recent"], [one["listing"] for one in tried["newest"]]) == (1, 1, ["alpha/1"])
    quiet = "22:00-07:00 Europe/Berlin"
    made = answer("alert", "add", "glocks", "glock", "--tell", "feed", "--history", cwd=room)
    assert (made["saved"]["sequence"], made["preview"]["total"]) == (0, 1)
    later = answer("alert", "add", "later", "table", "--tell", "feed", "--quiet", quiet, cwd=room)
    assert later["saved"]["sequence"] > 0
    assert later["saved"]["quiet"] == quiet
    assert answer("alert", "run", cwd=room)["searches"][0] == {
        "name": "glocks",
        "new": 1,
        "reposts": 0,
        "told": 1,
        "trouble": None,
    }
    assert "alpha/1" in tracemark("alert", "feed", "glocks", cwd=room).stdout
    assert (room / "alerts" / "glocks.atom").exists()
    assert answer("alert", "mute", "glocks", "--until", "2099-12-31", cwd=room)["muted_until"]
    assert answer("alert", "retro", "later", cwd=room)["sequence"] == 0
    assert [one["name"] for one in answer("alert", "list", cwd=room)["searches"]] == ["glocks", "later"]
    assert tracemark("alert", "remove", "glocks", cwd=room).returncode == 0
    assert not (room / "alerts" / "glocks.atom").exists()


def test_what_cannot_be_saved_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    tracemark("init", "room", *PERSON, cwd=tmp_path)
    for query, way in (
        ("glock (", "feed"),
        ("item:none", "feed"),
        ("glock", "pigeon:x"),
        ("glock", "webhook:http://x.example"),
    ):
        refused = tracemark("alert", "add", "one", query, "--tell", way, cwd=tmp_path / "room")
        assert refused.returncode == 2, refused.stderr
    assert answer("alert", "list", cwd=tmp_path / "room")["searches"] == []
    assert tracemark("alert", "mute", "one", "--until", "2099-01-01", cwd=tmp_path / "room").returncode == 2
