"""One line of a feed: what is read, what is set aside, and that nothing makes it crash."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.content import content_from_json, content_sha256, content_to_json
from pipelines.errors import BadInput
from pipelines.feed_line import LONGEST_KEY, LONGEST_TITLE, FeedOptions, parse_line, read_names
from pipelines.feed_values import LONGEST_SELLER, BadLine
from pipelines.index import document
from pipelines.models import ListingContent, Price, SellerRef
from pipelines.places import Places

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OPTIONS = FeedOptions(site="market", currency="USD")
COUNTRIES = Places.shipped().countries


def read(line: dict[str, Any] | bytes, options: FeedOptions = OPTIONS) -> ListingContent:
    raw = line if isinstance(line, bytes) else json.dumps({"id": "1", "title": "A thing", **line}).encode()
    return parse_line(raw, options, NOW, countries=COUNTRIES)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"not json", "not JSON"),
        (b"[1, 2]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b'{"id": "1", "title": "x"', "not JSON"),
        (b'{"id": "1", "title": "x"} {"id": "2"}', "not JSON"),
        (b'{"id": "1", "title": "\xff"}', "not UTF-8 at byte 22"),
        (b'{"title": "x"}', "id is missing"),
        (b'{"id": "", "title": "x"}', "id is missing"),
        (b'{"id": " \\t", "title": "x"}', "id is missing"),
        (b'{"id": true, "title": "x"}', "id is missing"),
        (b'{"id": 1.5, "title": "x"}', "id is missing"),
        (b'{"id": ["1"], "title": "x"}', "id is missing"),
        (b'{"id": "a\\u0000b", "title": "x"}', "id holds a character"),
        (b'{"id": "a\\ud800", "title": "x"}', "id holds a character"),
        (b'{"id": "1"}', "title is missing"),
        (b'{"id": "1", "title": null}', "title is missing"),
        (b'{"id": "1", "title": 7}', "title is missing"),
        (b'{"id": "1", "title": "x", "description": ["y"]}', "description is not text"),
        (b'{"id": "1", "title": "x", "id": "2"}', "the key 'id' is given twice"),
        (b'{"id": "1", "title": "x", "extra": {"a": 1, "a": 2}}', "the key 'a' is given twice"),
        (b'{"id": "1", "title": "x", "price": NaN}', "NaN is no JSON value"),
        (b'{"id": "1", "title": "x", "other": -Infinity}', "-Infinity is no JSON value"),
        (b'{"id": "1", "title": "x", "price": 1e999}', "is not an amount"),
        (b'{"id": "1", "title": "x", "price": -1e999}', "is not an amount"),
        (b'{"id": "1", "title": "x", "price": -5}', "is not an amount"),
        (b'{"id": "1", "title": "x", "price": 1' + b"0" * 400 + b"}", "is not an amount"),
        (b'{"id": "1", "title": "x", "price": 1' + b"0" * 5000 + b"}", "not JSON"),
        (b'{"id": 1' + b"0" * 600 + b', "title": "x"}', "id is too long"),
        (b'{"id": "1", "title": "x", "a": ' + b"[" * 60 + b"]" * 60 + b"}", "nested more than 50 deep"),
        (b'{"id": "1", "title": "x", "a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not JSON"),
        (b'{"id": "1", "title": "x", "seller": {"id": [1]}}', "seller's id is not text"),
        (b'{"id": "1", "title": "x", "seller": "a\\ud800"}', "seller holds a character"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(line: bytes, reason: str) -> None:
    with pytest.raises(BadLine, match=reason):
        read(line)


def test_absurd_lengths_are_set_aside_at_the_limit_and_not_before() -> None:
    longest = "é" * ((LONGEST_KEY - len("market/")) // 2)
    assert read({"id": longest}).id == longest
    with pytest.raises(BadLine, match="id is too long"):
        read({"id": longest + "éé"})
    assert len(read({"title": "x" * LONGEST_TITLE}).title) == LONGEST_TITLE
    with pytest.raises(BadLine, match="title has 4001 characters"):
        read({"title": "x" * (LONGEST_TITLE + 1)})
    assert read({"seller": "s" * LONGEST_SELLER}).seller == SellerRef(
        id="s" * LONGEST_SELLER, name="s" * LONGEST_SELLER
    )
    for seller in ("s" * (LONGEST_SELLER + 1), {"id": "s" * (LONGEST_SELLER + 1)}):
        with pytest.raises(BadLine, match="seller's id is longer"):
            read({"seller": seller})


def test_the_longest_key_is_the_indexs() -> None:
    assert LONGEST_KEY == document.LONGEST_KEY


def test_what_a_store_cannot_keep_is_shown_and_keeps_its_place() -> None:
    content = read(
        b'{"id": "1", "title": "a\\u0000b \\ud83d\\ude00 \\ud800", "description": "call 907-555-0143 \\udfff"}'
    )
    assert content.title == "a\ufffdb \N{GRINNING FACE} \ufffd"
    [phone] = content.contacts
    assert content.description[phone.start : phone.end] == "907-555-0143"


@pytest.mark.parametrize(
    ("stated", "amount", "currency"),
    [
        ({"price": 650}, "650", "USD"),
        ({"price": 650.0}, "650", "USD"),
        ({"price": "650.00"}, "650", "USD"),
        ({"price": 650.1}, "650.1", "USD"),
        ({"price": 0}, "0", "USD"),
        ({"price": "$1,250.50"}, "1250.5", "USD"),
        ({"price": "1.250,50 €"}, "1250.5", "EUR"),
        ({"price": 90, "currency": "eur"}, "90", "EUR"),
        ({"price": 90, "currency": "€"}, "90", "EUR"),
        ({"price": {"amount": 90, "currency": "GBP"}}, "90", "GBP"),
        ({"price": 1e-7}, "0.0000001", "USD"),
    ],
)
def test_prices(stated: dict[str, Any], amount: str, currency: str) -> None:
    content = read(stated)
    assert content.price == Price(amount=Decimal(amount), currency=currency)
    assert content_to_json(content)["price"] == {"amount": amount, "currency": currency}


@pytest.mark.parametrize("price", ["call me", "", None, True, [1], {"from": 5}])
def test_a_price_that_is_none_is_none_and_is_kept_as_stated(price: Any) -> None:
    content = read({"price": price})
    assert content.price is None
    assert ("price" in content.attributes) == (price not in ("", None))


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("Saturday, November 11, 2017", "2017-11-11"),
        ("2017-11-11", "2017-11-11"),
        ("2017-11-11T05:30:00Z", "2017-11-11T05:30:00+00:00"),
        (1510376400, "2017-11-11T05:00:00+00:00"),
        ("1510376400000", "2017-11-11T05:00:00+00:00"),
    ],
)
def test_dates(stated: Any, expected: str) -> None:
    content = read({"posted": stated})
    assert content.posted == expected
    assert "posted" not in content.attributes


@pytest.mark.parametrize("stated", ["soon", "0001-01-01T00:00:00+14:00", "31.02.2020", {"day": 1}, "99999999999"])
def test_a_date_that_is_none_is_none_and_is_kept_as_stated(stated: Any) -> None:
    content = read({"posted": stated})
    assert content.posted is None
    assert "posted" in content.attributes


@pytest.mark.parametrize(
    ("stated", "code"),
    [("US", "US"), ("us ", "US"), ("Germany", "DE"), ("Österreich", "AT"), ("uk", "GB"), (None, "FR")],
)
def test_countries(stated: Any, code: str) -> None:
    assert read({"country": stated}, FeedOptions(site="market", country="FR")).country == code


def test_a_country_that_is_not_known_is_never_cut_to_two_letters() -> None:
    content = read({"country": "Georgien"}, FeedOptions(site="market", country="FR"))
    assert content.country is None
    assert content.attributes["country"] == "Georgien"


@pytest.mark.parametrize(
    ("stated", "seller"),
    [
        ("jo", SellerRef(id="jo", name="jo")),
        (42, SellerRef(id="42", name="42")),
        ({"id": 0, "name": "Jo"}, SellerRef(id="0", name="Jo")),
        ({"name": "Jo"}, SellerRef(id="Jo", name="Jo")),
        ({"id": "a/b", "joined": "2020-01-01", "licence": "X"}, SellerRef(id="a/b", joined="2020-01-01", licence="X")),
        ({"rating": 5}, None),
        ("", None),
        (None, None),
    ],
)
def test_sellers(stated: Any, seller: SellerRef | None) -> None:
    assert read({"seller": stated}).seller == seller


@pytest.mark.parametrize(
    ("stated", "images"),
    [
        (
            ["https://a.example/1.jpg", "https://a.example/2.jpg"],
            ("https://a.example/1.jpg", "https://a.example/2.jpg"),
        ),
        ("https://a.example/1.jpg", ("https://a.example/1.jpg",)),
        (7, ()),
        ([{"url": "x"}], ()),
        (None, ()),
    ],
)
def test_images(stated: Any, images: tuple[str, ...]) -> None:
    content = read({"images": stated})
    assert content.images == images
    assert ("images" in content.attributes) == (stated is not None and not images)


@pytest.mark.parametrize(
    ("stated", "number"),
    [(5, 5), ("5", 5), (0, None), (-1, None), (2.5, None), (10**9, None), ("²", None), (True, None)],
)
def test_quantities(stated: Any, number: int | None) -> None:
    assert read({"quantity": stated}).quantity == number


def test_other_keys_are_kept_as_attributes() -> None:
    content = read({"action": "bolt", "rounds": 5, "box": {"a": [1]}, "none": None})
    assert content.attributes == {"action": "bolt", "rounds": "5", "box": '{"a": [1]}'}


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"  ", b""])
@pytest.mark.parametrize("after", [b"\r\n", b"\n", b""])
def test_marks_and_line_ends_of_other_systems(before: bytes, after: bytes) -> None:
    assert read(before + b'{"id": "1", "title": "x"}' + after).title == "x"


def test_a_map_names_keys_swaps_them_and_shares_one() -> None:
    line = {"id": "1", "title": "short", "description": "long", "price_usd": 5}
    raw = json.dumps(line).encode()

    def mapped(text: str) -> ListingContent:
        return parse_line(raw, FeedOptions(site="m", names=read_names(text)), NOW)

    assert mapped("price=price_usd").price == Price(amount=Decimal(5), currency=None)
    assert mapped("price=price_usd").attributes == {}
    assert mapped("price=price_usd").provenance["price"].detail == "price_usd"
    swapped = mapped("title=description,description=title")
    assert (swapped.title, swapped.description) == ("long", "short")
    shared = mapped("description=title")
    assert (shared.title, shared.description) == ("short", "short")
    twice = mapped("quantity=price_usd,price=price_usd")
    assert (twice.quantity, twice.price) == (5, Price(amount=Decimal(5), currency=None))


def test_every_mistake_in_a_map_is_told_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        read_names("price, =x,cost=price_usd,title=,price=a,price=b")
    assert [detail.split()[0] for detail in caught.value.details] == [
        "'price'",
        "'=x'",
        "'cost'",
        "'title='",
        "'price'",
    ]
    assert read_names(" price = price_usd , ") == {"price": "price_usd"}
    assert read_names(None) == {}


def test_every_mistake_in_the_options_is_told_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        FeedOptions(site="../vault", currency="dollars", country="usa")
    assert len(caught.value.details) == 3
    for site in ("a/b", "", ".hidden", "A", "a" * 64, "a b", "a\n"):
        with pytest.raises(BadInput):
            FeedOptions(site=site)


KEYS = st.sampled_from(
    ["id", "title", "description", "price", "currency", "posted", "seller", "country", "quantity", "images", "category"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.text("0123456789.,$€ ", max_size=9)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
LINES = st.dictionaries(KEYS | st.text(max_size=6), VALUES, max_size=8)


@settings(max_examples=400, deadline=None)
@given(LINES, st.booleans())
def test_no_line_crashes_and_what_is_read_can_be_kept(line: dict[str, Any], whole: bool) -> None:
    if whole:
        line = {**line, "id": "1", "title": "x"}
    try:
        content = read(json.dumps(line).encode())
    except BadLine:
        return
    body = json.loads(json.dumps(content_to_json(content), allow_nan=False).encode("utf-8"))
    assert content_from_json(body) == content
    assert content_sha256(content_from_json(body)) == content_sha256(content)
    if content.posted is not None:
        datetime.fromisoformat(content.posted)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_crash(raw: bytes) -> None:
    with suppress(BadLine):
        read(raw)
