"""Rules that hold on many sites, each on the smallest page that shows it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.extraction import ExtractionHints, extract_json

NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
ROWS = "<p>Price: 90 EUR</p><p>Condition: used</p><p>Calibre: .22</p>"
TEXT = "A canoe for two with paddles, stored dry in winter and patched once at the stern, ready for the lake."


def read(body: str, url: str = "https://a.example/item/17") -> dict[str, Any]:
    html = f"<html><head><title>Green canoe</title></head><body>{body}</body></html>"
    return extract_json(html, url, ExtractionHints(), NOW)


def seller(body: str) -> str | None:
    found = read(f"<h1>Green canoe</h1>{ROWS}{body}")["seller"]
    return found["name"] if found else None


def location(body: str) -> str | None:
    found: str | None = read(f"<h1>Green canoe</h1>{ROWS}<div>{body}</div>")["location"]
    return found


def description(body: str) -> str | None:
    found: str | None = read(f"<h1>Green canoe</h1>{ROWS}{body}")["description"]
    return found


@pytest.mark.parametrize(
    "body",
    [
        "<div>Ada Lake</div><div>Member since 2019</div>",
        "<div>Ada Lake</div><div>Mitglied seit 03/2019</div>",
        "<div>Ada Lake</div><div>Private seller</div><div>Member since 2019</div>",
        "<img class=avatar src=/a.png alt='Ada Lake'><div>Ada Lake</div>",
        "<img src=/avatars/7.png alt='Picture of Ada Lake'><span>Ada Lake</span>",
        "<p><a href=/boats>Ada Lake</a> SIREN : 823562178</p>",
        "<p>Ada Lake</p><p>USt-IdNr. DE 123456789</p>",
        "<span itemprop=seller content='Ada Lake'><img src=/logo.png></span>",
        "<h3>Seller information</h3><div><a href=/x>Ada Lake</a> (17)</div>",
        "<a href='members/ada.17/'>Ada Lake</a>",
    ],
)
def test_seller_is_found_beside(body: str) -> None:
    assert seller(body) == "Ada Lake"


def test_label_of_a_search_form_is_no_seller() -> None:
    assert seller("<form><div><label for=d>Dealer</label><input id=d></div><div>Any name here</div></form>") is None


def test_writer_of_a_product_is_no_seller() -> None:
    assert seller("<span itemprop=price>90 EUR</span><h2 itemprop=author>Lake, Ada</h2>") is None


@pytest.mark.parametrize(
    "body",
    [
        "<p>📍 Reno, NV</p>",
        "<p><i class='icon-location'></i> Reno, NV</p>",
        "<p><svg class='map-pin'><path d='M0'/></svg> Reno, NV</p>",
        "<p><svg><use href='#marker'/></svg>Reno, NV</p>",
        "<p>Located in Reno, NV</p>",
        "<p>Ships from Reno, NV</p>",
        "<p>Abholung in Reno, NV</p>",
        "<p><a href='https://www.google.com/maps?q=1'>Reno, NV</a></p>",
    ],
)
def test_location_is_found_in(body: str) -> None:
    assert location(body) == "Reno, NV"


@pytest.mark.parametrize(
    "body", ["<p>From only £5.29 - £9.56</p>", "<p>Ships from https://a.example/x</p>", "<p>Ships from tomorrow!</p>"]
)
def test_no_location_is_read_from(body: str) -> None:
    assert location(body) is None


def test_location_stated_for_machines() -> None:
    page = f"<html><head><meta property='og:locality' content='Reno'><title>Canoe</title></head><h1>Canoe</h1>{ROWS}"
    assert extract_json(page, "https://a.example/item/17", ExtractionHints(), NOW)["location"] == "Reno"


def test_short_description_stands_before_the_full_one() -> None:
    body = f"<div class=short_desc>Light, and easy to carry alone.</div><h2>Description</h2><div><p>{TEXT}</p></div>"
    assert description(body) == f"Light, and easy to carry alone.\n\n{TEXT}"


def test_short_description_that_the_full_one_repeats_is_not_doubled() -> None:
    body = f"<div class=short_desc>{TEXT[:60]}</div><h2>Description</h2><div><p>{TEXT}</p></div>"
    assert description(body) == TEXT


def test_contact_lines_under_the_heading_are_no_description() -> None:
    body = f"<section><h2>Description</h2><div><p>Agent: Ada</p><p>Office: Lake</p></div><div>{TEXT}</div></section>"
    assert description(body) == TEXT


def test_other_offers_end_with_their_part_of_the_page() -> None:
    other = "<ul><li><a href=/item/1>Paddle</a></li><li><a href=/item/2>Vest</a></li></ul>"
    nested = f"<div><div><div><div><div><h3>Similar items</h3>{other}</div></div></div></div></div>"
    assert seller(f"<p>Length: 5 m</p><p>Seats: 2</p>{nested}<div>Seller: Ada Lake</div>") == "Ada Lake"


def test_current_bid_is_the_price_wherever_it_stands() -> None:
    page = read(
        "<h1>Green canoe</h1><p>Starting bid: 10 EUR</p><p>Buy now: 99 EUR</p><p>Current bid: 45 EUR</p>" + ROWS
    )
    assert page["price"] == {"amount": 45, "currency": "EUR"}


def test_amount_in_the_text_is_no_price_where_the_label_says_on_request() -> None:
    rows = "<p>Price: on request</p><p>Condition: used</p>"
    assert read(f"<h1>Green canoe</h1>{rows}<h2>Description</h2><p>{TEXT} From 60 EUR.</p>")["price"] is None


THREAD = f"""<h2>Green canoe</h2>
  <div id=p1 class=post><a class=username href=/member/7>Ada</a><div class=postbody><div class=content>
  {TEXT}</div></div></div>
  <div id=p2 class=post><a class=username href=/member/8>Bob</a><div class=postbody><div class=content>
  I give 60 EUR, SOLD? My number is 307-555-0142 and {TEXT} {TEXT}</div></div></div>"""


@pytest.mark.parametrize(
    ("field", "value"), [("description", TEXT), ("price", None), ("contacts", []), ("status", "active")]
)
def test_answers_of_a_thread_are_not_the_offer(field: str, value: Any) -> None:
    assert read(THREAD, "https://a.example/t/17")[field] == value


def test_first_poster_is_the_seller() -> None:
    assert read(THREAD, "https://a.example/t/17")["seller"]["name"] == "Ada"


def test_posts_headed_by_links_are_a_list() -> None:
    articles = "".join(
        f"<article id=post-{n}><h2><a href=/canoe-{n}>Canoe number {n} for sale</a></h2><p>{TEXT}</p></article>"
        for n in range(1, 6)
    )
    page = read(f"<h1>Boats</h1>{articles}", "https://a.example/boats")
    assert page["links"] == [f"https://a.example/canoe-{n}" for n in range(1, 6)]


def test_notice_of_removal_is_no_version() -> None:
    page = read("<h1>Listing</h1><p>This listing was removed by a moderator.</p>")
    assert (page["page"], page["status"], page["title"], page["price"]) == ("detail", "removed", None, None)
