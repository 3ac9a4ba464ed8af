"""A channel's preview: a page of messages, each an offer with an address of its own."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from crawler.extraction import ExtractionHints, extract
from pipelines.models import ExtractedPage, PageKind

NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
URL = "https://c.example/s/boats"


def message(number: int, text: str, day: int = 1) -> str:
    return f"""<div class="msg wrap"><a class="owner_name" href="/boats">Boats of the lake</a>
      <div class="msg_text">{text}</div><img src="/p/{number}.jpg">
      <a href="/boats/{number}"><time datetime="2026-05-0{day}T10:00:00+00:00">10:00</time></a></div>"""


def read(*messages: str, hints: ExtractionHints | None = None) -> ExtractedPage:
    return extract(f"<body>{''.join(messages)}</body>", url=URL, hints=hints or ExtractionHints(), now=NOW)


def test_each_message_is_a_listing_with_what_it_tells() -> None:
    page = read(
        message(7, "Green canoe<br>Old but dry, 90 EUR. ada@example.org"), message(8, "Two paddles<br>20 EUR", 2)
    )
    assert page.kind is PageKind.INDEX
    canoe, paddles = page.listings
    assert (canoe.id, canoe.title, canoe.url) == ("7", "Green canoe", "https://c.example/boats/7")
    assert canoe.description == "Green canoe\nOld but dry, 90 EUR. ada@example.org"
    assert canoe.price is not None
    assert (int(canoe.price.amount), canoe.price.currency) == (90, "EUR")
    assert canoe.seller is not None
    assert (canoe.seller.id, canoe.seller.name) == ("boats", "Boats of the lake")
    assert [one.value for one in canoe.contacts] == ["ada@example.org"]
    assert canoe.images == ("https://c.example/p/7.jpg",)
    assert paddles.posted == "2026-05-02T10:00:00+00:00"
    assert {"title", "description", "price", "posted", "seller", "images", "id"} <= canoe.provenance.keys()


def test_links_lead_to_the_messages() -> None:
    page = read(message(7, "Green canoe, dry"), message(8, "Two paddles, ash"))
    assert [link.url for link in page.links if link.kind is PageKind.DETAIL] == [one.url for one in page.listings]


def test_a_message_without_text_is_no_listing() -> None:
    page = read(message(7, "Green canoe, dry"), message(8, ""), message(9, "Two paddles, ash"))
    assert [one.id for one in page.listings] == ["7", "9"]


def test_one_message_is_no_stream() -> None:
    assert read(message(7, "Green canoe, dry")).listings == ()


@pytest.mark.parametrize("pattern", [r"/boats/(?P<id>\d+)$", r"/(?P<id>boats/\d+)$"])
def test_the_site_file_names_the_id(pattern: str) -> None:
    hints = ExtractionHints(listing_links=re.compile(pattern), listing_id=re.compile(pattern))
    page = read(message(7, "Green canoe, dry"), message(8, "Two paddles, ash"), hints=hints)
    assert [one.id for one in page.listings] == [re.search(pattern, one.url or "")["id"] for one in page.listings]  # type: ignore[index]  # the pattern was made to match


def test_posts_of_a_conversation_are_no_stream() -> None:
    posts = "".join(
        f"<div id=post-{n} class=post><a href=/t/1#{n}><time datetime=2026-05-01T10:00>1 May</time></a>"
        f"<div class=text>I would take the canoe for {n}0 EUR and fetch it on Sunday.</div></div>"
        for n in range(1, 5)
    )
    page = extract(
        f"<h1>Green canoe for sale</h1>{posts}", url="https://f.example/t/1", hints=ExtractionHints(), now=NOW
    )
    assert page.listings == ()
    assert page.kind is PageKind.DETAIL
