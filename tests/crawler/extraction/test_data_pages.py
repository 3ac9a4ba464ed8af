"""JSON answers, feeds and sitemaps: what is taken from them, and what they cannot do."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extraction import ExtractionHints, extract
from crawler.extraction.markup import parse_xml
from pipelines.models import ExtractedPage, ListingStatus, PageKind

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
URL = "https://a.example/api/items"
PLAIN = ExtractionHints()
ITEMS = ExtractionHints(listing_links=re.compile(r"/items/\d+$"), index_links=re.compile(r"[?&]page=\d+"))


def read(body: bytes | str, *, url: str = URL, hints: ExtractionHints = PLAIN) -> ExtractedPage:
    return extract(body, url=url, hints=hints, now=NOW)


def links(page: ExtractedPage, kind: PageKind) -> list[str]:
    return [link.url for link in page.links if link.kind is kind]


def answer(value: Any) -> bytes:
    return json.dumps(value).encode()


OFFER = {"id": 7, "title": "Field stove", "price": 30, "currency": "EUR", "description": "Runs on anything."}


def test_object_with_offer_is_detail() -> None:
    page = read(answer({"result": OFFER}), url=f"{URL}/7")
    assert page.kind is PageKind.DETAIL
    assert page.listing
    assert page.listing.title == "Field stove"


def test_list_before_a_deeper_offer_is_index() -> None:
    page = read(answer([OFFER, OFFER | {"id": 8, "parent": OFFER}]))
    assert page.kind is PageKind.INDEX


def test_address_of_a_list_overrides_its_only_entry() -> None:
    assert read(answer({"items": [OFFER]}), url=f"{URL}?page=2", hints=ITEMS).kind is PageKind.INDEX


def test_entries_without_address_lead_below_the_list_where_the_pattern_knows_it() -> None:
    page = read(answer([OFFER, OFFER | {"id": 8}]), hints=ITEMS)
    assert links(page, PageKind.DETAIL) == [f"{URL}/7", f"{URL}/8"]


def test_entries_without_address_lead_nowhere_without_a_pattern() -> None:
    assert links(read(answer([OFFER, OFFER])), PageKind.DETAIL) == []


@pytest.mark.parametrize(
    "turn",
    [
        {"next": f"{URL}?page=3"},
        {"links": {"next": {"href": "?page=3"}}},
        {"meta": {"page": 2, "total_pages": 3}},
        {"paging": {"nextPage": 3}},
    ],
)
def test_next_page_of_a_list(turn: dict[str, Any]) -> None:
    page = read(answer({"items": [OFFER, OFFER], **turn}), url=f"{URL}?page=2", hints=ITEMS)
    assert links(page, PageKind.INDEX) == [f"{URL}?page=3"]


def test_last_page_of_a_list_has_no_next() -> None:
    body = answer({"items": [OFFER], "page": 3, "pages": 3, "next": None})
    assert links(read(body, url=f"{URL}?page=3", hints=ITEMS), PageKind.INDEX) == []


@pytest.mark.parametrize(
    ("stated", "amount"),
    [
        ({"price": "1.250,00 €"}, "1250.00"),
        ({"price": {"value": "99.5", "currency": "EUR"}}, "99.5"),
        ({"price_cents": 4599}, "45.99"),
        ({"offers": [{"price": "12", "priceCurrency": "EUR"}]}, "12"),
        ({"title": "Stove, 40 EUR"}, "40"),
    ],
)
def test_amount_of_an_answer(stated: dict[str, Any], amount: str) -> None:
    offer = {"id": 7, "title": "Stove", "description": "Runs.", "currency": "EUR"} | stated
    listing = read(answer(offer), url=f"{URL}/7").listing
    assert listing
    assert listing.price
    assert (str(listing.price.amount), listing.price.currency) == (amount, "EUR")


def test_amount_of_zero_is_no_price() -> None:
    listing = read(answer(OFFER | {"price": 0}), url=f"{URL}/7").listing
    assert listing
    assert listing.price is None


def test_sold_flag_of_an_answer() -> None:
    listing = read(answer(OFFER | {"is_sold": True}), url=f"{URL}/7").listing
    assert listing
    assert listing.status is ListingStatus.SOLD


def test_end_of_an_auction_in_an_answer() -> None:
    listing = read(answer(OFFER | {"ends_at": "2026-06-01T10:00:00Z"}), url=f"{URL}/7").listing
    assert listing
    assert listing.attributes["ends"].startswith("2026-06-01T10:00")


def test_json_without_offer_is_other() -> None:
    assert read(answer({"error": "not found"})).kind is PageKind.OTHER


def test_atom_entry_is_detail() -> None:
    body = b"""<entry xmlns="http://www.w3.org/2005/Atom"><title>Canoe</title><id>urn:x:4</id>
      <link rel="alternate" href="/c/4"/><author><name>Ada</name></author>
      <published>2026-05-01T08:00:00Z</published><summary>Green, 200 EUR.</summary></entry>"""
    listing = read(body, url="https://a.example/feed/4").listing
    assert listing
    assert listing.seller
    assert (listing.title, listing.url, listing.seller.name) == ("Canoe", "https://a.example/c/4", "Ada")


def test_atom_feed_goes_on_where_it_says() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href="/atom?page=2"/>
      <entry><title>Canoe</title><link href="/c/4"/></entry></feed>"""
    page = read(body, url="https://a.example/atom")
    assert links(page, PageKind.INDEX) == ["https://a.example/atom?page=2"]


