"""Whatever bytes a server sends, reading them ends, and what is found lies in the page."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extraction import ExtractionHints, extract, extract_json
from pipelines.models import PageKind

NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
ROWS = "<p>Price: $5</p><p>Condition: used</p><p>Location: Reno</p>"
PIECES = [
    "<h1>",
    "</h1>",
    "<p>",
    "</p>",
    "<table><tr><td>",
    "</td><td>",
    "</td></tr></table>",
    "<dl><dt>",
    "</dt><dd>",
    "</dd></dl>",
    "<br>",
    "<a href='",
    "'>",
    "</a>",
    "<div class='price description seller'>",
    "</div>",
    "<script type='application/ld+json'>",
    "</script>",
    '{"@type":"Product","offers":[{"price":1}]}',
    "<div itemscope itemtype='http://schema.org/Product'>",
    "<span itemprop='name'>",
    "</span>",
    "Price: $450",
    "Preis",
    "Posted 3 days ago",
    "307-555-0142",
    "/item/1",
    "http://[bad",
    "//",
    "?page=2",
    "javascript:x",
    "<time datetime='x'>",
    "<title>",
    "</title>",
    "<base href='http://a.example/b/'>",
    "\x00",
    "é",
    "中",
    "\ud83d\ude00",
    "<input type=password>",
    "captcha",
    "<img src='/a.jpg'>",
    "<section hidden>",
    "&nbsp;",
    "&#0;",
    "<pre> \n a </pre>",
]


@given(
    st.binary(max_size=400),
    st.sampled_from([None, "text/html; charset=gbk", "text/html; charset=nonsense", "image/png"]),
)
def test_arbitrary_bytes(body: bytes, content_type: str | None) -> None:
    extract(body, url="http://a.example/x", hints=ExtractionHints(), now=NOW, content_type=content_type)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=30),
    st.sampled_from([None, "http://a.example/item/1?utm_source=x#y", "http://[", "x"]),
)
def test_broken_markup(pieces: list[str], url: str | None) -> None:
    body = "".join(pieces).encode("utf-8", "surrogatepass")
    page = extract(body, url=url, hints=ExtractionHints(country="US"), now=NOW)
    if page.kind in {PageKind.LOGIN, PageKind.CHALLENGE}:
        assert page.listing is None
    if page.listing:
        assert page.listing.price is None or page.listing.price.amount >= 0
        for contact in page.listing.contacts:
            text = page.listing.title if contact.field == "title" else page.listing.description
            assert 0 <= contact.start < contact.end <= len(text)
    assert len({link.url for link in page.links}) == len(page.links)


@settings(deadline=None)
@given(st.text(min_size=3, max_size=60).map(lambda text: " ".join(text.split())).filter(lambda text: len(text) > 2))
def test_title_is_kept_as_it_was(title: str) -> None:
    escaped = title.replace("&", "&amp;").replace("<", "&lt;")
    body = f"<html><head><title>{escaped}</title></head><body><h1>{escaped}</h1>{ROWS}</body></html>"
    report = extract_json(body, "http://a.example/item/1", ExtractionHints(), NOW)
    if report["page"] == "detail" and report["title"] is not None and title.isprintable() and title.isascii():
        assert report["title"] == title


def test_deep_nesting_ends() -> None:
    body = b"<div>" * 5000 + b"<h1>x</h1>" + b"</div>" * 5000
    assert extract(body, url=None, hints=ExtractionHints(), now=NOW).kind is PageKind.OTHER


def test_empty_body_is_other() -> None:
    assert extract(b"", url=None, hints=ExtractionHints(), now=NOW).reason == "nothing to read"
