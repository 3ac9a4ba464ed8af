"""The pages that extraction is measured on, with what they hold: our own sites, our recorded pages, saved pages.

A page's gold names, for each field, the values that are right; no value where the page shows none. A field that is
not named is not judged. Site files help as in a crawl (currency, country, which address is a listing), their selectors
never do.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from crawler.browser import find_chromium
from crawler.demo.application import open_site
from crawler.demo.clock import FixedClock
from crawler.demo.inventory import Market, load_inventory
from crawler.demo.marketplaces import Marketplaces
from crawler.demo.serving import LOOPBACK
from crawler.demo.views import VisibleListing, visible_listings
from crawler.extraction import ExtractionHints
from crawler.sites.loading import load_site
from crawler.spiders.listings import make_hints

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests" / "crawler"
DAY = 45  # of the marketplaces' own calendar
NOW = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)
SAVED_NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SERVED = "http://127.0.0.1:8100"  # where the marketplaces' pages are taken to be served
PLAIN = ExtractionHints()

Values = dict[str, Any]
Gold = dict[str, tuple[Any, ...]]


@frozen(kw_only=True)
class GoldPage:
    """A page and what it holds. `whole`: descriptions and names are judged in full, not by their start."""

    name: str
    body: bytes
    url: str | None
    kind: str
    gold: Gold
    hints: ExtractionHints = PLAIN
    now: datetime = field(default=NOW)
    whole: bool = True


def read_marketplaces(rendered: int) -> Iterator[tuple[str, GoldPage]]:
    """Give every listing page of the demo by marketplace; of the one that needs a browser only `rendered` pages."""
    for market in (Market.HARBORLIST, Market.TAUSCHBOERSE):
        for page in _market_pages(market):
            yield market.value, page
    for page in _rendered_pages(rendered):
        yield Market.BAZARLIVE.value, page


def _hints(market: Market, base: str) -> ExtractionHints:
    text = (ROOT / "crawler" / "demo" / "sites" / f"{market.value}.yaml").read_text(encoding="utf-8")
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{market.value}.yaml"
        path.write_text(text.replace(f"{market.value.upper()}/", f"{base}/"), encoding="utf-8")
        return evolve(make_hints(load_site(path).file), selectors={})


def _market_pages(market: Market) -> Iterator[GoldPage]:
    site, view, hints = open_site(market, SERVED), load_inventory(market).on(DAY), _hints(market, SERVED)
    contacts = _demo_contacts(market)
    for listing in visible_listings(market.value, DAY).values():
        answer = site.respond(view, listing.path, {})
        url = SERVED + listing.path
        gold = _catalogue_gold(listing, contacts)
        yield GoldPage(name=url, body=answer.body, url=url, hints=hints, kind="detail", gold=gold)


def _rendered_pages(count: int) -> Iterator[GoldPage]:
    chromium = find_chromium()
    if chromium is None or count == 0:
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    listings = list(visible_listings(Market.BAZARLIVE.value, DAY).values())
    chosen = listings[:: max(1, len(listings) // count)][:count]
    contacts = _demo_contacts(Market.BAZARLIVE)
    with (
        Marketplaces(clock=FixedClock(DAY), hosts={Market.BAZARLIVE.value: LOOPBACK}) as markets,
        sync_playwright() as play,
    ):
        base = markets.urls[Market.BAZARLIVE.value].rstrip("/")
        hints = _hints(Market.BAZARLIVE, base)
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        for listing in chosen:
            url = base + listing.path
            tab.goto(url)
            tab.wait_for_selector("h1")
            body, gold = tab.content().encode(), _catalogue_gold(listing, contacts)
            yield GoldPage(name=url, body=body, url=url, hints=hints, kind="detail", gold=gold)
        browser.close()


def _demo_contacts(market: Market) -> dict[str, list[str]]:
    """The contacts in the marketplace's texts, written down by reading them."""
    stated: dict[str, dict[str, list[str]]] = json.loads(
        (TESTS / "extraction" / "demo-contacts.json").read_text(encoding="utf-8")
    )
    return stated[market.value]