def test_feed_in_another_encoding() -> None:
    body = '<?xml version="1.0" encoding="windows-1251"?><rss><channel><item><title>Палатка</title>'
    body += "<link>https://a.example/i/1</link><description>Новая</description></item></channel></rss>"
    page = read(body.encode("windows-1251"), url="https://a.example/rss")
    assert [one.title for one in page.listings] == ["Палатка"]


def test_sitemap_without_patterns_tells_profiles_and_categories_apart() -> None:
    urls = ["https://a.example/user/ada", "https://a.example/category/boats", "https://a.example/canoe-4"]
    body = "<urlset>" + "".join(f"<url><loc>{url}</loc></url>" for url in urls) + "</urlset>"
    page = read(body, url="https://a.example/sitemap.xml")
    assert [link.kind for link in page.links] == [PageKind.SELLER, PageKind.INDEX, PageKind.DETAIL]


def test_xhtml_page_is_no_feed() -> None:
    body = '<?xml version="1.0"?><!DOCTYPE html><html><body><h1>About feeds</h1><pre>&lt;rss </pre></body></html>'
    assert "feed" not in read(body).reason


def test_entities_of_a_feed_are_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("not for feeds", encoding="utf-8")
    body = f"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}">]>
      <rss><channel><item><title>&x;</title><link>https://a.example/i/1</link></item></channel></rss>"""
    assert read(body, url="https://a.example/rss").listings == ()


def test_document_that_declares_entities_is_not_parsed() -> None:
    body = b"""<!DOCTYPE feed [<!ENTITY x "https://a.example/i/1">]><feed><entry><link href="&x;"/></entry></feed>"""
    assert parse_xml(body) is None
    assert read(body).links == ()


def test_entities_of_a_wide_feed_are_never_read() -> None:
    body = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE rss [<!ENTITY x "boom">]><rss><channel><item>'
    body += "<title>&x;</title><link>https://a.example/i/1</link></item></channel></rss>"
    assert read(body.encode("utf-16"), url="https://a.example/rss").listings == ()


def test_packed_body_that_grows_too_large_is_refused() -> None:
    body = gzip.compress(b"<urlset>" + b" " * (51 * 1024 * 1024) + b"</urlset>")
    assert read(body).reason == "packed, and cannot be unpacked"


def test_packed_page_is_read() -> None:
    body = gzip.compress(b"<urlset><url><loc>https://a.example/i/1</loc></url></urlset>")
    assert links(read(body), PageKind.DETAIL) == ["https://a.example/i/1"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("https://a.example/x/1"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "title",
                    "id",
                    "url",
                    "price",
                    "seller",
                    "images",
                    "created_at",
                    "next",
                    "page",
                    "pages",
                    "links",
                    "status",
                ]
            )
            | st.text(max_size=6),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@settings(deadline=None)
@given(JSON_VALUES)
def test_any_json_is_read_without_error(value: Any) -> None:
    body = json.dumps(value)
    for hints in (PLAIN, ITEMS):
        page = extract(body, url=URL, hints=hints, now=NOW)
        for listing in (*page.listings, *([page.listing] if page.listing else [])):
            (listing.title + listing.description + listing.id).encode("utf-8")
            assert listing.price is None or listing.price.amount >= 0
        assert len({link.url for link in page.links}) == len(page.links)


XML_PIECES = [
    "<rss>",
    "<feed>",
    "<urlset>",
    "<sitemapindex>",
    "<item>",
    "</item>",
    "<entry>",
    "</entry>",
    "<title>",
    "</title>",
    "<link>",
    "</link>",
    "<link/href='x'/>",
    "<url><loc>",
    "</loc></url>",
    "https://a.example/1",
    "&x;",
    "&lt;b&gt;",
    "<![CDATA[",
    "]]>",
    "<pubDate>",
    "</pubDate>",
    "2026-05-01",
    "<!ENTITY",
    "<?xml",
    "<x:price>5</x:price>",
]


@settings(deadline=None)
@given(st.sampled_from(["<rss>", "<feed>", "<urlset>", "<entry>"]), st.lists(st.sampled_from(XML_PIECES), max_size=25))
def test_any_feed_is_read_without_error(first: str, pieces: list[str]) -> None:
    body = (first + "".join(pieces)).encode()
    extract(body, url=URL, hints=PLAIN, now=NOW)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_packed_bytes_are_read_without_error(tail: bytes) -> None:
    extract(b"\x1f\x8b\x08" + tail, url=URL, hints=PLAIN, now=NOW)
    extract(gzip.compress(tail), url=URL, hints=PLAIN, now=NOW)
