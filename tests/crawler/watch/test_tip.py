"""One page now: `tracemark capture`, and pages of others through `tracemark import` with the crawler's reader."""

from __future__ import annotations

import re
import urllib.request
from typing import TYPE_CHECKING

import sqlalchemy as sa
from command_line import answer, tracemark

from pipelines.store.custody import broken_at, custody_rows
from pipelines.store.runs import RunKind, latest_run
from pipelines.store.tables import captures, frontier
from pipelines.warc.reader import iterate

if TYPE_CHECKING:
    from watch_room import WatchRoom


def first_listing(room: WatchRoom) -> str:
    with urllib.request.urlopen(room.markets["harborlist"] + "/") as page:  # noqa: S310 -- our own loopback address
        found = re.search(r'href="(/item/\d+[^"]*)"', page.read().decode())
    assert found is not None
    return room.markets["harborlist"] + found[1]


def test_a_tip_joins_its_site_and_leaves_its_runs_alone(room: WatchRoom) -> None:
    room.write_site("harborlist")
    url = first_listing(room)
    place = {"cwd": room.workspace.root, "TRACEMARK_ALLOW_LOOPBACK": "1"}
    named = answer("capture", url, "--site", "harborlist", **place)
    run = named["run"]
    assert (run["site"], run["kind"], run["status"], run["found"]["pages"]) == ("harborlist", "tip", "done", 1)
    assert named["listing"]["site"] == "harborlist"
    assert named["listing"]["id"] == re.findall(r"\d+", url)[-1] or named["listing"]["id"] in url
    assert named["listing"]["price"]
    alone = answer("capture", url, **place)
    assert (alone["listing"]["site"], alone["listing"]["id"]) == ("tips", alone["capture"]["url"])
    with room.database.read() as connection:
        assert latest_run(connection, "harborlist", kind=RunKind.CRAWL) is None
        assert broken_at(connection) is None
        subject = f"harborlist/{named['listing']['id']}"
        assert [row["action"] for row in custody_rows(connection, subject=subject)] == ["capture"]
        assert connection.scalar(sa.select(sa.func.count()).select_from(frontier)) == 2, "no link is followed"
        files = connection.scalars(sa.select(captures.c.file)).all()
    for file in files:
        found = [(one.kind, one.headers.get("warc-target-uri", "")) for one in iterate(room.workspace.vault / file)]
        assert [kind for kind, _ in found] == ["warcinfo", *["response", "request"] * 2]
        assert found[1][1].endswith("/robots.txt")


def test_a_tip_is_refused_like_any_visit(room: WatchRoom) -> None:
    room.write_site("harborlist")
    place = {"cwd": room.workspace.root}
    forbidden = answer("capture", first_listing(room), code=1, **place)
    assert "forbidden address" in forbidden["run"]["reason"]
    assert forbidden["capture"] is None
    away = tracemark("capture", "https://market.example/item/1", "--site", "harborlist", **place)
    assert (away.returncode, "is not on harborlist" in away.stderr) == (2, True)
    settings = room.workspace.root / "tracemark.toml"
    settings.write_text(settings.read_text() + "expires = 2020-01-31\n")
    assert tracemark("capture", "https://market.example/item/1", **place).returncode == 4


def test_a_saved_page_is_read_by_the_sites_file(room: WatchRoom) -> None:
    room.write_site("harborlist")
    url = first_listing(room)
    with urllib.request.urlopen(url) as page:  # noqa: S310 -- as above
        (room.workspace.root / "saved.txt").write_bytes(page.read())
    report = answer("import", "saved.txt", "--site", "harborlist", "--url", url, cwd=room.workspace.root)
    assert (report["pages"], report["new"], report["set_aside"]) == (1, 1, 0)
    with room.database.read() as connection:
        [(method, at_url)] = connection.execute(sa.select(captures.c.method, captures.c.url)).all()
    assert (method, at_url) == ("received", url)
