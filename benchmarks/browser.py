"""Rendered pages a second beside bare scrapy-playwright, and the memory of a crawl of hundreds of pages in a browser.

    python benchmarks/browser.py [--pages 150] [--rounds 2] [--long 500]

Both visit the marketplace that shows its listings only to a browser (bazarlive), grown as needed, on loopback, each
in a process of its own and in turn, with the same Chromium and the same concurrency. Tracemark keeps every exchange,
the rendered document and a full-page picture as WARC records, its frontier and listings in the store, and sends all
traffic through its own gateway. The bare spider visits the same addresses, as Tracemark's visit just found them,
waits for the same selector, scrolls the list to its end as one must to see what it offers, takes the same full-page
picture, reads a few fields with CSS selectors, and writes JSON lines; no WARC, no gateway. Seconds are of the whole
process. For memory one more crawl of --long pages is watched: the largest sum over its processes (PSS, what they
share counted once), and by how much the last third's median lies over the middle third's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import scrapy
import sqlalchemy as sa
from attrs import frozen
from scrapy.crawler import CrawlerProcess
from scrapy_playwright.page import PageMethod

from crawler.browser import SCROLL, require_chromium
from crawler.demo.clock import FixedClock
from crawler.demo.marketplaces import Marketplaces
from pipelines.models import PageKind
from pipelines.store.tables import captures, frontier, runs
from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scrapy.http import Response

MARKET = "bazarlive"
SELECTOR = "article[data-id]"  # what the site file waits for
CONCURRENCY = 2
SCROLLS = 100  # the site file's
RATIO, GROWTH = 0.8, 0.1
AUTHORITY = {"operator": "Benchmark", "contact": "bench@example.org", "basis": "Invented listings"}


class BareSpider(scrapy.Spider):
    """What one writes with scrapy-playwright in an afternoon."""

    name = "bare"
    visits: tuple[str, ...] = ()

    async def start(self) -> AsyncIterator[Any]:
        for url in self.visits:
            steps = [PageMethod("wait_for_selector", SELECTOR, state="attached")]
            if not urlsplit(url).path.strip("/"):
                steps.append(PageMethod("evaluate", SCROLL, SCROLLS))
            steps.append(PageMethod("screenshot", full_page=True, type="png"))
            meta = {"playwright": True, "playwright_page_methods": steps}
            yield scrapy.Request(url, meta=meta, dont_filter=True)

    def parse(self, response: Response, **_: Any) -> Any:
        yield {
            "url": response.url,
            "title": response.css("h1::text").get(),
            "price": response.css("[class*=price], [class*=preco]::text").get(),
            "description": response.css("article p::text, main p::text").getall(),
            "links": response.css("a::attr(href)").getall(),
        }


@frozen
class Timed:
    """One crawl."""

    pages: int
    seconds: float
    memory: tuple[float, ...]  # MB, one sample a second


def run_child(command: list[str]) -> tuple[float, tuple[float, ...]]:
    environment = {**os.environ, "SCRAPY_SETTINGS_MODULE": "crawler.settings", "TRACEMARK_ALLOW_LOOPBACK": "1"}
    begun, samples = time.monotonic(), list[float]()
    with subprocess.Popen([sys.executable, *command], env=environment) as child:
        while child.poll() is None:
            samples.append(memory_below(child.pid))
            time.sleep(1)
    if child.returncode not in (0, 1):
        raise SystemExit(f"{command[0]} ended with {child.returncode}")
    return time.monotonic() - begun, tuple(samples)


def memory_below(parent: int) -> float:
    """MB of a process and all below it, what they share counted once."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
    below = {parent}
    while more := {pid for pid, above in parents.items() if above in below} - below:
        below |= more
    total = 0
    for pid in below:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)
        except (OSError, ValueError):
            continue
    return total / 1024


