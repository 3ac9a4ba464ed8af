"""Pages a second of a crawl that keeps everything, beside a bare Scrapy spider over the same pages.

    python benchmarks/crawl.py [--listings 5000] [--rounds 3]

Both visit the hand-made HTML marketplace (tauschboerse), grown to --listings, on loopback, each in a process of its own
and in turn. Tracemark's crawl keeps every exchange in WARC files, every page of its frontier and every listing in the
store (fsync and one transaction for each group), and extracts without selectors. The bare spider has Scrapy's default
settings but for concurrency, delay and robots.txt, follows the same links, reads the same fields with CSS selectors
written for this site, and writes JSON lines. Seconds are of the whole process; CPU seconds are told beside them,
since they depend less on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import scrapy
import sqlalchemy as sa
from attrs import frozen
from scrapy.crawler import CrawlerProcess

from crawler.demo.clock import FixedClock
from crawler.demo.marketplaces import Marketplaces
from crawler.demo.views import visible_listings
from pipelines.models import PageKind
from pipelines.store.tables import captures, listings
from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.http import Response

MARKET = "tauschboerse"
CONCURRENCY = 8
BAR = 0.8
AUTHORITY = {"operator": "Benchmark", "contact": "bench@example.org", "basis": "Invented listings"}
_FOLLOWED = re.compile(r"/anzeige/\d+\.html|/(anzeigen|kategorie/[^/]+)/seite/\d+|/anbieter/[^/?#]+\.html")


class BareSpider(scrapy.Spider):
    """What one writes for this site in an afternoon."""

    name = "bare"

    def parse(self, response: Response, **_: Any) -> Iterator[Any]:
        if "/anzeige/" in response.url:
            yield self.read(response)
        for href in response.css("a::attr(href)").getall():
            if _FOLLOWED.search(href):
                yield response.follow(href)

    def read(self, response: Response) -> dict[str, Any]:
        rows = {
            row.css("td:first-child::text").get(""): row.css("td:last-child::text").get()
            for row in response.css("table.daten tr")
        }
        names = [name.css("::text").get("") for name in response.css("dl.daten dt")]
        facts = dict(zip(names, response.css("dl.daten dd"), strict=False))

        def fact(name: str) -> str | None:
            return facts[name].css("::text").get() if name in facts else None

        seller = facts.get("Anbieter")
        return {
            "id": response.url.rsplit("/", 1)[-1].removesuffix(".html"),
            "url": response.url,
            "title": response.css("h1::text").get(),
            "description": "\n\n".join(response.css("div.text p::text").getall()),
            "price": response.css(".betrag::text").get(),
            "condition": rows.pop("Zustand:", None),
            "attributes": rows,
            "category": response.css("div.pfad a::text").getall()[1:],
            "location": fact("Ort"),
            "shipping": fact("Versand"),
            "posted": fact("Eingestellt am"),
            "seller": None if seller is None else seller.css("a::text").get(),
            "seller_url": None if seller is None else response.urljoin(seller.css("a::attr(href)").get("")),
            "images": [response.urljoin(one) for one in response.css("div.bilder img::attr(src)").getall()],
        }


@frozen
class Timed:
    """One crawl, measured from outside."""

    pages: int
    listings: int
    seconds: float
    cpu: float


def run_child(command: list[str]) -> tuple[float, float]:
    """Seconds by the wall and on the CPU of one process and its children."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = {**os.environ, "SCRAPY_SETTINGS_MODULE": "crawler.settings", "TRACEMARK_ALLOW_LOOPBACK": "1"}
    subprocess.run([sys.executable, *command], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - begun, cpu


def time_tracemark(url: str) -> Timed:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "room"
        write_workspace(root, AUTHORITY)
        text = resources.files("crawler.demo").joinpath("sites", f"{MARKET}.yaml").read_text("utf-8")
        text = text.replace(f"{MARKET.upper()}/", f"{url}/").replace("concurrency: 8", f"concurrency: {CONCURRENCY}")
        (root / "sites" / f"{MARKET}.yaml").write_text(text.replace("delay: 0,", "delay: 0, pages: 1000000,"), "utf-8")
        command = ["-m", "scrapy", "crawl", "listings", "-a", f"site={MARKET}", "-a", f"workspace={root}"]
        seconds, cpu = run_child(command)
        database = Workspace.read(root, {}).open_database()
        with database.read() as connection:
            kinds = sa.select(sa.func.count()).where(captures.c.kind != PageKind.ROBOTS.value)
            pages = connection.scalar(kinds) or 0
            found = connection.scalar(sa.select(sa.func.count()).select_from(listings)) or 0
        database.close()
        return Timed(pages, found, seconds, cpu)


def time_bare(url: str) -> Timed:
    with tempfile.TemporaryDirectory() as folder:
        out, stats = Path(folder) / "listings.jsonl", Path(folder) / "stats.json"
        seconds, cpu = run_child([__file__, "--bare", url, str(out), str(stats)])
        with out.open("rb") as lines:
            return Timed(json.loads(stats.read_text())["pages"], sum(1 for _ in lines), seconds, cpu)


def crawl_bare(url: str, out: str, stats: str) -> None:
    """The child's part."""
    settings = {
        "CONCURRENT_REQUESTS": CONCURRENCY,
        "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
        "DOWNLOAD_DELAY": 0,
        "ROBOTSTXT_OBEY": False,
        "FEEDS": {out: {"format": "jsonlines"}},
        "LOG_LEVEL": "WARNING",
    }
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(BareSpider)
    process.crawl(crawler, start_urls=[f"{url}/"])
    process.start()
    pages = crawler.stats.get_value("response_received_count", 0) if crawler.stats else 0
    Path(stats).write_text(json.dumps({"pages": pages}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bare", nargs=3, metavar=("URL", "OUT", "STATS"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.bare:
        crawl_bare(*chosen.bare)
        return
    kept, bare = list[Timed](), list[Timed]()
    clock, hosts = FixedClock(45), {MARKET: "127.0.0.1:0"}
    with Marketplaces(clock=clock, grow={MARKET: chosen.listings}, hosts=hosts) as marketplaces:
        wanted = len(visible_listings(MARKET, 45, inventory=marketplaces.inventory(MARKET)))
        url = marketplaces.urls[MARKET]
        time_bare(url)  # the marketplace renders each page once
        for _ in range(chosen.rounds):
            kept.append(time_tracemark(url))
            bare.append(time_bare(url))
            for name, one in (("tracemark", kept[-1]), ("bare", bare[-1])):
                print(f"{name}: {one.pages} pages, {one.seconds:.1f} s, {one.cpu:.1f} CPU s", file=sys.stderr)
                if one.listings != wanted:
                    raise SystemExit(f"{name} found {one.listings} of {wanted} listings")
    print(json.dumps(write_line(kept, bare, wanted)))


def write_line(kept: list[Timed], bare: list[Timed], wanted: int) -> dict[str, Any]:
    speeds = {name: [one.pages / one.seconds for one in runs] for name, runs in (("kept", kept), ("bare", bare))}
    ratio = round(statistics.median(speeds["kept"]) / statistics.median(speeds["bare"]), 3)
    cpu = {
        name: statistics.median(one.cpu / one.pages for one in runs) for name, runs in (("kept", kept), ("bare", bare))
    }
    figures = {
        "listings": wanted,
        "pages": kept[0].pages,
        "tracemark_pages_per_second": round(statistics.median(speeds["kept"]), 1),
        "bare_scrapy_pages_per_second": round(statistics.median(speeds["bare"]), 1),
        "tracemark_cpu_ms_per_page": round(cpu["kept"] * 1000, 2),
        "bare_scrapy_cpu_ms_per_page": round(cpu["bare"] * 1000, 2),
        "rounds": len(kept),
    }
    return {"bench": "crawl", "figures": figures, "bars": {"ratio": {"value": ratio, "bar": BAR, "met": ratio >= BAR}}}


if __name__ == "__main__":
    main()
