"""A disk that fills up, and a PostgreSQL that goes away, under a crawl: it says so, and the next crawl completes it."""

from __future__ import annotations

import os
import resource
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from crawl_room import FORKS, Command, Ended, carry_out
from crawl_server import Answer, Asked, Served, list_page, listing_page, site_text
from postgres import PostgresServer

from pipelines.store.custody import broken_at
from pipelines.store.database import Database
from pipelines.store.tables import work_leases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawl_room import Room

LISTINGS = 60


def market(asked: Asked) -> Answer:
    if asked.path == "/robots.txt":
        return Answer(status=404)
    if asked.path.startswith("/item/"):
        return Answer(listing_page(int(asked.path[6:]), body=f"<!-- {'0123456789abcdef' * 200} -->"))
    return Answer(list_page(range(1, LISTINGS + 1)))


def carry_out_on_a_full_disk(size: int, arguments: list[str], environment: Mapping[str, str], said: Path) -> None:
    """As `crawl_room.carry_out`, where no file can grow over `size` bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    carry_out(arguments, environment, said)


def crawl_on_a_full_disk(room: Room, size: int) -> Ended:
    said = Path(tempfile.mkdtemp(dir=room.workspace.root.parent, prefix="said-"))
    given = ["--workspace", str(room.workspace.root), "crawl", "market", "--json"]
    chosen = {**os.environ, "TRACEMARK_ALLOW_LOOPBACK": "1"}
    process = FORKS.Process(target=carry_out_on_a_full_disk, args=(size, given, chosen, said))
    process.start()
    return Ended.of(Command(process, said))


def require_whole(found: dict[str, Any], database: Database) -> None:
    assert (found["status"], found["found"]["listings"]) == ("done", LISTINGS)
    with database.read() as connection:
        assert broken_at(connection) is None


def let_time_pass(url: str) -> None:
    database = Database.open(url)
    with database.write() as connection:
        connection.execute(sa.update(work_leases).values(until=work_leases.c.at))
    database.close()


def test_a_crawl_on_a_full_disk_ends_with_6_and_the_next_completes_it(room: Room) -> None:
    with Served(market) as site:
        room.write_site("market", site_text("market", site.url))
        room.tell("status")  # makes the store
        size = (room.workspace.root / "tracemark.db").stat().st_size
        ended = crawl_on_a_full_disk(room, size)
        assert (ended.code, ended.error["exit_code"]) == (6, 6), ended.stderr
        assert "free space" in ended.error["hint"]
        again = room.crawl("market")
    assert again.code == 0, again.stderr
    assert again.found["resumed"]
    database = room.workspace.open_database()
    require_whole(again.found, database)
    database.close()


def test_a_crawl_whose_database_goes_away_says_so_and_the_next_completes_it(room: Room) -> None:
    with PostgresServer() as server:

        def leave(asked: Asked) -> Answer:
            if asked.path == "/item/30" and not left:
                left.append(server.stop())
            return market(asked)

        left: list[None] = []
        environment = {"TRACEMARK_DATABASE_URL": server.emptied()}
        with Served(leave) as site:
            room.write_site("market", site_text("market", site.url))
            ended = room.crawl("market", **environment)
            assert (ended.code, ended.error["exit_code"]) == (5, 5), ended.stderr
            assert "is not lost" in ended.error["hint"]
            server.start()
            held = room.crawl("market", **environment)  # it could not let go of the site
            assert (held.code, "if it died, until" in held.error["hint"]) == (1, True)
            let_time_pass(environment["TRACEMARK_DATABASE_URL"])
            again = room.crawl("market", **environment)
        assert again.code == 0, again.stderr
        assert again.found["resumed"]
        database = Database.open(environment["TRACEMARK_DATABASE_URL"])
        require_whole(again.found, database)
        database.close()
