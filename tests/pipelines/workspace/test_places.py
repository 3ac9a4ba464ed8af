"""Which jurisdiction a listing stands in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.models import ListingContent, Price
from pipelines.places import Places
from pipelines.store.runs import SiteRecord

PLACES = Places.shipped()


def resolve(
    location: str | None = None, *, site: dict[str, Any] | None = None, currency: str | None = None, **more: Any
) -> str | None:
    price = None if currency is None else Price(amount=Decimal(5), currency=currency)
    content = ListingContent(id="1", url=None, title="x", location=location, price=price, **more)
    return PLACES.resolve(content, SiteRecord(name="a", source="feed", **(site or {})))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Austin, TX", "US-TX"),
        ("Austin, TX 78701", "US-TX"),
        ("alabama", "US-AL"),
        ("Lyon, France", "FR"),
        ("Dallas | Texas | USA", "US-TX"),
        ("Austin, TX, United States", "US-TX"),
        ("Georgia, Atlanta, US", "US-GA"),
        ("USA", "US"),
        ("Texas Street, Berlin, Germany", "DE"),
        ("Texas, Mexico", "MX"),
        ("Lebanon, PA", "US-PA"),
        ("Mexico, MO", "US-MO"),
        ("Wien (Österreich)", "AT"),
        ("Köln - Deutschland", "DE"),
        ("Wilkes-Barre, PA", "US-PA"),
        ("somewhere", None),
        ("", None),
    ],
)
def test_stated_places(text: str, expected: str | None) -> None:
    assert PLACES.read(text) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (resolve("Austin, TX"), "US-TX"),
        (resolve("Berlin, DE", site={"country": "DE"}), "DE"),
        (resolve("Berlin, DE", currency="EUR", site={"country": "DE"}), "DE"),
        (resolve("Toronto, CA", country="CA"), "CA"),
        (resolve("Paris, France", country="US"), "US"),
        (resolve("Paris, France", site={"country": "US"}), "FR"),
        (resolve(attributes={"State": "Alabama"}), "US-AL"),
        (resolve(attributes={"color": "Alabama"}), None),
        (resolve(currency="GBP"), "GB"),
        (resolve(currency="EUR"), None),
        (resolve(site={"currency": "USD"}), "US"),
        (resolve(site={"currency": "USD", "country": "MX"}), "MX"),
        (resolve(currency="USD", country="DE"), "DE"),
        (resolve(), None),
    ],
)
def test_the_place_comes_first_then_the_country_then_the_currency(found: str | None, expected: str | None) -> None:
    assert found == expected


@given(st.text(max_size=40))
def test_no_text_crashes(text: str) -> None:
    found = PLACES.read(text)
    assert found is None or found.partition("-")[0].isupper()
