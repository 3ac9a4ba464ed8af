"""How close requests to one host come, measured at the server: whatever site file or process they are made for."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

from crawl_room import Command, Ended
from crawl_server import Answer, Asked, Served, list_page, listing_page, site_text

if TYPE_CHECKING:
    from crawl_room import Room

DELAY = 0.2
LATE = DELAY / 20  # by which an answer may come before other processes are told


def test_two_site_files_of_one_host_and_a_look_share_its_pace(room: Room) -> None:
    asked: list[tuple[float, str]] = []

    def answer(one: Asked) -> Answer:
        asked.append((time.monotonic(), one.path))
        if one.path == "/robots.txt":
            return Answer(status=404)
        time.sleep(DELAY / 3)  # a slow answer must not bring the next request closer
        return Answer(listing_page(int(one.path[6:])) if one.path.startswith("/item/") else list_page(range(1, 3)))

    with Served(answer) as site:
        pace = f"delay: {DELAY}"
        files = [room.write_site(name, site_text(name, site.url, pace=pace)) for name in ("first", "second")]
        room.workspace.open_database().close()
        look = Command.start(
            "site",
            "check",
            str(files[0]),
            "--json",
            workspace=room.workspace,
            environment={"TRACEMARK_ALLOW_LOOPBACK": "1"},
        )
        ended = [Ended.of(process) for process in [room.start(name) for name in ("first", "second")]]
        checked = Ended.of(look)
    assert checked.code == 0, checked
    assert [one.found["found"]["listings"] for one in ended] == [2, 2], ended
    gaps = [after - before for (before, _), (after, _) in pairwise(asked)]
    assert min(gaps) >= DELAY - LATE, sorted(zip(gaps, asked, strict=False))[:3]
