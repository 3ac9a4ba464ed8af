"""`tracemark search` with what is not a query: a listing, a picture, a beginning."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from command_line import PERSON, answer, tracemark
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

LINES = [
    {
        "id": "1",
        "title": "Glock 19 pistol",
        "description": "Cash only, no paperwork. Call +1 202 555 0147.",
        "price": 450,
    },
    {"id": "2", "title": "Glock 26 pistol", "description": "Cash only, meet at my place.", "price": 400},
    {"id": "3", "title": "Oak table", "description": "Seats six.", "price": 90},
]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search")
    tracemark("init", "room", *PERSON, cwd=folder)
    lines = [{**line, "seller": {"id": "u1", "name": "John D"}} for line in LINES]
    (folder / "feed.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    answer("import", str(folder / "feed.jsonl"), "--site", "alpha", cwd=folder / "room")
    answer("assess", cwd=folder / "room")
    return folder / "room"


def test_what_is_like_a_listing_leaves_it_out(room: Path) -> None:
    found = answer("search", "price:>100", "--like", "1", cwd=room)
    assert [hit["id"] for hit in found["hits"]] == ["2"]
    assert tracemark("search", "--like", "none", cwd=room).returncode == 2


def test_an_item_and_a_contact_are_found(room: Path) -> None:
    items = tracemark("export", "items", cwd=room).stdout.splitlines()
    item = next(one for one in map(json.loads, items) if one["listings"][0]["id"] == "1")
    assert [hit["id"] for hit in answer("search", f"item:{item['id']}", cwd=room)["hits"]] == ["1"]
    assert [hit["id"] for hit in answer("search", 'contact:"202-555-0147"', cwd=room)["hits"]] == ["1"]
    assert tracemark("search", "item:none", cwd=room).returncode == 2


def test_a_beginning_is_completed(room: Path) -> None:
    assert [one["text"] for one in answer("search", "--complete", "glock pri", cwd=room)] == ["price:"]
    assert [one["text"] for one in answer("search", "--complete", "make:g", cwd=room)] == ["Glock"]


def test_prices_and_days_are_counted(room: Path) -> None:
    found = answer("search", "--histogram", "price:200", "--histogram", "first:year", cwd=room)["histograms"]
    assert [(bar["start"], bar["count"]) for bar in found["price"]] == [("0", 1), ("400", 2)]
    assert [bar["count"] for bar in found["first"]] == [3]
    assert tracemark("search", "--histogram", "colour", cwd=room).returncode == 2


def test_a_picture_that_nobody_showed_has_no_hits(room: Path, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    Image.linear_gradient("L").save(picture)
    assert answer("search", "--image", str(picture), cwd=room)["total"] == 0
    assert tracemark("search", "--image", "nowhere.png", cwd=room).returncode == 2
    picture.write_bytes(b"no picture")
    assert tracemark("search", "--image", str(picture), cwd=room).returncode == 2
