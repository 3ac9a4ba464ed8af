"""Sitemaps, feeds and JSON lists in a crawl, whatever type their server calls them; and listings left alone."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import define, field
from crawl_records import check_vault, read_captures, read_listings, read_status_changes
from crawl_server import Answer, Asked, Served, list_page, listing_page, site_text

from pipelines.evidence import gather_dossier
from pipelines.store.custody import custody_rows
from pipelines.store.tables import assessments, capture_listings, captures, listings, versions

if TYPE_CHECKING:
    from crawl_room import Room

BINARY = "application/octet-stream"


@define
class Market:
    """Answers with the pages that it has by their paths; `/item/N` is a listing's, and all else is not there."""

    pages: dict[str, Answer] = field(factory=dict)

    def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/item/"):
            return Answer(listing_page(int(asked.path[6:])))
        return self.pages.get(asked.path, Answer(status=404))


def start_at(name: str, url: str, path: str, *more: str) -> str:
    return site_text(name, url, *more).replace(f"'{url}/'", f"'{url}/{path}'")


def test_a_packed_sitemap_is_followed_whatever_type_it_is_served_as(room: Room) -> None:
    market = Market()
    with Served(market.answer) as site:
        locations = "".join(f"<url><loc>{site.url}/item/{one}</loc></url>" for one in (1, 2, 3))
        text = f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{locations}</urlset>'
        market.pages["/sitemap.xml.gz"] = Answer(gzip.compress(text.encode(), mtime=0), content_type=BINARY)
        room.write_site("market", start_at("market", site.url, "sitemap.xml.gz"))
        ended = room.crawl("market")
    assert (ended.code, ended.found["found"]["listings"]) == (0, 3), ended
    check_vault(room.workspace, read_captures(room.workspace, "market"))


OFFERS: list[dict[str, object]] = [
    {"id": "a1", "title": "Oak chair", "price": 40, "description": "A chair of oak, kept dry.", "seller": "River"},
    {"id": "a2", "title": "Pine table", "price": 90, "description": "A table of pine, one leg new.", "seller": "River"},
    {"id": "a3", "title": "Tin lamp", "price": 15, "url": "/item/3", "description": "See its own page."},
]


def write_list(offers: list[dict[str, object]]) -> Answer:
    return Answer(json.dumps({"results": offers}), content_type="text/plain")


def test_a_list_tells_the_offers_that_have_no_page_of_their_own(room: Room) -> None:
    market = Market({"/api": write_list(OFFERS)})
    with Served(market.answer) as site:
        room.write_site("market", start_at("market", site.url, "api", "currency: USD"))
        first = room.crawl("market")
        assert (first.code, first.found["new"], first.found["found"]["listings"]) == (0, 3, 3), first
        assert first.found["found"]["pages"] == len([path for path in site.paths if path != "/robots.txt"])
        market.pages["/api"] = write_list([{**OFFERS[0], "price": 35}, OFFERS[2]])
        second = room.crawl("market")
    assert (second.found["changed"], second.found["ended"]) == (1, 0), second
    found = read_listings(room.workspace, "market")
    assert {one: shown.content["title"] for one, shown in found.items()} == {
        "a1": "Oak chair",
        "a2": "Pine table",
        "3": "Garden chair 3",  # what its own page says
    }
    assert (found["a1"].number, found["a1"].content["price"]["amount"]) == (2, "35")
    # A list forgets: that an offer left it says nothing of the offer.
    assert read_status_changes(room.workspace, "market")["a2"] == ["active"]
    database = room.workspace.open_database()
    with database.read() as connection:
        [capture] = connection.scalars(
            sa.select(capture_listings.c.capture).join(listings).where(listings.c.native_id == "a2")
        ).all()
        assert connection.scalar(sa.select(captures.c.url).where(captures.c.id == capture)) == f"{site.url}/api"
        assert connection.scalar(sa.select(versions.c.capture).join(listings).where(listings.c.native_id == "a2"))
        [row] = custody_rows(connection, subject="market/a2")
    assert row["detail"]["capture"] == capture
    dossier = gather_dossier(database, "market", "a2", vault=room.workspace.vault, workspace="room")
    database.close()
    assert [one.id for one in dossier.captures] == [capture]


def test_a_feed_whose_items_are_not_to_be_visited_is_read_itself(room: Room) -> None:
    items = "".join(
        f"<item><title>Oak chair {one}</title><link>/item/{one}</link><description>Price $40</description></item>"
        for one in (1, 2)
    )
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Chairs</title>{items}</channel></rss>'
    with Served(Market({"/feed": Answer(feed, content_type=BINARY)}).answer) as site:
        text = start_at("market", site.url, "feed").replace("index:", "skip: '/item/', index:")
        room.write_site("market", text)
        ended = room.crawl("market")
    assert ended.found["found"]["listings"] == 2, ended
    assert [path for path in site.paths if path != "/robots.txt"] == ["/feed"]
    assert read_listings(room.workspace, "market").keys() == {"1", "2"}


def test_ordinary_listings_are_left_alone_for_a_while_and_those_to_review_are_not(room: Room) -> None:
    market = Market({"/": Answer(list_page(range(1, 6)))})
    with Served(market.answer) as site:
        text = site_text("market", site.url, "again: {none: 48, idle: 48, review: 0}", "expect: {listings: 4}")
        room.write_site("market", text)
        assert room.crawl("market").found["new"] == 5
        judge(room, "2", "review")
        market.pages["/"] = Answer(list_page(range(1, 5)))
        site.requests.clear()
        second = room.crawl("market")
        assert second.code == 0, second
        # 2 is to be reviewed, 5 left the list; the others are not due.
        assert {path for path in site.paths if path.startswith("/item/")} == {"/item/2", "/item/5"}
        assert second.found["found"]["listings"] == 5
        assert second.found["found"]["left_alone"] == 3
        age(room, timedelta(hours=47))  # nine tenths of two days are over
        site.requests.clear()
        third = room.crawl("market")
    assert len([path for path in site.paths if path.startswith("/item/")]) == 5
    assert "left_alone" not in third.found["found"]


def judge(room: Room, native_id: str, review: str) -> None:
    """Assess one listing as `review`, as the assessor's own row would have it."""
    database = room.workspace.open_database()
    with database.write() as connection:
        row = connection.execute(
            sa.select(listings.c.id, listings.c.version).where(listings.c.native_id == native_id)
        ).one()
        body = {"version": row.version, "made_by": "test", "at": datetime(2026, 1, 1, tzinfo=UTC), "items": []}
        made = connection.execute(sa.insert(assessments).values(**body, body={"review": review}, derivation={}))
        [key] = made.inserted_primary_key or (None,)
        connection.execute(sa.update(listings).where(listings.c.id == row.id).values(assessment=key))
    database.close()


def age(room: Room, by: timedelta) -> None:
    """Let what was captured be older."""
    database = room.workspace.open_database()
    with database.write() as connection:
        for row in connection.execute(sa.select(captures.c.id, captures.c.at)).all():
            connection.execute(sa.update(captures).where(captures.c.id == row.id).values(at=row.at - by))
    database.close()