def _catalogue_gold(listing: VisibleListing, contacts: dict[str, list[str]]) -> Gold:
    price = () if listing.price is None else ((float(listing.price), listing.currency),)
    return {
        "title": (listing.title,),
        "price": price,
        "description": (listing.description,),
        "seller": (listing.seller_name,),
        "location": (listing.location,),
        "posted": (listing.posted,),
        "contacts": _some(sorted(contacts.get(listing.id, ()))),
        "condition": _some(listing.condition),
        "category": _some(list(listing.category)),
        "shipping": _some(listing.shipping),
    }


def _some(value: Any) -> tuple[Any, ...]:
    return (value,) if value else ()


def read_example_pages() -> Iterator[GoldPage]:
    """Give the listing pages of the example site files."""
    for folder in sorted((TESTS / "examples" / "pages").iterdir()):
        hints = evolve(make_hints(load_site(ROOT / "examples" / "sites" / f"{folder.name}.yaml").file), selectors={})
        for stated in json.loads((folder / "expected.json").read_text(encoding="utf-8")):
            fields = stated["fields"]
            price, seller, posted = fields.get("price"), fields.get("seller"), fields.get("posted")
            detail = fields["page"] == "detail"
            gold: Gold = {
                "title": (fields.get("title"),),
                "price": ((price["amount"], price["currency"]),) if price else (),
                "description": (fields.get("description"),),
                "seller": (seller["name"],) if seller else (),
                "location": _some(fields.get("location")),
                "posted": (posted[:10],) if posted else (),
                "contacts": _some(sorted(text for _, text in fields.get("contacts", ()))),
            }
            yield GoldPage(
                name=f"{folder.name}/{stated['file']}",
                body=(folder / stated["file"]).read_bytes(),
                url=stated["url"],
                hints=hints,
                kind=fields["page"],
                gold=gold if detail else {},
                now=datetime.fromisoformat(stated["now"]),
            )


def read_recorded_pages() -> Iterator[GoldPage]:
    """Give our recorded pages: invented ones in other sites' markup, labelled before any was read."""
    folder = TESTS / "extraction" / "unseen"
    for line in (folder / "expected.jsonl").read_text(encoding="utf-8").splitlines():
        stated = json.loads(line)
        yield GoldPage(
            name=stated["file"],
            body=(folder / stated["file"]).read_bytes(),
            url=stated["url"],
            hints=ExtractionHints(country=stated["hints"].get("country")),
            kind=stated["page"],
            gold=_stated_gold(stated),
        )


def _stated_gold(stated: Values) -> Gold:
    gold: Gold = {name: _some(value) for name, value in stated["more"].items() if name not in {"listings", "links"}}
    gold |= {name: (stated["more"][name],) for name in ("listings", "links") if name in stated["more"]}
    if "title" not in stated:
        return gold
    for name in ("title", "description", "seller", "location", "posted"):
        value = stated[name]
        gold[name] = () if value is None else tuple(value) if isinstance(value, list) else (value,)
    price = stated["price"]
    prices = [] if price is None else price if isinstance(price[0], list) else [price]
    gold["price"] = tuple((amount, currency) for amount, currency in prices)
    gold["contacts"] = _some(sorted(stated["contacts"] or ()))
    return {name: values for name, values in gold.items() if name not in stated["skip"]}


def read_saved_pages(folder: Path) -> Iterator[GoldPage]:
    """Give real pages that others saved: HTML files and `gold.jsonl`, one line a page.

    A line has file, page (detail or index), title, price, currency, description_start, seller, location, posted, null
    where the page does not show it; `title_alt`, `price_alt` [amount, currency] where another reading is as good. A
    field with `<field>_raw` and no value is not judged. No address and no site file is given for them.
    """
    for line in (folder / "gold.jsonl").read_text(encoding="utf-8").splitlines():
        stated = json.loads(line)
        gold: Gold = {}
        if stated["page"] == "detail":
            gold = {name: _some(stated[name]) for name in ("seller", "location", "posted")}
            gold["title"] = tuple(one for one in (stated["title"], stated.get("title_alt")) if one)
            gold["description"] = _some(stated["description_start"])
            amounts = [(stated["price"], stated["currency"])] if stated["price"] is not None else []
            gold["price"] = (*amounts, *([tuple(stated["price_alt"])] if stated.get("price_alt") else []))
            gold = {name: values for name, values in gold.items() if values or f"{name}_raw" not in stated}
        body = (folder / stated["file"]).read_bytes()
        yield GoldPage(
            name=stated["file"], body=body, url=None, kind=stated["page"], gold=gold, now=SAVED_NOW, whole=False
        )
