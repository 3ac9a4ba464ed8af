"""docs/schema: each is a schema, and what the commands write is what it says."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped]  # no stubs
from referencing import Registry, Resource
from schema_workspace import feed_lines, run

from classifiers.catalogue import CLASSES
from classifiers.values import SCORES
from pipelines.errors import ExitCode
from pipelines.feed_line import _KNOWN, LONGEST_TITLE
from pipelines.feed_values import LONGEST_SELLER
from pipelines.models import ListingStatus

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / "docs" / "schema").glob("*.json"))
SCHEMAS = {path.stem: json.loads(path.read_text("utf-8")) for path in FILES}
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()
)
PAGE = """<html><head><title>Wooden chair - Example market</title>
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Product", "name": "Wooden chair",
"description": "Four legs, hardly used, from a house without a cat. Call 907-555-0143.", "sku": "77",
"offers": {"@type": "Offer", "price": "25.50", "priceCurrency": "EUR"}}</script></head>
<body><h1>Wooden chair</h1>
<p>Four legs, hardly used, from a house without a cat. Call 907-555-0143.</p></body></html>"""


def check(name: str, value: Any) -> None:
    Draft202012Validator(SCHEMAS[name], registry=REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(
        value
    )


def lines(*arguments: str) -> list[dict[str, Any]]:
    code, out, said = run(*arguments)
    assert code == 0, said
    return [json.loads(line) for line in out.splitlines()]


def answer(*arguments: str, code: int = 0) -> Any:
    found, out, said = run(*arguments, "--json")
    assert found == code, said
    return json.loads(out)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_each_is_a_schema_with_a_version_and_no_host(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$id"] == f"urn:tracemark:schema:{name}:1"
    assert SCHEMAS[name]["description"]


def test_their_lists_are_the_codes() -> None:
    shared = SCHEMAS["listing"]["$defs"]
    assert tuple(shared["class"]["enum"]) == CLASSES
    assert shared["status"]["enum"] == [one.value for one in ListingStatus]
    assert tuple(shared["assessment"]["properties"]["scores"]["properties"]) == SCORES
    codes = [code.value for code in ExitCode if code is not ExitCode.DONE]
    assert SCHEMAS["error"]["properties"]["exit_code"]["enum"] == codes
    feed = SCHEMAS["feed"]["properties"]
    assert feed.keys() == _KNOWN
    assert feed["title"]["maxLength"] == LONGEST_TITLE
    assert feed["seller"]["anyOf"][0]["maxLength"] == LONGEST_SELLER


@pytest.mark.parametrize("line", feed_lines(), ids=lambda line: str(line["id"]))
def test_feed_lines(line: dict[str, Any]) -> None:
    check("feed", line)


def test_listings(workspace: Path) -> None:
    found = lines("export", "listings", "--workspace", str(workspace))
    assert len(found) == len(feed_lines())
    for line in found:
        check("listing", line)
        for contact in line["contacts"]:
            assert contact["value"].lstrip("+1") in line[contact["field"]][contact["start"] : contact["end"]].replace(
                "-", ""
            )
        for signal in line["assessment"]["signals"]:
            if signal["field"] in ("title", "description"):
                assert line[signal["field"]][signal["start"] : signal["end"]] == signal["text"]
    assert any(line["assessment"]["signals"] for line in found)
    assert any(line["items"] for line in found)
    assert any(line["contacts"] for line in found)
    assert [line["price"] for line in found][:1] == [{"amount": 400, "currency": "USD"}]


def test_a_listing_that_waits_for_its_assessment(workspace: Path, tmp_path: Path) -> None:
    feed = tmp_path / "more.jsonl"
    feed.write_text('{"id": "1", "title": "A lamp"}\n')
    room = tmp_path / "room"
    for step in (("init", str(room)), ("import", str(feed), "--site", "later", "--workspace", str(room))):
        code, _, said = run(*step)
        assert code == 0, said
    [line] = lines("export", "listings", "--workspace", str(room))
    assert line["assessment"] is None
    check("listing", line)
    for hit in answer("search", "lamp", "--workspace", str(room))["hits"]:
        check("search", {"total": 1, "hits": [hit], "facets": {}, "histograms": {}, "cursor": None})


def test_items(workspace: Path) -> None:
    found = lines("export", "items", "--workspace", str(workspace))
    assert len(found) >= 11
    for line in found:
        check("item", line)


@pytest.mark.parametrize("day", [(), ("--as-of", "2026-01-20")])
def test_sellers(workspace: Path, day: tuple[str, ...]) -> None:
    found = lines("export", "sellers", *day, "--workspace", str(workspace))
    for line in found:
        check("seller", line)
    [bulk] = [line for line in found if line["id"] == "s1"]
    assert len(bulk["windows"]) == 5
    if not day:
        assert bulk["review"] == "review"
        assert {"volume", "same_model_repeat", "new_in_box_ratio"} <= {one["name"] for one in bulk["signals"]}


def test_search_results(workspace: Path) -> None:
    found = answer("search", "glock OR chair", "--workspace", str(workspace))
    check("search", found)
    assert found["total"] == 7
    assert {hit["seller_review"] for hit in found["hits"]} == {"review", None}
    assert found["facets"]["review"]
    check("search", answer("search", "nothingofthekind", "--workspace", str(workspace)))


@pytest.mark.parametrize("html", [PAGE, "<html><body><p>Nothing here</p></body></html>"])
def test_extraction(tmp_path: Path, html: str) -> None:
    file = tmp_path / "page.html"
    file.write_text(html)
    found = answer("extract", str(file), "--url", "https://market.example/item/77")
    check("extraction", found)
    assert (found["price"] == {"amount": 25.5, "currency": "EUR"}) == (html is PAGE)


def test_packets(workspace: Path, tmp_path: Path) -> None:
    packet = tmp_path / "packet.zip"
    code, _, said = run("packet", "create", "market/bulk/0", "--out", str(packet), "--workspace", str(workspace))
    assert code == 0, said
    found = answer("packet", "verify", str(packet))
    assert found["valid"] is True
    check("verification", found)
    content = bytearray(packet.read_bytes())
    content[len(content) // 2] ^= 1
    packet.write_bytes(content)
    found = answer("packet", "verify", str(packet), code=1)
    assert found["valid"] is False
    check("verification", found)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("import", "missing.jsonl", "--site", "a/b", "--map", "x"), 2),
        (("show", "market/none"), 2),
        (("search", "title:("), 2),
        (("nosuch",), 2),
    ],
)
def test_errors(workspace: Path, arguments: tuple[str, ...], code: int) -> None:
    place = () if arguments == ("nosuch",) else ("--workspace", str(workspace))
    found, out, said = run(*arguments, *place, "--json")
    assert (found, out) == (code, "")
    check("error", json.loads(said))


def test_a_bench_line() -> None:
    check(
        "bench", {"bench": "crawl", "figures": {"pages": 5}, "bars": {"ratio": {"value": 0.8, "bar": 0.7, "met": True}}}
    )


WRONG: dict[str, list[Callable[[dict[str, Any]], object]]] = {
    "listing": [
        lambda line: line.pop("assessment"),
        lambda line: line.update(score=1.0),
        lambda line: line.update(first_seen="yesterday"),
        lambda line: line["price"].update(amount="400"),
        lambda line: line["assessment"].update(review="guilty"),
        lambda line: line["assessment"]["scores"].pop("bulk_sale"),
        lambda line: line["assessment"]["scores"].update(bulk_sale=1.5),
        lambda line: line["items"][0].update({"class": "gun"}),
        lambda line: line["contacts"][0].pop("field"),
    ],
    "seller": [
        lambda line: line["windows"][0].update(days=5),
        lambda line: line["signals"][0].pop("reason"),
        lambda line: line.update(licence="stated"),
    ],
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_what_is_wrong_is_refused(workspace: Path, name: str) -> None:
    found = lines("export", f"{name}s", "--workspace", str(workspace))
    good = next(line for line in found if "s1" in (line["id"], (line.get("seller") or {}).get("id")))
    check(name, good)
    for spoil in WRONG[name]:
        bad = deepcopy(good)
        spoil(bad)
        with pytest.raises(ValidationError):
            check(name, bad)
