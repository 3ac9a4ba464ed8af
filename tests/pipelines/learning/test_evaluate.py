"""`tracemark evaluate`: figures of a labelled file, and what is said of one that cannot be used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from command_line import answer, tracemark

if TYPE_CHECKING:
    from pathlib import Path

ADS = [
    {"title": "Glock 19 gen 4 9mm", "description": "No background check.", "class": "firearm_handgun"},
    {"title": "Hot glue gun with sticks", "class": "look_alike_tool"},
    {"title": "Ruger 10/22 rifle", "class": "look_alike_tool"},
]


def test_a_labelled_file_is_measured_without_a_workspace(tmp_path: Path) -> None:
    file = tmp_path / "labelled.jsonl"
    file.write_text("".join(json.dumps(ad) + "\n" for ad in ADS), encoding="utf-8")
    figures = answer("evaluate", str(file), cwd=tmp_path)
    assert figures["class"]["accuracy"]["of"] == 3
    assert figures["class"]["accuracy"]["right"] == 2
    assert figures["class"]["confusion"] == [["look_alike_tool", "firearm_long", 1]]
    assert set(figures["versions"]) == {"model", "rules", "lexicon"}


def test_a_mistake_stops_it_before_anything_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "labelled.jsonl"
    file.write_text(json.dumps(ADS[0]) + '\n{"title": "x", "class": "gun"}\n', encoding="utf-8")
    done = tracemark("evaluate", str(file), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "labelled.jsonl, line 2: class: Value error, 'gun' is no class" in done.stderr
    file.write_text("\n", encoding="utf-8")
    assert tracemark("evaluate", str(file), cwd=tmp_path).returncode == 2
