"""The whole of each training marketplace, crawled as a user does it and compared with its catalogue."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from crawl_records import (
    Shown,
    check_vault,
    count_listing_captures,
    read_captures,
    read_listings,
    read_status_changes,
    stored_of,
)
from crawl_room import Ended, Room

from crawler.demo.clock import FixedClock
from crawler.demo.inventory import Market
from crawler.demo.marketplaces import Marketplaces
from crawler.demo.views import VisibleListing, visible_listings
from pipelines.evidence import gather_dossier
from pipelines.models import ListingStatus
from pipelines.packet.creation import create
from pipelines.packet.keys import SigningKey, TrustedKeys
from pipelines.packet.verification import verify
from pipelines.store.fetches import read_fetches
from pipelines.warc.reader import read_record

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.demo.clock import FileClock

FIRST, LATER = 45, 60
EARLY = 6
"""Rendering all 247 listings of day 45 would take longer than the rest of the suite: an earlier day has all kinds."""


def day_of(market: str) -> int:
    return EARLY if market == "bazarlive" else FIRST


@pytest.fixture(scope="session")
def visited(tmp_path_factory: pytest.TempPathFactory, marketplaces: Marketplaces, clock: FileClock) -> Room:
    """A workspace with a first visit to each marketplace, side by side."""
    room = Room.make(tmp_path_factory.mktemp("visited") / "room")
    clock.move_to(FIRST)
    for market in ("harborlist", "tauschboerse"):
        room.write_market(market, marketplaces.urls[market])
    with Marketplaces(clock=FixedClock(EARLY), hosts={"bazarlive": "127.0.0.1:0"}) as early:
        room.write_market("bazarlive", early.urls["bazarlive"])
        for ended in [Ended.of(process) for process in [room.start(market) for market in Market]]:
            assert ended.found["status"] in ("done", "degraded"), ended
            assert ended.found["unseen"] == {}
    return room


@pytest.fixture(scope="session")
def seen_again(visited: Room, clock: FileClock) -> dict[str, Ended]:
    """Fifteen days later the same workspace visits the two marketplaces that need no browser."""
    before = {market: read_listings(visited.workspace, market) for market in ("harborlist", "tauschboerse")}
    assert all(one.number == 1 for shown in before.values() for one in shown.values())
    clock.move_to(LATER)
    processes = {market: visited.start(market) for market in before}
    return {market: Ended.of(process) for market, process in processes.items()}


def compare(shown: Shown, wanted: VisibleListing) -> dict[str, tuple[Any, Any]]:
    """Where what was extracted differs from what the page shows."""
    content = shown.content
    price = content["price"] or {}
    seller = content["seller"] or {}
    pairs = {
        "title": (content["title"], wanted.title),
        "description": (content["description"].split(), wanted.description.split()),
        "price": (None if not price else Decimal(price["amount"]), wanted.price),
        "currency": (price.get("currency"), wanted.currency if price else None),
        "condition": (content["condition"], wanted.condition),
        "category": (tuple(content["category"]), wanted.category),
        "location": (content["location"], wanted.location),
        "shipping": (content["shipping"], wanted.shipping),
        "posted": (content["posted"], wanted.posted),
        "status": (shown.status, wanted.status.value),
        "seller": (seller.get("id"), wanted.seller),
        "seller name": (seller.get("name"), wanted.seller_name),
        "images": (len(content["images"]), len(wanted.images)),
        "attributes": ({name: content["attributes"].get(name) for name in wanted.attributes}, dict(wanted.attributes)),
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


@pytest.mark.parametrize("market", list(Market))
def test_every_listing_is_captured_once_with_every_field(visited: Room, market: Market) -> None:
    wanted = visible_listings(market, day_of(market))
    found = read_listings(visited.workspace, market)
    assert found.keys() == wanted.keys()
    first_run = read_captures(visited.workspace, market)[0]["run"]
    counts = count_listing_captures(read_captures(visited.workspace, market, first_run))
    assert counts == Counter(dict.fromkeys(wanted, 1))
    first = {one: Shown(_first_status(visited, market, one), 1, found[one].content) for one in wanted}
    differing = {one: bad for one in wanted if found[one].number == 1 and (bad := compare(first[one], wanted[one]))}
    assert differing == {}


def _first_status(room: Room, market: str, listing: str) -> str:
    return read_status_changes(room.workspace, market)[listing][0]


@pytest.mark.parametrize("market", list(Market))
def test_every_capture_is_in_the_vault_as_its_record_says(visited: Room, market: Market) -> None:
    check_vault(visited.workspace, read_captures(visited.workspace, market))


def test_a_rendered_page_keeps_its_picture_and_what_it_was_made_from(visited: Room) -> None:
    captures = [one for one in read_captures(visited.workspace, "bazarlive") if one["kind"] == "detail"]
    kinds = set()
    for one in captures[:20]:
        assert one["screenshot"]["length"] > 1000
        for place in one["resources"]:
            record = read_record(
                visited.workspace.vault, stored_of(place | {"payload_sha256": place["payload_sha256"]})
            )
            kinds.add(record.headers["warc-target-uri"].rsplit(".", 1)[-1][:4])
    assert {"js", "css", "jpg"} <= kinds


def test_how_long_each_page_took_is_counted_in_the_store(visited: Room) -> None:
    captures = [one for market in Market for one in read_captures(visited.workspace, market)]
    database = visited.workspace.open_database()
    with database.read() as connection:
        found = read_fetches(connection)
    database.close()
    answered = Counter[str]()
    for (method, outcome), times in found.items():
        if outcome not in ("3xx", "no_answer"):
            answered[method] += sum(times.counts.values())
        assert times.seconds > 0
    assert answered == Counter(one["method"] for one in captures)
    assert answered["browser"] > 10


@pytest.mark.parametrize("market", ["harborlist", "tauschboerse"])
def test_time_passes(visited: Room, seen_again: dict[str, Ended], market: str) -> None:
    before, now = visible_listings(market, FIRST), visible_listings(market, LATER)
    everything = visible_listings(market, LATER, include_unlisted=True)
    found, changes = read_listings(visited.workspace, market), read_status_changes(visited.workspace, market)
    outcome = seen_again[market].found
    assert outcome["status"] in ("done", "degraded")
    assert outcome["new"] == len(now.keys() - before.keys()) > 0
    assert found.keys() == before.keys() | now.keys()

    for one in before.keys() & now.keys():
        same = (before[one].price, before[one].description, before[one].status) == (
            now[one].price,
            now[one].description,
            now[one].status,
        )
        assert (found[one].number == 1) == same, one
        assert found[one].status == now[one].status
    left = before.keys() - now.keys()
    assert left
    for one in left:
        # A page that still answers says why; one that does not is gone, unless it was known to be sold.
        gone = before[one].status.value if before[one].status is ListingStatus.SOLD else "gone"
        assert found[one].status == (everything[one].status.value if one in everything else gone), one
    ended = Counter(found[one].status for one in left)
    sold = [one for one in now if one in before and before[one].status != now[one].status]
    assert all(changes[one][-1] == now[one].status.value for one in sold)
    assert {"removed", "gone"} <= ended.keys()


@pytest.mark.parametrize("market", ["harborlist", "tauschboerse"])
def test_an_unchanged_page_is_a_revisit_and_no_new_version(
    visited: Room, seen_again: dict[str, Ended], market: str
) -> None:
    captures = read_captures(visited.workspace, market)
    runs = list(dict.fromkeys(one["run"] for one in captures))
    assert len(runs) == 2
    second = [one for one in captures if one["run"] == runs[1]]
    by_id = {one["id"]: one for one in captures}
    again = [one for one in second if one["revisit_of"]]
    assert len(again) > len(second) / 4
    for one in again:
        assert by_id[one["revisit_of"]]["payload_sha256"] == one["payload_sha256"]
        assert by_id[one["revisit_of"]]["run"] == runs[0]
        record = read_record(visited.workspace.vault, stored_of(one))
        assert record.headers["warc-refers-to-target-uri"] == one["url"]
    counts = count_listing_captures(second)
    assert set(counts.values()) == {1}
    check_vault(visited.workspace, second)


@pytest.mark.parametrize("market", list(Market))
def test_a_crawled_listing_makes_a_packet_that_holds(visited: Room, market: Market, tmp_path: Path) -> None:
    listing = next(iter(visible_listings(market, day_of(market))))
    database = visited.workspace.open_database()
    dossier = gather_dossier(database, market, listing, vault=visited.workspace.vault, workspace="room")
    database.close()
    packet = tmp_path / "packet.zip"
    create(dossier, packet, SigningKey.generate())
    verdict = verify(packet, TrustedKeys(), None).json
    assert verdict["valid"], verdict["failures"]
