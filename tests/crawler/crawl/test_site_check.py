"""`tracemark site check` with a look at the site: what is read, from where, and what robots.txt allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crawl_server import Answer, Asked, Served, list_page, listing_page, site_text

if TYPE_CHECKING:
    from crawl_room import Room

ROBOTS = "User-agent: *\nDisallow: /item/2\n"


def market(asked: Asked) -> Answer:
    if asked.path == "/robots.txt":
        return Answer(ROBOTS, content_type="text/plain")
    if asked.path.startswith("/item/"):
        return Answer(listing_page(int(asked.path[6:])))
    return Answer(list_page(range(1, 30)))


def test_a_few_pages_are_read_field_by_field_and_nothing_is_kept(room: Room) -> None:
    with Served(market) as site:
        path = room.write_site("market", site_text("market", site.url))
        seen = room.tell("site", "check", str(path), "--json")
        assert seen.code == 0, seen
        asked = [one for one in site.paths if one != "/robots.txt"]
        told = room.tell("site", "check", str(path), "--pages", "2")
    look = seen.found["look"]
    assert asked[0] == "/"
    assert 3 <= len(asked) <= 6
    assert (look["trouble"], look["refused"][0]) == (None, f"{site.url}/item/2")
    index, *others = look["pages"]
    assert (index["kind"], index["links"]["detail"]) == ("index", 29)
    first = next(one for one in others if one["kind"] == "detail")
    assert first["price"]["currency"] == "USD"
    assert first["provenance"]["price"]["from"] == "label"
    assert not (room.workspace.root / "tracemark.db").exists()
    assert not list(room.workspace.vault.rglob("*"))
    assert "no mistakes" in told.stdout
    assert "(label" in told.stdout
    assert "refuses " in told.stdout


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer("<h1>Not here</h1>", status=500), "HTTP 500"),
        (Answer("<title>Sign in</title><form><input type=password></form><h1>Please sign in</h1>"), "asks for a login"),
        (Answer("<h1>About us</h1><p>We sell chairs.</p>"), "no listing was found"),
    ],
)
def test_a_site_that_cannot_be_read_is_told(room: Room, answer: Answer, words: str) -> None:
    with Served(lambda asked: Answer(status=404) if asked.path == "/robots.txt" else answer) as site:
        path = room.write_site("market", site_text("market", site.url))
        seen = room.tell("site", "check", str(path), "--json")
    assert seen.code == 1
    assert words in seen.found["look"]["trouble"]


def test_without_a_visit_only_the_file_is_read(room: Room) -> None:
    with Served(market) as site:
        path = room.write_site("market", site_text("market", site.url))
        seen = room.tell("site", "check", str(path), "--offline", "--json")
        late = room.write_site("late", site_text("late", site.url, "authority: {expires: 2020-01-31}"))
        expired = room.tell("site", "check", str(late), "--json")
    assert (seen.code, seen.found["look"]) == (0, None)
    assert (expired.code, expired.found["look"]) == (0, None)
    assert "expired on 2020-01-31" in expired.found["not_permitted"]
    assert site.requests == []
