"""What a crawl logs, its libraries' own lines included, holds no contact that a page's address held."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from crawl_records import read_captures
from crawl_server import Answer, Asked, Served, listing_page, site_text

if TYPE_CHECKING:
    from crawl_room import Room

CONTACTS = ("jane.doe", "202-555-0143", "555-0143")
LISTED = "/item/1?mail=jane.doe%40example.com&amp;tel=202-555-0143"
UNREAD = "/forms/202-555-0143/jane.doe@example.com"


def answer(asked: Asked) -> Answer:
    if asked.path == "/robots.txt":
        return Answer(status=404)
    if asked.path.startswith("/forms/"):
        return Answer(status=302, headers=(("Location", "/item/2?call=202-555-0143"),))
    if asked.path.startswith("/item/"):
        return Answer(listing_page(int(asked.path[6])))
    return Answer(
        f'<html><body><ul><li><a href="{LISTED}">A</a></li><li><a href="{UNREAD}">B</a></li></ul></body></html>'
    )


def test_no_line_of_a_crawl_holds_a_contact(room: Room) -> None:
    settings = room.workspace.root / "tracemark.toml"
    settings.write_text(f'{settings.read_text()}\n[observe]\nlog_level = "debug"\nlog_json = true\n')
    with Served(answer) as site:
        room.write_site("market", site_text("market", site.url))
        ended = room.crawl("market")
    assert ended.code in (0, 1), ended
    asked = " ".join(one["url"] for one in read_captures(room.workspace, "market"))
    assert "mail=jane.doe%40example.com&tel=202-555-0143" in asked, "the evidence keeps addresses as they were"

    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    fetched = [one["event"] for one in lines if one.get("logger") == "scrapy.core.engine"]
    assert [one for one in fetched if "/item/1?mail=[email]" in one and "tel=[phone]" in one], ended.stderr
    assert all({"level", "timestamp", "event"} <= one.keys() for one in lines)
    assert [one for one in lines if one.get("logger", "").startswith("scrapy.extensions")] == [], "none serves a port"
    assert [one for one in CONTACTS if one in ended.stderr] == []
