"""Pages of several kinds in eight languages: one assertion per page and field."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.extraction import ExtractionHints, extract, extract_json
from pipelines.models import PageKind

PAGES = Path(__file__).parent / "pages"
NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
SETTINGS = {"url", "languages", "country_hint", "timezone", "encoding", "canonical", "sellers", "indexes"}


def load(name: str) -> tuple[bytes, dict[str, Any], ExtractionHints]:
    expected = json.loads((PAGES / f"{name}.json").read_text(encoding="utf-8"))
    text = (PAGES / f"{name}.html").read_text(encoding="utf-8")
    hints = ExtractionHints(
        country=expected.get("country_hint"),
        languages=tuple(expected.get("languages", ())),
        timezone=expected.get("timezone"),
    )
    return text.encode(expected.get("encoding", "utf-8")), expected, hints


NAMES = sorted(path.stem for path in PAGES.glob("*.json"))
CASES = [(name, field) for name in NAMES for field in load(name)[1] if field not in SETTINGS]


@pytest.mark.parametrize(("name", "field"), CASES, ids=[f"{name}-{field}" for name, field in CASES])
def test_field_of_page(name: str, field: str) -> None:
    body, expected, hints = load(name)
    report = extract_json(body, expected["url"], hints, NOW)
    if field == "contacts":
        written = [[one["kind"], report[one["field"]][one["start"] : one["end"]]] for one in report["contacts"]]
        assert written == expected["contacts"]
    else:
        assert report[field] == expected[field]


@pytest.mark.parametrize("name", [name for name in NAMES if "canonical" in load(name)[1]])
def test_address_is_canonical(name: str) -> None:
    body, expected, hints = load(name)
    assert extract_json(body, expected["url"], hints, NOW)["url"] == expected["canonical"]


def test_links_of_index_by_kind() -> None:
    body, expected, hints = load("cards-en")
    links = extract(body, url=expected["url"], hints=hints, now=NOW).links
    assert [link.url for link in links if link.kind is PageKind.SELLER] == expected["sellers"]
    assert [link.url for link in links if link.kind is PageKind.INDEX] == expected["indexes"]


@pytest.mark.parametrize("name", ["anmeldung-de", "challenge-en", "captcha-ru", "consent-fr"])
def test_gate_is_never_parsed(name: str) -> None:
    body, expected, hints = load(name)
    page = extract(body, url=expected["url"], hints=hints, now=NOW)
    assert (page.listing, page.seller, page.links) == (None, None, ())
    assert page.reason


def test_every_found_field_has_its_provenance() -> None:
    body, expected, hints = load("classified-en")
    report = extract_json(body, expected["url"], hints, NOW)
    for field in ("title", "price", "description", "seller", "location", "posted", "images", "attributes", "id"):
        assert report["provenance"][field]["from"] in {"structure", "label", "heuristic", "url"}
    assert report["provenance"]["location"] == {"from": "label", "detail": "Location"}
