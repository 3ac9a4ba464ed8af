"""The pages of our own sites with what they hold: the three demo marketplaces and the example site files' pages.

Their gold comes from the marketplaces' catalogue and from the expected values beside the example pages.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from crawler.browser import find_chromium
from crawler.demo.application import open_site
from crawler.demo.clock import FixedClock
from crawler.demo.inventory import Market, load_inventory
from crawler.demo.marketplaces import Marketplaces
from crawler.demo.serving import LOOPBACK
from crawler.demo.views import VisibleListing, visible_listings
from crawler.sites.loading import load_site
from crawler.spiders.listings import make_hints
from pipelines.reading.contacts import find_contacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawler.extraction import ExtractionHints

ROOT = Path(__file__).resolve().parents[1]
DAY = 45  # of the marketplaces' own calendar
NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
SERVED = "http://127.0.0.1:8100"  # where the marketplaces' pages are taken to be served

Values = dict[str, Any]


@frozen(kw_only=True)
class OwnPage:
    """A page, what the site file says of its site, and what it holds."""

    body: bytes
    url: str
    hints: ExtractionHints
    gold: Values
    now: datetime = field(default=NOW)


def read_own_pages(rendered: int) -> Iterator[tuple[str, OwnPage]]:
    """Give every listing page of our own sites by site; of the site that needs a browser only `rendered` pages."""
    for market in (Market.HARBORLIST, Market.TAUSCHBOERSE):
        for page in _market_pages(market):
            yield market.value, page
    for page in _rendered_pages(rendered):
        yield Market.BAZARLIVE.value, page
    for page in _example_pages():
        yield "example sites", page


def _hints(market: Market, base: str) -> ExtractionHints:
    text = (ROOT / "crawler" / "demo" / "sites" / f"{market.value}.yaml").read_text(encoding="utf-8")
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{market.value}.yaml"
        path.write_text(text.replace(f"{market.value.upper()}/", f"{base}/"), encoding="utf-8")
        return make_hints(load_site(path).file)


def _market_pages(market: Market) -> Iterator[OwnPage]:
    site, view, hints = open_site(market, SERVED), load_inventory(market).on(DAY), _hints(market, SERVED)
    for listing in visible_listings(market.value, DAY).values():
        answer = site.respond(view, listing.path, {})
        yield OwnPage(body=answer.body, url=SERVED + listing.path, hints=hints, gold=_gold(listing, hints))


def _rendered_pages(count: int) -> Iterator[OwnPage]:
    chromium = find_chromium()
    if chromium is None or count == 0:
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    listings = list(visible_listings(Market.BAZARLIVE.value, DAY).values())
    chosen = listings[:: max(1, len(listings) // count)][:count]
    with (
        Marketplaces(clock=FixedClock(DAY), hosts={Market.BAZARLIVE.value: LOOPBACK}) as markets,
        sync_playwright() as play,
    ):
        base = markets.urls[Market.BAZARLIVE.value].rstrip("/")
        hints = _hints(Market.BAZARLIVE, base)
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        for listing in chosen:
            tab.goto(base + listing.path)
            tab.wait_for_selector("h1")
            body = tab.content().encode()
            yield OwnPage(body=body, url=base + listing.path, hints=hints, gold=_gold(listing, hints))
        browser.close()


def _gold(listing: VisibleListing, hints: ExtractionHints) -> Values:
    country = listing.country or hints.country
    return {
        "page": "detail",
        "title": listing.title,
        "price": float(listing.price) if listing.price is not None else None,
        "currency": listing.currency,
        "description": listing.description,
        "seller": listing.seller_name,
        "location": listing.location,
        "posted": listing.posted,
        "contacts": written_contacts({"title": listing.title, "description": listing.description}, country),
    }


def written_contacts(texts: Values, country: str | None) -> Sequence[str] | None:
    """The ways to reach someone that texts hold, as `contacts` of a listing has them; None without any."""
    found = [one.value for name, text in texts.items() for one in find_contacts(text, field=name, country=country)]
    return sorted(found) or None


def _example_pages() -> Iterator[OwnPage]:
    for folder in sorted((ROOT / "tests" / "crawler" / "examples" / "pages").iterdir()):
        hints = make_hints(load_site(ROOT / "examples" / "sites" / f"{folder.name}.yaml").file)
        for stated in json.loads((folder / "expected.json").read_text(encoding="utf-8")):
            fields = stated["fields"]
            if fields["page"] != "detail":
                continue
            price, seller, posted = fields.get("price"), fields.get("seller"), fields.get("posted")
            texts = {"title": fields["title"], "description": fields["description"]}
            gold = {
                "page": "detail",
                "title": fields["title"],
                "price": price["amount"] if price else None,
                "currency": price["currency"] if price else None,
                "description": fields["description"],
                "seller": seller["name"] if seller else None,
                "location": fields.get("location"),
                "posted": posted[:10] if posted else None,
                "contacts": written_contacts(texts, hints.country),
            }
            body = (folder / stated["file"]).read_bytes()
            now = datetime.fromisoformat(stated["now"])
            yield OwnPage(body=body, url=stated["url"], hints=hints, gold=gold, now=now)
