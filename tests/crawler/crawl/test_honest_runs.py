"""A run that is let down ends by itself and says so in words; what was stored before stays."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import ExitStack
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from crawl_records import check_vault, count_listing_captures, read_captures, read_listings, stored_of
from crawl_room import AUTHORITY, Ended, Room
from crawl_server import Answer, Asked, Served, list_page, listing_page, site_text

from crawler.demo.faults import FaultMode, FaultySite
from pipelines.models import StoredBytes
from pipelines.warc.reader import read_record

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.demo.marketplaces import Marketplaces

ENDINGS = {
    FaultMode.DOWN: ("failed", "no start page could be read: robots.txt could not be had: the connection was refused"),
    FaultMode.ERROR: ("failed", "no start page could be read: HTTP 500"),
    FaultMode.GARBAGE: ("degraded", "no listing was found"),
    FaultMode.LOGIN: ("paused", "the site asks for a login: give it a session"),
    FaultMode.CHALLENGE: ("paused", "a person must look at it"),
    FaultMode.HANG: ("failed", "no start page could be read: robots.txt could not be had: no answer in time"),
    FaultMode.CUT: ("failed", "no start page could be read: the answer was cut short"),
    FaultMode.TOO_MANY_REQUESTS: ("failed", "no start page could be read: HTTP 429"),
    FaultMode.REDIRECT_LOOPBACK: ("failed", "no start page could be read: leads to another site"),
    FaultMode.REDIRECT_METADATA: ("failed", "no start page could be read: forbidden address"),
}


@pytest.fixture(scope="module")
def let_down(tmp_path_factory: pytest.TempPathFactory) -> dict[FaultMode, tuple[Ended, FaultySite]]:
    """One crawl of each kind of faulty site, side by side in one workspace."""
    room = Room.make(tmp_path_factory.mktemp("let-down") / "room")
    with ExitStack() as running:
        sites = {mode: running.enter_context(FaultySite(mode=mode)) for mode in ENDINGS}
        for mode, site in sites.items():
            room.write_site(mode.value, site_text(mode.value, site.url, pace="delay: 0, timeout: 2"))
        processes = {mode: room.start(mode.value) for mode in sites}
        return {mode: (Ended.of(process), sites[mode]) for mode, process in processes.items()}


@pytest.mark.parametrize("mode", list(ENDINGS))
def test_a_faulty_site_ends_the_run_with_the_reason(
    let_down: dict[FaultMode, tuple[Ended, FaultySite]], mode: FaultMode
) -> None:
    ended, _ = let_down[mode]
    status, reason = ENDINGS[mode]
    assert (ended.code, ended.found["status"]) == (1, status), ended
    assert reason in ended.found["reason"]
    assert ended.found["found"]["listings"] == 0
    assert "Traceback" not in ended.stderr


def test_a_site_that_asks_to_wait_is_waited_for(let_down: dict[FaultMode, tuple[Ended, FaultySite]]) -> None:
    requests = [one for one in let_down[FaultMode.TOO_MANY_REQUESTS][1].requests if one.path != "/robots.txt"]
    assert len(requests) == 4
    assert all(later.at - earlier.at >= 0.95 for earlier, later in pairwise(requests))


def test_every_request_says_who_asks(let_down: dict[FaultMode, tuple[Ended, FaultySite]]) -> None:
    agents = {one.headers["user-agent"] for one in let_down[FaultMode.ERROR][1].requests}
    assert len(agents) == 1
    agent = agents.pop()
    assert agent.startswith("Tracemark/")
    assert AUTHORITY["contact"] in agent
    assert AUTHORITY["operator"] in agent


def test_what_was_stored_before_a_site_went_down_is_untouched(room: Room) -> None:
    with Served(lambda asked: _small_market(asked, 6)) as market:
        room.write_site("market", site_text("market", market.url))
        assert room.crawl("market").code == 0
        before = read_listings(room.workspace, "market")
        assert len(before) == 6
    ended = room.crawl("market")
    assert (ended.code, ended.found["status"]) == (1, "failed")
    assert read_listings(room.workspace, "market") == before
    check_vault(room.workspace, read_captures(room.workspace, "market"))


def _small_market(asked: Asked, count: int, **page: str) -> Answer:
    if asked.path == "/robots.txt":
        return Answer(status=404)
    if asked.path.startswith("/item/"):
        return Answer(listing_page(int(asked.path.rsplit("/", 1)[-1]), **page))
    return Answer(list_page(range(1, count + 1)))


def test_a_run_below_expectation_says_what_fell_from_what_to_what(room: Room) -> None:
    prices = {"price": "$120.00"}
    with Served(lambda asked: _small_market(asked, 10, **prices)) as market:
        room.write_site("market", site_text("market", market.url, "expect: {listings: 10, price: 0.9}"))
        assert room.crawl("market").found["status"] == "done"
        prices["price"] = "ask me"
        ended = room.crawl("market")
    assert ended.code == 1
    assert ended.found["status"] == "degraded"
    assert ended.found["reason"] == "price: 0% found, at least 90% expected, 100% in the last good run"


def test_what_robots_txt_refuses_is_listed_as_not_seen(room: Room) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/robots.txt":
            return Answer("User-agent: *\nDisallow: /item/2\nDisallow: /item/3\n", content_type="text/plain")
        return _small_market(asked, 5)

    with Served(answer) as market:
        room.write_site("market", site_text("market", market.url))
        ended = room.crawl("market")
    assert ended.found["unseen"] == {"Forbidden by robots.txt": 2}
    assert read_listings(room.workspace, "market").keys() == {"1", "4", "5"}
    assert "/item/2" not in market.paths


def test_what_a_site_said_it_allows_is_kept_as_it_was_served(room: Room) -> None:
    said = "User-agent: *\nDisallow: /\n"

    def answer(asked: Asked) -> Answer:
        moved = Answer(status=302, headers=(("Location", "/allowed.txt"),))
        return Answer(said, content_type="text/plain") if asked.path == "/allowed.txt" else moved

    with Served(answer) as market:
        room.write_site("market", site_text("market", market.url))
        first, second = (room.crawl("market") for _ in range(2))
    assert [one.found["found"]["pages"] for one in (first, second)] == [0, 0], "robots.txt is no page of the site"
    kept, again = read_captures(room.workspace, "market")
    assert (kept["kind"], kept["url"]) == ("robots", f"{market.url}/allowed.txt")
    assert read_record(room.workspace.vault, stored_of(kept)).body == said.encode()
    [redirect] = kept["resources"]
    assert b"302" in (read_record(room.workspace.vault, StoredBytes(**redirect)).status_line or b"")
    assert again["revisit_of"] == kept["id"]
    check_vault(room.workspace, [kept, again])


@pytest.mark.parametrize("disregard", [False, True])
def test_robots_txt_with_a_server_error_refuses_all_unless_an_authority_says_otherwise(
    room: Room, disregard: bool
) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer(status=503) if asked.path == "/robots.txt" else _small_market(asked, 2)

    more = ["robots: {obey: false, authority: 'Order 7/2026'}"] if disregard else []
    with Served(answer) as market:
        room.write_site("market", site_text("market", market.url, *more))
        ended = room.crawl("market")
    if disregard:
        assert ended.found["found"]["listings"] == 2
        assert "/robots.txt" not in market.paths
    else:
        assert ended.found["reason"] == "no start page could be read: robots.txt could not be had: HTTP 503"
        assert set(market.paths) == {"/robots.txt"}


def test_links_to_skip_and_links_to_other_sites_are_not_followed(room: Room) -> None:
    with Served(lambda asked: _small_market(asked, 2)) as other:

        def answer(asked: Asked) -> Answer:
            if asked.path == "/":
                away = f'<a href="{other.url}/item/9">Elsewhere</a><a href="/item/66?print=1">Print</a>'
                return Answer(list_page(range(1, 4), away))
            return _small_market(asked, 3)

        with Served(answer) as market:
            text = site_text("market", market.url).replace("index:", "skip: 'print=', index:")
            room.write_site("market", text)
            assert room.crawl("market").code == 0
    assert not other.requests
    assert not [path for path in market.paths if "print" in path]


def test_a_page_at_which_reading_fails_is_kept_and_the_run_goes_on(room: Room) -> None:
    with Served(lambda asked: _small_market(asked, 3)) as market:
        # A selector that holds together, but calls a function that XPath does not have: lxml raises while it reads.
        room.write_site("market", site_text("market", market.url, "selectors: {condition: '//p[no-such()]'}"))
        ended = room.crawl("market")
    assert ended.found["unseen"] == {"could not be read: XPathEvalError": 3}


def test_a_budget_ends_a_run_and_what_is_left_is_listed(room: Room) -> None:
    with Served(lambda asked: _small_market(asked, 9)) as market:
        room.write_site("market", site_text("market", market.url, pace="delay: 0, pages: 4"))
        ended = room.crawl("market")
    assert ended.found["found"]["pages"] == 4
    assert ended.found["unseen"] == {"over the budget of 4 pages": 7}  # six listings, one seller


def test_ctrl_c_keeps_what_was_captured_and_the_next_crawl_goes_on(room: Room, marketplaces: Marketplaces) -> None:
    room.write_market("tauschboerse", marketplaces.urls["tauschboerse"])
    process = room.start("tauschboerse")
    vault = room.workspace.vault
    while process.poll() is None and sum(path.stat().st_size for path in vault.rglob("*.warc.gz")) < 20_000:
        time.sleep(0.01)
    process.interrupt()
    ended = Ended.of(process)
    assert (ended.code, ended.found["status"]) == (130, "interrupted"), ended
    kept = read_captures(room.workspace, "tauschboerse")
    assert 0 < len(kept) < 400
    again = room.crawl("tauschboerse")
    assert again.found["resumed"]
    assert again.found["id"] == ended.found["id"]
    assert set(count_listing_captures(read_captures(room.workspace, "tauschboerse")).values()) == {1}


def test_a_second_crawl_of_one_site_is_told_who_is_there(room: Room) -> None:
    may_answer = threading.Event()

    def slow(asked: Asked) -> Answer:
        may_answer.wait(60)
        return _small_market(asked, 2)

    with Served(slow) as market:
        room.write_site("market", site_text("market", market.url))
        first = room.start("market")
        while not market.requests:
            time.sleep(0.02)
        second = room.crawl("market")
        may_answer.set()
        assert Ended.of(first).code == 0
    assert second.code == 1
    assert f"held by process {first.pid}" in second.error["error"]
    assert "wait until it has finished" in second.error["hint"]


@pytest.mark.parametrize(
    ("authority", "words"),
    [
        ({}, "has no operator, contact, basis on record"),
        ({**AUTHORITY, "expires": "2020-01-01"}, "expired on 2020-01-01"),
    ],
)
def test_without_a_standing_authority_nothing_is_visited(tmp_path: Path, authority: dict[str, str], words: str) -> None:
    room = Room.make(tmp_path / "room")
    lines = [f"{name}: {value if name == 'expires' else repr(value)}" for name, value in authority.items()]
    with Served(lambda asked: _small_market(asked, 2)) as market:
        more = [f"authority: {{{', '.join(lines)}}}"] if lines else []
        room.write_site("market", site_text("market", market.url, *more))
        config = room.workspace.root / "tracemark.toml"
        config.write_text("[authority]\n", encoding="utf-8")
        ended = room.crawl("market")
    assert ended.code == 4
    assert words in ended.error["error"]
    assert ended.error["hint"]
    assert not market.requests


def test_a_pace_below_the_floor_is_for_this_machine_only(room: Room) -> None:
    room.write_site("market", site_text("market", "https://market.example"))
    ended = room.crawl("market", "--delay", "0.1")
    assert ended.code == 4
    assert "below the floor of 0.5" in ended.error["error"]


def test_outside_its_hours_a_site_is_not_visited(room: Room) -> None:
    hour = (time.gmtime().tm_hour + 3) % 24
    hours = f"{hour:02d}:00-{(hour + 1) % 24:02d}:00"
    with Served(lambda asked: _small_market(asked, 2)) as market:
        room.write_site("market", site_text("market", market.url, pace=f"delay: 0, hours: '{hours}'"))
        ended = room.crawl("market")
    assert ended.code == 4
    assert f"only from {hours} (UTC)" in ended.error["error"]
    assert not market.requests


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("pause", [0.0, 0.05, 0.12])
def test_a_crawl_that_is_stopped_while_it_begins_says_so_and_goes_on_later(
    room: Room, number: signal.Signals, pause: float
) -> None:
    with Served(lambda asked: _small_market(asked, 3)) as market:
        room.write_site("market", site_text("market", market.url))
        process = room.start("market")
        while not list(room.workspace.vault.rglob("captures.warc.gz")) and process.poll() is None:
            time.sleep(0.002)
        time.sleep(pause)
        process.interrupt(number)
        ended = Ended.of(process)
        assert "Traceback" not in ended.stderr, ended
        assert ended.found.get("status") in (None, "interrupted", "done")
        assert room.crawl("market").code == 0
    assert read_listings(room.workspace, "market").keys() == {"1", "2", "3"}


def test_a_run_that_robots_txt_refuses_altogether_is_told_without_a_fuss(room: Room) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/robots.txt":
            return Answer("User-agent: *\nDisallow: /\n", content_type="text/plain")
        return _small_market(asked, 5)

    with Served(answer) as market:
        room.write_site("market", site_text("market", market.url))
        ended = room.crawl("market")
    assert (ended.code, ended.found["status"]) == (1, "failed")
    assert ended.found["reason"] == "no start page could be read: Forbidden by robots.txt"
    assert market.paths == ["/robots.txt"]
    assert "Traceback" not in ended.stderr
    assert "Error" not in ended.stderr
