"""bazarlive as a person with a browser sees it: nothing before the script ran, everything after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crawler.demo import bazarlive
from crawler.demo.inventory import Market, load_inventory
from crawler.demo.views import visible_listings
from pipelines.models import ListingStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from crawler.demo.clock import FileClock
    from crawler.demo.marketplaces import Marketplaces


@pytest.fixture
def tab(chromium: Browser, marketplaces: Marketplaces) -> Iterator[Page]:
    context = chromium.new_context(base_url=marketplaces.urls["bazarlive"], viewport={"width": 1100, "height": 800})
    tab = context.new_page()
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    yield tab
    context.close()
    assert faults == []


def test_the_feed_grows_as_it_is_scrolled(tab: Page, day_45: int) -> None:
    tab.goto("/")
    tab.wait_for_selector(".feed article")
    expected = list(visible_listings("bazarlive", day_45))
    assert tab.locator(".feed article").count() < len(expected)
    for _ in range(100):
        if tab.locator(".end[data-done]").count():
            break
        tab.mouse.wheel(0, 4000)
        tab.wait_for_timeout(40)
    shown = tab.locator(".feed article").evaluate_all("nodes => nodes.map(node => node.dataset.id)")
    assert shown == expected


def test_a_listing_and_its_seller_are_drawn(tab: Page, day_45: int) -> None:
    listings = list(visible_listings("bazarlive", day_45).values())
    languages = {listing.language: listing for listing in listings}
    for listing in languages.values():
        tab.goto(listing.path)
        tab.wait_for_selector("main h1")
        text = tab.inner_text("main").replace("\N{NO-BREAK SPACE}", " ")
        for wanted in (
            listing.title,
            bazarlive.format_price(listing.price),
            listing.location,
            listing.seller_name,
            *listing.category,
            *listing.attributes.values(),
            *(line for line in listing.description.split("\n\n")),
        ):
            assert wanted in text, (listing.path, wanted)
        direction = tab.locator("h1").evaluate("node => getComputedStyle(node).direction")
        assert direction == ("rtl" if listing.language == "ar" else "ltr")
        tab.click("dd a")
        tab.wait_for_selector(".profile")
        assert listing.seller_name in tab.inner_text("h1")


def test_what_is_not_there_is_said(tab: Page, clock: FileClock) -> None:
    for entry in load_inventory(Market.BAZARLIVE).listings:
        for event in entry.events:
            if event.status is ListingStatus.REMOVED:
                clock.move_to(event.day)
                tab.goto(f"/listing/{entry.id}")
                tab.wait_for_selector("h1")
                assert "removido pela moderação" in tab.inner_text("main")
                break
    tab.goto("/listing/1111111")
    tab.wait_for_selector("h1")
    assert "não existe" in tab.inner_text("main")
