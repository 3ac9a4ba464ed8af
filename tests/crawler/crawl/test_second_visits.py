"""What a second visit makes of listings that moved, led elsewhere or go by two addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field
from crawl_records import count_listing_captures, read_captures, read_listings, read_status_changes
from crawl_server import Answer, Asked, Served, list_page, listing_page, site_text

if TYPE_CHECKING:
    from crawl_room import Room


@define
class Market:
    """A market whose links carry a parameter that its pages' own addresses do not have."""

    listed: list[int] = field(factory=lambda: [1, 2, 3, 4])
    gone: dict[int, Answer] = field(factory=dict)

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/robots.txt":
            return Answer(status=404)
        if not asked.path.startswith("/item/"):
            page = list_page(range(0))
            rows = "".join(
                f'<li class="row"><a href="/item/{one}?view=full">Chair {one}</a></li>' for one in self.listed
            )
            return Answer(page.replace("</ul>", f"{rows}</ul>"))
        number = int(asked.path[6:].partition("?")[0])
        if number in self.gone:
            return self.gone[number]
        canonical = f'<link rel="canonical" href="/item/{number}"><title>'
        return Answer(listing_page(number).replace("<title>", canonical))


def test_a_second_visit_captures_each_listing_once_and_tells_endings_apart(room: Room) -> None:
    market = Market()
    with Served(market.answer) as site:
        room.write_site("market", site_text("market", site.url))
        first = room.crawl("market")
        assert (first.found["new"], first.found["status"]) == (4, "done"), first
        # 1 stays; 2 leaves the list but answers; 3 leads to the list; 4 is not found.
        market.listed = [1]
        market.gone = {3: Answer(status=302, headers=(("Location", "/"),)), 4: Answer("<h1>Not found</h1>", status=404)}
        second = room.crawl("market")
        assert (second.found["new"], second.found["ended"]) == (0, 2), second
        statuses = {one: shown.status for one, shown in read_listings(room.workspace, "market").items()}
        assert statuses == {"1": "active", "2": "active", "3": "gone", "4": "gone"}
        captures = read_captures(room.workspace, "market", second.found["id"])
        counts = count_listing_captures(captures)
        assert counts == {"1": 1, "2": 1}
        # And one comes back.
        market.listed, market.gone = [1, 2, 3], {}
        third = room.crawl("market")
    assert third.found["new"] == 0
    assert read_status_changes(room.workspace, "market")["3"] == ["active", "gone", "active"]
