"""A workspace of our own, brought through the whole road by the commands themselves."""

from __future__ import annotations

import contextlib
import io
import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.cli import main

if TYPE_CHECKING:
    from pathlib import Path

START = date(2026, 1, 5)
OWN_WORDS = (
    "Bought it six years ago for the range and hardly take it out. Two magazines and the case go along.",
    "Kept in a drawer since we moved. Some wear on the slide, shoots straight. Holster included.",
    "Night sights fitted by the shop in town, about nine hundred shots through it.",
    "Too big for my hand, so it goes. Three magazines and a spare spring. Collect in the evening.",
    "Second owner. The grip has a small scratch on the left side, see the third picture.",
)


def feed_lines() -> list[dict[str, Any]]:
    """One who sells pistol after pistol, and people with a thing or two."""
    lines: list[dict[str, Any]] = []
    for number in range(11):
        make, model = (("Glock", "19"), ("Taurus", "G2C"))[number % 2]
        lines.append(
            {
                "id": f"bulk/{number}",
                "title": f"{make} {model} 9mm, new in box",
                "description": f"{OWN_WORDS[(number // 2) % 5]} {number}. Cash, no background check, 907-555-0143.",
                "price": 400 + number,
                "posted": (START + timedelta(days=number * 3)).isoformat(),
                "seller": {"id": "s1", "name": "Sam", "joined": "2025-12-01"},
                "location": "Anchorage, AK",
                "images": [f"https://market.example/{number}.jpg"],
            }
        )
    lines += [
        {
            "id": 100,
            "title": "Framing nail gun",
            "description": "Shoots nails. 80 €.",
            "price": "80,00 €",
            "seller": "jo",
        },
        {"id": "101", "title": "Remington 700 rifle", "description": "Ships to your FFL only.", "quantity": 1},
        {"id": "102", "title": "Wooden chair", "price": None, "category": ["Home", "Chairs"], "color": "brown"},
        {"id": "103", "title": "Verkaufe Jagdgewehr", "description": "Nur an Inhaber einer WBK.", "country": "DE"},
        {"id": "104", "title": "", "description": "\u202e strange \ud83d\ude00", "posted": "yesterday"},
    ]
    return lines


def run(*arguments: str) -> tuple[int, str, str]:
    """The exit code of `tracemark ARGUMENTS`, and what it wrote to standard output and error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0), out.getvalue(), err.getvalue()


def make_workspace(root: Path) -> None:
    """A workspace at `root` with the feed in it, assessed and indexed."""
    feed = root.parent / "feed.jsonl"
    feed.write_text("".join(json.dumps(line) + "\n" for line in feed_lines()), encoding="utf-8")
    authority = ("--operator", "Example Unit", "--contact", "unit@example.org", "--authority", "Test")
    steps = (
        ("init", str(root), *authority),
        ("import", str(feed), "--site", "market", "--currency", "USD", "--workspace", str(root)),
        ("assess", "--workspace", str(root)),
    )
    for step in steps:
        code, _, said = run(*step)
        assert code == 0, said
