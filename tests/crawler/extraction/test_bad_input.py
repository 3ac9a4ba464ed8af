"""Pages made to cost: whatever their size and form, reading them ends soon and says what it did not read."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from crawler.extraction import ExtractionHints, extract
from crawler.extraction.bodies import LARGEST_PAGE
from crawler.extraction.data import MOST_LISTINGS
from crawler.extraction.document import MOST_BLOCKS
from pipelines.models import ExtractedPage, PageKind

NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
LONGEST = 15.0  # seconds; each takes one or two on a machine with nothing else to do
ROWS = "<p>Price: $5</p><p>Condition: used</p><p>Location: Reno</p>"
DEEP = 100_000


def read(body: bytes, content_type: str | None = None) -> ExtractedPage:
    started = time.perf_counter()
    page = extract(
        body, url="https://a.example/x/1", hints=ExtractionHints(country="US"), now=NOW, content_type=content_type
    )
    assert time.perf_counter() - started < LONGEST
    return page


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * DEEP + b"<h1>x</h1>",
        b"<html><body>" + b"<span>" * DEEP + b"x",
        b"<ul><li>" * DEEP + b"x" + b"</li></ul>" * DEEP,
        b"<p><font>" * DEEP + b"x",
        b"<table><tr><td>" * DEEP + b"x",
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b"[" * DEEP + b"]" * DEEP,
    ],
    ids=["div", "span", "lists", "fonts", "tables", "objects", "arrays"],
)
def test_nesting_a_hundred_thousand_deep(body: bytes) -> None:
    assert read(body).listing is None


@pytest.mark.parametrize(
    "body",
    [
        b"<h1>x</h1>" + b"<p>lorem ipsum dolor sit amet 307-555-0142 call</p>" * 30_000,
        b"<h1>x</h1>" + b"<a href=/item/1>Rifle</a> $5<br>" * 30_000,
        b"<table>" + b"<tr><td>Price</td><td>$5</td></tr>" * 30_000,
        b"<h1>x</h1>" + b"".join(b"<a href=/m/%d><time datetime=2026-01-01>x</time></a>" % n for n in range(25_000)),
        b"".join(b"<div id=post%d class=post><b>u</b><p>some text</p></div>" % n for n in range(25_000)),
    ],
    ids=["paragraphs", "links", "rows", "messages", "posts"],
)
def test_a_page_of_too_many_lines_is_read_to_a_bound_and_says_so(body: bytes) -> None:
    page = read(body)
    assert page.reason.endswith("too large to be read to its end")
    assert len(page.links) <= MOST_BLOCKS + 100


@pytest.mark.parametrize(
    "body",
    [
        b"<h1>x</h1><p>" + b"1 2 3 4 " * 150_000,
        b"<" * 1_000_000,
        b"<!-- " * 300_000,
        b"<h1>x</h1><script>" + b"x" * 2_000_000,
        b"<div class='" + b"price " * 150_000 + b"'>$5</div>",
        b'<div itemscope itemtype="http://schema.org/Product">' + b"<span itemprop=name>x</span>" * 30_000,
        b'<script type="application/ld+json">[' + b'{"@type":"Offer","price":1},' * 60_000 + b"{}]</script>",
        b"<title>" + b"word " * 300_000,
    ],
    ids=["digits", "brackets", "comments", "script", "names", "microdata", "json-ld", "title"],
)
def test_a_large_page_is_read_in_bounded_time(body: bytes) -> None:
    assert read(body).links == ()


def test_a_list_in_data_is_read_to_a_bound() -> None:
    entries = b",".join(b'{"id":%d,"title":"x","price":5}' % number for number in range(50_000))
    assert len(read(b"[" + entries + b"]").listings) == MOST_LISTINGS


@pytest.mark.parametrize("start", [b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n", b"PK\x03\x04", bytes(range(32)) * 9])
def test_what_is_no_text_is_refused_by_name(start: bytes) -> None:
    page = read(start + bytes(range(256)) * 40)
    assert (page.kind, page.reason) == (PageKind.OTHER, "binary: no text")


def test_a_page_beyond_the_limit_is_refused_by_name() -> None:
    assert read(b"<p>x</p>" * (LARGEST_PAGE // 8 + 1)).reason == "larger than 16 MiB"


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", "text/html; charset=iso-8859-1"),  # the bytes are valid UTF-8: what the server says is wrong
        ("utf-16-le", None),
        ("utf-16-be", "text/html"),
        ("utf-16", "text/html; charset=utf-8"),
        ("windows-1251", "text/html; charset=windows-1251"),
        ("koi8-r", "text/html; charset=koi8-r"),
    ],
)
def test_a_page_in_an_unexpected_charset_is_read(encoding: str, content_type: str | None) -> None:
    body = f"<html><head><title>Палатка зелёная</title></head><h1>Палатка зелёная</h1>{ROWS}".encode(encoding)
    page = read(body, content_type)
    assert page.listing is not None
    assert page.listing.title == "Палатка зелёная"


@pytest.mark.parametrize(
    "body",
    [
        f"<title>Green canoe<body><h1>Green canoe</h1>{ROWS}",
        f"<title>Green canoe<meta charset=utf-8></title><body><h1>Green canoe{ROWS}",
        f"<table><tr><td><b><h1>Green canoe</b></h1><td>{ROWS}",
        f"<div><h1>Green canoe</div></h1></p></span>{ROWS}<p>and more",
    ],
)
def test_markup_that_is_never_closed(body: str) -> None:
    page = read(body.encode())
    assert page.listing is not None
    assert page.listing.title.startswith("Green canoe")
