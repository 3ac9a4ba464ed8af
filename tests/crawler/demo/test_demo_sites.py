"""The marketplaces as their visitors see them, over HTTP."""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import pytest
from parsel import Selector
from PIL import Image

from crawler.demo import bazarlive, harborlist, tauschboerse
from crawler.demo.inventory import Market, load_inventory
from crawler.demo.marketplaces import Marketplaces
from crawler.demo.views import VisibleListing, visible_listings
from pipelines.errors import PartMissing
from pipelines.models import ListingStatus

if TYPE_CHECKING:
    from crawler.demo.clock import FileClock


class Visitor:
    """Keeps one connection to one marketplace."""

    def __init__(self, url: str) -> None:
        self.netloc = urlsplit(url).netloc
        self._connection = http.client.HTTPConnection(self.netloc, timeout=10)

    def get(self, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        self._connection.request(method, path)
        answer = self._connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def text(self, path: str) -> str:
        status, _, body = self.get(path)
        assert status == 200, path
        return body.decode()

    def json(self, path: str) -> Any:
        return json.loads(self.text(path))

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def visit(marketplaces: Marketplaces) -> Any:
    visitors: list[Visitor] = []

    def open_visitor(market: Market) -> Visitor:
        visitors.append(Visitor(marketplaces.urls[market]))
        return visitors[-1]

    yield open_visitor
    for visitor in visitors:
        visitor.close()


def walk(visitor: Visitor) -> dict[str, str]:
    """Follow every link from the start page and return the pages by path."""
    pages: dict[str, str] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in pages:
            continue
        pages[path] = visitor.text(path)
        for link in Selector(pages[path]).css("a::attr(href)").getall():
            target = urlsplit(urljoin(f"http://{visitor.netloc}{path}", link))
            assert target.netloc == visitor.netloc, "a marketplace links to nobody else"
            waiting.append(target.path + (f"?{target.query}" if target.query else ""))
    return pages


@pytest.mark.parametrize("market", [Market.HARBORLIST, Market.TAUSCHBOERSE])
def test_every_page_is_reached_from_the_start(visit: Any, day_45: int, market: Market) -> None:
    pages = walk(visit(market))
    expected = visible_listings(market, day_45)
    assert {listing.path for listing in expected.values()} <= set(pages)
    assert {listing.seller_path for listing in expected.values()} <= set(pages)
    assert {path for path in pages if path.startswith(("/item/", "/anzeige/"))} == {
        listing.path for listing in expected.values()
    }
    note = {Market.HARBORLIST: "is invented", Market.TAUSCHBOERSE: "sind erfunden"}[market]
    assert all(note in page for page in pages.values())


def test_harborlist_shows_every_field(visit: Any, day_45: int) -> None:
    visitor = visit(Market.HARBORLIST)
    for listing in visible_listings("harborlist", day_45).values():
        page = Selector(visitor.text(listing.path))
        data = json.loads(page.css('script[type="application/ld+json"]::text').get() or "")
        assert data["@type"] == "Product"
        assert (data["sku"], data["name"], data["description"]) == (listing.id, listing.title, listing.description)
        assert data["offers"].get("price") == (None if listing.price is None else str(listing.price))
        assert data["offers"]["priceCurrency"] == "USD"
        assert data["offers"]["seller"]["name"] == listing.seller_name
        assert data["datePosted"] == listing.posted
        assert data["offers"]["availability"].endswith("SoldOut" if listing.status is ListingStatus.SOLD else "InStock")
        assert [urlsplit(image).path for image in data["image"]] == list(listing.images)
        check_shown(page, listing, harborlist.format_price(listing.price))
        assert page.css("time::attr(datetime)").get() == listing.posted


def test_tauschboerse_shows_every_field_without_structured_data(visit: Any, day_45: int) -> None:
    visitor = visit(Market.TAUSCHBOERSE)
    for listing in visible_listings("tauschboerse", day_45).values():
        html = visitor.text(listing.path)
        assert not re.search(r"ld\+json|itemprop|itemscope|og:|typeof=", html)
        page = Selector(html)
        check_shown(page, listing, tauschboerse.format_price(listing.price))
        year, month, day = listing.posted.split("-")
        assert f"{day}.{month}.{year}" in page.css("dl.daten").get(default="")
    labels = "table.daten td:first-child::text"
    prices = [
        "Preis:" in Selector(visitor.text(listing.path)).css(labels).getall()
        for listing in visible_listings("tauschboerse", day_45).values()
    ]
    assert any(prices)
    assert not all(prices)


def check_shown(page: Selector, listing: VisibleListing, price: str) -> None:
    shown = "\n".join(text.strip() for text in page.css("body ::text").getall() if text.strip())
    wanted = [
        listing.title,
        price,
        listing.location,
        listing.seller_name,
        listing.id,
        *listing.description.split("\n\n"),
    ]
    wanted += [text for text in (listing.condition, listing.shipping, listing.seller_licence) if text]
    wanted += [*listing.category, *listing.attributes, *listing.attributes.values()]
    for text in wanted:
        assert " ".join(text.split()) in " ".join(shown.split()), (listing.path, text)
    assert set(listing.images) <= set(page.css("img::attr(src)").getall())
    assert listing.seller_path in page.css("a::attr(href)").getall()
    assert bool(page.css(".sold, p.verkauft")) >= (listing.status is ListingStatus.SOLD)


def test_harborlist_pages_are_joined_by_rel_next(visit: Any, day_45: int) -> None:
    visitor, seen = visit(Market.HARBORLIST), []
    path: str | None = "/c/all"
    while path:
        page = Selector(visitor.text(path))
        seen += page.css(".card a::attr(href)").getall()
        path = page.css('a[rel="next"]::attr(href)').get()
        assert path == page.css('link[rel="next"]::attr(href)').get()
    assert seen == [listing.path for listing in visible_listings("harborlist", day_45).values()]


def test_bazarlive_is_a_shell_with_an_api(visit: Any, day_45: int) -> None:
    visitor = visit(Market.BAZARLIVE)
    expected = visible_listings("bazarlive", day_45)
    ids: list[str] = []
    while True:
        answer = visitor.json(f"/api/listings?offset={len(ids)}&limit=24")
        ids += [item["id"] for item in answer["items"]]
        if not answer["items"]:
            break
    assert ids == list(expected)
    assert answer["total"] == len(expected)
    for listing in expected.values():
        shell = visitor.text(listing.path)
        assert listing.id not in shell
        assert listing.title not in unescape(shell)
        data = visitor.json(f"/api/listings/{listing.id}")
        assert data["title"] == listing.title
        assert data["description"] == listing.description
        assert data["price_text"] == bazarlive.format_price(listing.price)
        assert (data["category"], data["attributes"]) == (list(listing.category), listing.attributes)
        assert (data["posted"], data["location"], data["status"]) == (listing.posted, listing.location, listing.status)
        assert data["images"] == list(listing.images)
        assert data["seller"]["url"] == listing.seller_path
        seller = visitor.json(f"/api/sellers/{listing.seller}")
        assert (seller["name"], seller["profile"]) == (listing.seller_name, listing.seller_profile)
        assert listing.id in {item["id"] for item in seller["listings"]}


@pytest.mark.parametrize("query", ["offset=x", "limit=0", "offset=-1", "limit=1000"])
def test_bazarlive_refuses_bad_numbers(visit: Any, day_45: int, query: str) -> None:
    assert visit(Market.BAZARLIVE).get(f"/api/listings?{query}")[0] == 400


def find_change(market: Market, status: ListingStatus) -> tuple[str, int]:
    for entry in load_inventory(market).listings:
        for event in entry.events:
            if event.status is status:
                return entry.id, event.day
    raise AssertionError(f"nothing on {market} becomes {status}")


def path_of(market: Market, id_: str, day: int) -> str:
    return visible_listings(market, day, include_unlisted=True)[id_].path


@pytest.mark.parametrize("market", list(Market))
def test_statuses_are_answered_as_each_site_does(visit: Any, clock: FileClock, market: Market) -> None:
    visitor = visit(market)
    removed, day = find_change(market, ListingStatus.REMOVED)
    clock.move_to(day)
    status, _, body = visitor.get(path_of(market, removed, day))
    assert status == {Market.HARBORLIST: 410, Market.TAUSCHBOERSE: 200, Market.BAZARLIVE: 200}[market]
    said = {Market.HARBORLIST: "removed by a moderator", Market.TAUSCHBOERSE: "von der Moderation entfernt"}
    assert said.get(market, "") in body.decode()
    if market is Market.BAZARLIVE:
        assert visitor.get(f"/api/listings/{removed}")[0] == 410
    assert removed not in visible_listings(market, day)

    gone, day = find_change(market, ListingStatus.GONE)
    path = path_of(market, gone, day - 1)
    clock.move_to(day - 1)
    assert visitor.get(path)[0] == 200
    clock.move_to(day)
    assert visitor.get(path)[0] == 404

    sold, day = find_change(market, ListingStatus.SOLD)
    clock.move_to(day)
    assert visitor.get(path_of(market, sold, day))[0] == 200
    assert (sold in visible_listings(market, day)) is (market is not Market.BAZARLIVE)


def test_prices_change_and_the_gone_come_back_as_days_pass(visit: Any, clock: FileClock) -> None:
    visitor = visit(Market.HARBORLIST)
    entries = load_inventory(Market.HARBORLIST).listings
    repriced = next(entry for entry in entries if entry.events and entry.events[0].reprices)
    day = repriced.events[0].day
    path = path_of(Market.HARBORLIST, repriced.id, day)
    for when, price in ((day - 1, repriced.price), (day, repriced.events[0].price)):
        clock.move_to(when)
        assert Selector(visitor.text(path)).css(".facts .price::text").get() == harborlist.format_price(price)

    back = next(
        e for e in entries if [event.status for event in e.events] == [ListingStatus.GONE, ListingStatus.ACTIVE]
    )
    path = path_of(Market.HARBORLIST, back.id, back.appears)
    for when, expected in (
        (back.appears - 1, 404),
        (back.appears, 200),
        (back.events[0].day, 404),
        (back.events[1].day, 200),
    ):
        clock.move_to(when)
        assert visitor.get(path)[0] == expected


def test_pictures_are_served_and_shared(visit: Any, clock: FileClock) -> None:
    clock.move_to(9)
    for market in Market:
        visitor = visit(market)
        listing = next(iter(visible_listings(market, 9).values()))
        status, headers, body = visitor.get(listing.images[0])
        assert status == 200
        picture = Image.open(io.BytesIO(body))
        assert headers["content-type"] == f"image/{(picture.format or '').lower()}"
        assert visitor.get(listing.images[0].replace("-1.", "-9."))[0] == 404
    reposted = [entry for entry in load_inventory(Market.HARBORLIST).listings if entry.seller == "s-tannerb"]
    bodies = set()
    for entry in reposted:
        clock.move_to(entry.appears)
        bodies.add(visit(Market.HARBORLIST).get(f"/photos/{entry.id}-1.jpg")[2])
    assert len(bodies) == 1


@pytest.mark.parametrize("market", list(Market))
def test_manners(visit: Any, day_45: int, market: Market) -> None:
    visitor = visit(market)
    assert visitor.text("/robots.txt").startswith("User-agent: *")
    assert visitor.get("/no/such/page")[0] == 404
    assert visitor.get("/", method="POST")[0] == 405
    status, headers, body = visitor.get("/", method="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) == len(visitor.get("/")[2])
    assert visitor.get("/listing/1111111")[0] == visitor.get("/item/1111111-x")[0] == 404


def test_another_slug_leads_to_the_right_address(visit: Any, day_45: int) -> None:
    listing = next(iter(visible_listings("harborlist", day_45).values()))
    status, headers, _ = visit(Market.HARBORLIST).get(f"/item/{listing.id}-something-else")
    assert (status, headers["location"]) == (301, listing.path)


@pytest.mark.parametrize("address", ["0.0.0.0:0", "192.0.2.7:80", "example.org:80", "127.0.0.1:x", "127.0.0.1"])
def test_only_loopback_is_served(address: str) -> None:
    with (
        pytest.raises(PartMissing, match="not an address of this machine alone"),
        Marketplaces(hosts={"harborlist": address}),
    ):
        pass


def test_a_taken_port_is_said(marketplaces: Marketplaces) -> None:
    taken = urlsplit(marketplaces.urls["harborlist"]).netloc
    with pytest.raises(PartMissing, match="cannot be used"), Marketplaces(hosts={"harborlist": taken}):
        pass


def test_the_servers_die_with_their_parent() -> None:
    script = (
        "import time\nfrom crawler.demo.marketplaces import Marketplaces\n"
        "with Marketplaces(hosts={'harborlist': '127.0.0.1:0'}) as m:\n"
        "    print(m.urls['harborlist'], flush=True)\n    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        visitor = Visitor(parent.stdout.readline().strip())
    assert visitor.get("/")[0] == 200
    visitor.close()
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            visitor.get("/")
        except OSError:
            visitor.close()
            return
        visitor.close()
        time.sleep(0.05)
    pytest.fail("the marketplaces outlived their parent")


def test_a_person_can_serve_them() -> None:
    command = [sys.executable, "-m", "crawler.demo", "--day", "30", "--grow", "tauschboerse=400"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().split() for _ in Market]
        assert [name for name, _ in lines] == [market.value for market in Market]
        visitor = Visitor(lines[1][1])
        assert "Anzeigen ansehen" in visitor.text("/")
        visitor.close()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        assert process.returncode == 130
    wrong = subprocess.run([*command, "--grow", "nowhere=3"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "markets: harborlist" in wrong.stderr