def visit(url: str, pages: int, found: list[str] | None = None) -> Timed:
    """Tracemark's crawl of so many pages; `found` takes their addresses."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "room"
        write_workspace(root, AUTHORITY)
        text = resources.files("crawler.demo").joinpath("sites", f"{MARKET}.yaml").read_text("utf-8")
        text = text.replace(f"{MARKET.upper()}/", f"{url}/")
        lines = [line for line in text.splitlines() if not line.startswith(("pace:", "expect:"))]
        pace = f"pace: {{delay: 0, concurrency: {CONCURRENCY}, pages: {pages}}}"
        (root / "sites" / f"{MARKET}.yaml").write_text("\n".join([*lines, pace, ""]), "utf-8")
        command = ["-m", "scrapy", "crawl", "listings", "-a", f"site={MARKET}", "-a", f"workspace={root}"]
        seconds, memory = run_child(command)
        database = Workspace.read(root, {}).open_database()
        with database.read() as connection:
            pages_seen = sa.select(captures.c.url).where(captures.c.kind != PageKind.ROBOTS.value)
            seen = list(connection.scalars(pages_seen.order_by(captures.c.at)))
            status = connection.scalar(sa.select(runs.c.status))
            dead = connection.scalar(sa.select(sa.func.count()).where(frontier.c.state == "dead"))
        database.close()
        if len(seen) < pages * 0.9 or dead:
            raise SystemExit(f"{len(seen)} of {pages} pages were seen, {dead} could not be had; the run is {status}")
        if found is not None:
            found.extend(one for one in seen if one)
        return Timed(len(seen), seconds, memory)


def visit_bare(visits: Path, count: int) -> Timed:
    seconds, memory = run_child([__file__, "--bare", str(visits)])
    return Timed(count, seconds, memory)


def crawl_bare(visits: str) -> None:
    """The child's part."""
    handler = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    settings = {
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler},
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        "PLAYWRIGHT_LAUNCH_OPTIONS": {"executable_path": require_chromium(), "args": sandbox},
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": CONCURRENCY,
        "CONCURRENT_REQUESTS": CONCURRENCY,
        "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
        "DOWNLOAD_DELAY": 0,
        "ROBOTSTXT_OBEY": False,
        "FEEDS": {f"{visits}.out": {"format": "jsonlines", "overwrite": True}},
        "LOG_LEVEL": "WARNING",
    }
    process = CrawlerProcess(settings)
    process.crawl(BareSpider, visits=tuple(json.loads(Path(visits).read_text())))
    process.start()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--long", type=int, default=500)
    parser.add_argument("--bare", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.bare:
        crawl_bare(chosen.bare)
        return
    kept, bare = list[Timed](), list[Timed]()
    size = max(chosen.pages, chosen.long)
    hosts = {MARKET: "127.0.0.1:0"}
    with (
        Marketplaces(clock=FixedClock(45), grow={MARKET: size}, hosts=hosts) as marketplaces,
        tempfile.TemporaryDirectory() as folder,
    ):
        url = marketplaces.urls[MARKET]
        for _ in range(chosen.rounds):
            found: list[str] = []
            kept.append(visit(url, chosen.pages, found))
            visits = Path(folder) / "visits.json"
            visits.write_text(json.dumps(found))
            bare.append(visit_bare(visits, len(found)))
            for name, one in (("tracemark", kept[-1]), ("bare", bare[-1])):
                print(f"{name}: {one.pages} pages, {one.seconds:.1f} s, {max(one.memory):.0f} MB", file=sys.stderr)
        watched = visit(url, chosen.long)
    print(json.dumps(write_line(kept, bare, watched)))


def write_line(kept: list[Timed], bare: list[Timed], watched: Timed) -> dict[str, Any]:
    speed = {
        name: statistics.median(one.pages / one.seconds for one in all_) for name, all_ in (("k", kept), ("b", bare))
    }
    ratio = round(speed["k"] / speed["b"], 3)
    third = len(watched.memory) // 3
    middle, last = (
        statistics.median(watched.memory[third : 2 * third]),
        statistics.median(watched.memory[2 * third : -2]),
    )
    growth = round(last / middle - 1, 3)
    figures = {
        "pages": kept[0].pages,
        "tracemark_pages_per_second": round(speed["k"], 2),
        "bare_scrapy_playwright_pages_per_second": round(speed["b"], 2),
        "rounds": len(kept),
        "pages_watched": watched.pages,
        "peak_memory_mb": round(max(watched.memory)),
        "bare_peak_memory_mb": round(max(max(one.memory) for one in bare)),
        "median_memory_mb_of_thirds": [round(statistics.median(watched.memory[:third])), round(middle), round(last)],
    }
    bars = {
        "ratio": {"value": ratio, "bar": RATIO, "met": ratio >= RATIO},
        "growth_of_memory": {"value": growth, "bar": GROWTH, "met": growth <= GROWTH},
    }
    return {"bench": "browser", "figures": figures, "bars": bars}


if __name__ == "__main__":
    main()
