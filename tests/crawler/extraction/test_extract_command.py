"""`tracemark extract`: the contract "Extraction alone" as a script sees it."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main

PAGES = Path(__file__).parent / "unseen"


def run(*arguments: str) -> tuple[int, str]:
    said = io.StringIO()
    with redirect_stdout(said), pytest.raises(SystemExit) as left:
        main(["extract", *arguments])
    return int(left.value.code or 0), said.getvalue()


def read(name: str, url: str) -> dict[str, Any]:
    code, output = run(str(PAGES / name), "--url", url, "--json")
    assert code == 0
    found: dict[str, Any] = json.loads(output)
    return found


def test_a_listing_page_as_json() -> None:
    found = read("multi-lot-en.html", "https://backroad.example/p/9811")
    assert (found["page"], found["title"], found["price"]) == (
        "detail",
        "FS 5 ammo cans",
        {"amount": 15, "currency": "USD"},
    )
    assert [one["kind"] for one in found["contacts"]] == ["phone"]
    assert found["provenance"]["quantity"] == {"from": "label", "detail": "Quantity"}
    assert found["listings"] == []


def test_a_feed_as_json_lists_its_offers_each_with_provenance() -> None:
    found = read("atom-de.xml", "https://inserate.example.at/feed/optik")
    assert (found["page"], found["title"], len(found["links"])) == ("index", None, 2)
    assert [one["title"] for one in found["listings"]] == ["Zielfernrohr 6x42 & Ringe", "Fernglas 10x42"]
    assert found["listings"][0]["provenance"]["seller"] == {"from": "feed", "detail": "author"}


def test_for_people() -> None:
    code, output = run(str(PAGES / "search-hits.json"))
    assert code == 0
    assert "listings: 3" in output


@pytest.mark.parametrize("body", [b"\x89PNG\r\n\x1a\n" + bytes(400), b""])
def test_a_file_that_is_no_page_is_other_and_says_why(tmp_path: Path, body: bytes) -> None:
    file = tmp_path / "page.html"
    file.write_bytes(body)
    code, output = run(str(file), "--json")
    found = json.loads(output)
    assert (code, found["page"], found["title"]) == (0, "other", None)
    assert found["reason"]


def test_a_file_that_is_missing_is_bad_input(tmp_path: Path) -> None:
    assert run(str(tmp_path / "none.html"), "--json")[0] == 2
