"""The ten example site files: each holds together, and reads the pages that were written for it, without selectors."""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crawler.extraction import extract, extract_json
from crawler.sites.loading import load_site
from crawler.spiders.listings import make_hints
from pipelines.models import ExtractedPage, PageKind

if TYPE_CHECKING:
    from crawler.extraction.hints import ExtractionHints

ROOT = Path(__file__).parents[3]
SITES = sorted((ROOT / "examples" / "sites").glob("*.yaml"))
PAGES = Path(__file__).parent / "pages"
KINDS = [
    "auction",
    "channel",
    "classifieds",
    "forum",
    "json-api",
    "rss-feed",
    "search-board",
    "shopify-like-shop",
    "sitemap",
    "woocommerce-like-shop",
]


def load_pages(kind: str) -> list[dict[str, Any]]:
    pages: list[dict[str, Any]] = json.loads((PAGES / kind / "expected.json").read_text(encoding="utf-8"))
    return pages


@cache
def hints_of(kind: str) -> ExtractionHints:
    return make_hints(load_site(ROOT / "examples" / "sites" / f"{kind}.yaml").file)


@cache
def report_of(kind: str, file: str) -> dict[str, Any]:
    record = next(one for one in load_pages(kind) if one["file"] == file)
    return extract_json((PAGES / kind / file).read_bytes(), record["url"], hints_of(kind), now_of(record))


def now_of(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["now"])


def read(kind: str, record: dict[str, Any]) -> ExtractedPage:
    return extract(
        (PAGES / kind / record["file"]).read_bytes(),
        url=record["url"],
        hints=hints_of(kind),
        now=now_of(record),
        content_type=record.get("content_type", "text/html; charset=utf-8"),
    )


EVERY_PAGE = [(kind, record) for kind in KINDS for record in load_pages(kind)]
EVERY_FIELD = [(kind, record, field) for kind, record in EVERY_PAGE for field in record["fields"]]
EVERY_LINK = [(kind, record, links) for kind, record in EVERY_PAGE for links in record.get("links", ())]
EVERY_LIST = [(kind, record) for kind, record in EVERY_PAGE if "listings" in record]
PAGE_NAMES = [f"{kind}-{record['file']}" for kind, record in EVERY_PAGE]
PAGE_NAMES_OF_LISTS = [f"{kind}-{record['file']}" for kind, record in EVERY_LIST]


def test_there_is_a_file_for_each_kind() -> None:
    assert [path.stem for path in SITES] == KINDS


@pytest.mark.parametrize("path", SITES, ids=[path.stem for path in SITES])
def test_site_file_is_named_like_its_site(path: Path) -> None:
    assert load_site(path).file.site == path.stem


@pytest.mark.parametrize("path", SITES, ids=[path.stem for path in SITES])
def test_site_file_needs_no_selector(path: Path) -> None:
    assert load_site(path).file.selectors == {}


@pytest.mark.parametrize("path", SITES, ids=[path.stem for path in SITES])
def test_site_file_explains_itself(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert sum("#" in line for line in lines) >= 6


@pytest.mark.parametrize(
    ("kind", "record", "field"),
    EVERY_FIELD,
    ids=[f"{kind}-{record['file']}-{field}" for kind, record, field in EVERY_FIELD],
)
def test_field_of_example(kind: str, record: dict[str, Any], field: str) -> None:
    report = report_of(kind, record["file"])
    expected = record["fields"][field]
    if field == "contacts":
        written = [[one["kind"], report[one["field"]][one["start"] : one["end"]]] for one in report["contacts"]]
        assert written == expected
    else:
        assert report[field] == expected


@pytest.mark.parametrize(
    ("kind", "record", "links"),
    EVERY_LINK,
    ids=[f"{kind}-{record['file']}-{links}" for kind, record, links in EVERY_LINK],
)
def test_links_of_example(kind: str, record: dict[str, Any], links: str) -> None:
    skip = load_site(ROOT / "examples" / "sites" / f"{kind}.yaml").file.links.skip
    found = [link.url for link in read(kind, record).links if link.kind is PageKind(links)]
    assert found == record["links"][links]
    assert skip is None or not any(re.search(skip, url) for url in found)


@pytest.mark.parametrize(("kind", "record"), EVERY_LIST, ids=PAGE_NAMES_OF_LISTS)
def test_listings_that_a_list_holds_in_full(kind: str, record: dict[str, Any]) -> None:
    body = (PAGES / kind / record["file"]).read_bytes()
    page = extract(body, url=record["url"], hints=hints_of(kind), now=now_of(record))
    assert [
        {
            "id": one.id,
            "title": one.title,
            "price": [int(one.price.amount), one.price.currency] if one.price else None,
            "seller": one.seller.name if one.seller else None,
            "posted": one.posted,
            "status": one.status.value,
        }
        for one in page.listings
    ] == record["listings"]


@pytest.mark.parametrize(("kind", "record"), EVERY_PAGE, ids=PAGE_NAMES)
def test_every_field_says_where_it_was_found(kind: str, record: dict[str, Any]) -> None:
    listing = read(kind, record).listing
    if listing is not None:
        given = {name for name in ("title", "price", "seller", "location", "posted") if getattr(listing, name)}
        assert given <= listing.provenance.keys()
