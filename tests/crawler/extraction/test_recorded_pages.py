"""Pages of other sites' making, invented for the purpose and labelled before they were read: a case per page and field.

What is known to be read otherwise is named in MISREAD: it must fail, so that the list stays true.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crawler.extraction import ExtractionHints, extract_json

PAGES = Path(__file__).parent / "unseen"
NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
STATED = {
    record["file"]: record
    for record in map(json.loads, (PAGES / "expected.jsonl").read_text(encoding="utf-8").splitlines())
}
FIELDS = ("title", "price", "description", "seller", "location", "posted", "contacts")
TOLD = (*FIELDS, "id", "quantity", "condition", "category", "attributes", "country", "shipping", "updated", "images")
MISREAD = {
    ("craigs-en.html", "description"),  # begins with words for a printed page
    ("auction-ch.html", "location"),  # a bare line of postcode and town
    ("auction-ch.html", "posted"),  # only in data, a level below the object that bears the title
    ("ilan-tr.html", "location"),  # a path of links that nothing calls a place
    ("empty-fields-en.html", "page"),  # two lines of text could be any page
    ("empty-fields-en.html", "title"),
    ("empty-fields-en.html", "description"),
    ("marktplaats-nl.html", "posted"),  # a year in two digits after an apostrophe
    (
        "vk-wall-ru.html",
        "page",
    ),  # a wall of two posts looks like a conversation; a site file's pattern tells them apart
    ("vk-wall-ru.html", "links"),
    ("vk-wall-ru.html", "listings"),
}


def expected(record: dict[str, Any]) -> dict[str, Any]:
    values = {"page": record["page"], **record["more"]}
    values |= {name: record[name] for name in FIELDS if name in record}
    return {name: value for name, value in values.items() if name not in record.get("skip", ())}


CASES = [(name, field) for name, record in STATED.items() for field in expected(record)]


@cache
def report_of(name: str) -> dict[str, Any]:
    record = STATED[name]
    hints = ExtractionHints(country=record["hints"].get("country"))
    return extract_json((PAGES / name).read_bytes(), record["url"], hints, NOW)


def fold(value: Any) -> str:
    return "".join(re.findall(r"[^\W_]+", str(value).casefold()))


def read(name: str, field: str) -> Any:
    report = report_of(name)
    seller, price = report["seller"] or {}, report["price"]
    if field in {"joined", "licence"}:
        return seller.get(field)
    if field == "seller":
        return seller.get("name")
    if field == "price":
        return [price["amount"], price["currency"]] if price else None
    if field == "contacts":
        return sorted(one["value"] for one in report["contacts"]) or None
    if field == "listings":
        return [[one["title"], one["price"]["amount"], one["price"]["currency"]] for one in report["listings"]]
    return report[field]


def agrees(field: str, given: Any, wanted: Any) -> bool:
    if wanted is None or given is None or field in {"price", "contacts", "listings", "links", "quantity", "category"}:
        choices = wanted if field == "price" and wanted and isinstance(wanted[0], list) else [wanted]
        return given in choices
    if field in {"posted", "updated", "joined"}:
        return bool(given[:10] == wanted)
    return fold(given) in [fold(one) for one in (wanted if isinstance(wanted, list) else [wanted])]


@pytest.mark.parametrize(("name", "field"), CASES, ids=[f"{name}-{field}" for name, field in CASES])
def test_field(name: str, field: str) -> None:
    given, wanted = read(name, field), expected(STATED[name])[field]
    assert agrees(field, given, wanted) is ((name, field) not in MISREAD), (given, wanted)


@pytest.mark.parametrize("name", STATED)
def test_every_field_that_is_read_says_where_it_was_found(name: str) -> None:
    report = report_of(name)
    for one in [report, *report["listings"]]:
        if one["title"]:
            told = {field for field in TOLD if one[field]}
            assert told <= one["provenance"].keys()
