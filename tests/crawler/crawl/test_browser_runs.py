"""What a browser can do to a run: hang, die, show a wall, say who it is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from crawl_records import check_vault, read_captures, read_listings
from crawl_room import AUTHORITY, Ended
from crawl_server import Answer, Asked, Served, list_page, listing_page, site_text

if TYPE_CHECKING:
    from pathlib import Path

    from crawl_room import Room

LAUNCH = """
import json, os, sys
from datetime import UTC, datetime
from pathlib import Path
from playwright.sync_api import sync_playwright
from crawler.browser import browser_settings, may_sandbox, require_chromium
from crawler.plan import VisitPlan
from crawler.sites.loading import load_site
from pipelines.settings import Authority
authority = Authority(operator="Unit", contact="unit@example.org", basis="Test")
plan = VisitPlan.make(load_site(Path(sys.argv[1])), authority, delay=None, environment={}, now=datetime.now(UTC))
options = browser_settings(plan, require_chromium(), proxy="http://127.0.0.1:9")["PLAYWRIGHT_LAUNCH_OPTIONS"]
with sync_playwright() as playwright, playwright.chromium.launch(**options) as browser:
    browser.new_page().set_content("<h1>open</h1>")
    started = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            words = (one / "cmdline").read_bytes().split(b"\\0") if one.stat().st_uid == os.geteuid() else []
        except OSError:
            continue
        if b"--headless" in words or b"--headless=new" in words:
            started.append(b"--no-sandbox" not in words)
    print(json.dumps([may_sandbox(), bool(started) and all(started)]))
"""

ENDLESS = "<script>setTimeout(() => { for (;;) {} }, 50)</script>"


def test_a_script_that_never_ends_costs_its_own_page_only(room: Room) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/robots.txt":
            return Answer(status=404)
        if asked.path.startswith("/item/"):
            return Answer(listing_page(int(asked.path[6:]), body=ENDLESS if asked.path == "/item/2" else ""))
        return Answer(list_page(range(1, 4)))

    with Served(answer) as site:
        room.write_site("market", site_text("market", site.url, "fetch: browser", "browser: {timeout: 2}"))
        begun = time.monotonic()
        ended = room.crawl("market")
    assert read_listings(room.workspace, "market").keys() == {"1", "3"}, ended
    assert sum(ended.found["unseen"].values()) == 1
    assert "time" in next(iter(ended.found["unseen"])).lower()
    assert time.monotonic() - begun < 120
    agents = {one.headers.get("user-agent", "") for one in site.requests}
    assert all(agent.startswith("Tracemark/") and AUTHORITY["contact"] in agent for agent in agents)
    captures = read_captures(room.workspace, "market")
    check_vault(room.workspace, captures)
    methods = {one["kind"]: one["method"] for one in captures}
    assert methods.pop("robots") == "http"
    assert set(methods.values()) == {"browser"}


def test_a_browser_that_dies_is_started_again(room: Room) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/robots.txt":
            return Answer(status=404)
        time.sleep(0.2)
        return Answer(listing_page(int(asked.path[6:])) if asked.path.startswith("/item/") else list_page(range(1, 9)))

    with Served(answer) as site:
        room.write_site("market", site_text("market", site.url, "fetch: browser"))
        process = room.start("market")
        while len([path for path in site.paths if "/item/" in path]) < 2 and process.poll() is None:
            time.sleep(0.02)
        _kill_chromium_of(process.pid)
        ended = Ended.of(process)
    assert len(read_listings(room.workspace, "market")) == 8, ended
    assert ended.found["unseen"] == {}


def _kill_chromium_of(parent: int) -> None:
    """Kill the browsers among the processes below `parent`."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True, check=True).stdout
    rows = [(int(pid), int(ppid), name) for pid, ppid, name in (line.split(None, 2) for line in listed.splitlines())]
    below = {parent}
    while more := {pid for pid, ppid, _ in rows if ppid in below} - below:
        below |= more
    killed = [pid for pid, ppid, name in rows if pid in below and name.startswith("chrom")]
    assert killed
    for pid in killed:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def test_a_wall_is_told_even_where_the_site_file_waits_for_a_listing(room: Room) -> None:
    wall = """<html><head><title>Just a moment...</title></head><body><h1>Verify you are human</h1>
    <p>Complete the captcha below.</p><div class="captcha-box"></div></body></html>"""

    def answer(asked: Asked) -> Answer:
        return Answer(status=404) if asked.path == "/robots.txt" else Answer(wall, status=403)

    with Served(answer) as site:
        more = ["fetch: browser", "browser: {wait_for: .listings, timeout: 1}"]
        room.write_site("market", site_text("market", site.url, *more))
        ended = room.crawl("market")
    assert (ended.code, ended.found["status"]) == (1, "paused"), ended
    assert "a person must look at it" in ended.found["reason"]


def test_a_context_is_renewed_and_the_session_goes_on(room: Room) -> None:
    # A database that is not there yet tells a context that has just begun.
    script = '<script>indexedDB.open("seen").onupgradeneeded = () => fetch("/begun");</script>'

    def answer(asked: Asked) -> Answer:
        if asked.path in ("/robots.txt", "/begun"):
            return Answer(status=404)
        cookie = () if "sid=" in asked.headers.get("cookie", "") else (("Set-Cookie", "sid=1; Max-Age=600"),)
        page = listing_page(int(asked.path[6:]), body=script) if "/item/" in asked.path else list_page(range(1, 9))
        return Answer(page, headers=cookie)

    with Served(answer) as site:
        text = site_text("market", site.url, "fetch: browser", "browser: {renew: 3}", pace="delay: 0, concurrency: 2")
        room.write_site("market", text)
        ended = room.crawl("market")
    assert (ended.found["found"]["listings"], ended.found["unseen"]) == (8, {}), ended
    assert site.paths.count("/begun") in (3, 4)
    pages = [one for one in site.requests if one.path == "/" or "/item/" in one.path]
    assert [one.path for one in pages if "sid=" not in one.headers.get("cookie", "")] == ["/"]


def test_chromium_runs_in_its_sandbox_where_it_can(tmp_path: Path) -> None:
    site = tmp_path / "market.yaml"
    site.write_text(site_text("market", "http://market.example", "fetch: browser", pace="delay: 2"))
    # As nobody, who may read what root may: the checkout is root's where root runs the tests.
    powers = "+dac_read_search,+dac_override"
    nobody = ["setpriv", "--reuid=65534", "--clear-groups", f"--inh-caps={powers}", f"--ambient-caps={powers}"]
    command = [*(nobody if os.geteuid() == 0 else []), sys.executable, "-c", LAUNCH, str(site)]
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    may, sandboxed = json.loads(done.stdout)
    assert sandboxed == may
