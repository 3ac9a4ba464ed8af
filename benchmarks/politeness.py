"""Many sites side by side, each at its own gentle pace: requests a second in all, and whether every pace was kept.

    python benchmarks/politeness.py [--sites 100] [--pages 20] [--delay 1.0] [--processes 25]

The sites are loopback hosts (127.0.1.1, 127.0.1.2, ...), each with a list and its listings. Crawls run as
`tracemark watch` runs them: a process for each site, from a pool. The figure is requests over the seconds from the
first to the last of them; what delays allow at most with that pool stands beside it. 16.7 requests a second are the
1,000 a minute that scrapy-cluster's authors report for one machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

from attrs import define, field

from pipelines.workspace import write_workspace

BAR = 16.7
AUTHORITY = {"operator": "Benchmark", "contact": "bench@example.org", "basis": "Invented listings"}
_TOLERANCE = 0.1  # seconds by which two requests may arrive closer than they were sent


@define
class Seen:
    """When each host was asked."""

    moments: dict[str, list[float]] = field(factory=dict)
    lock: threading.Lock = field(factory=threading.Lock)

    def note(self, host: str) -> None:
        with self.lock:
            self.moments.setdefault(host, []).append(time.monotonic())


def make_handler(seen: Seen, pages: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Say nothing."""

        def do_GET(self) -> None:
            if self.path == "/robots.txt":
                self.answer(404, b"")
                return
            seen.note(self.headers["Host"])
            if self.path == "/":
                links = "".join(f'<li><a href="/item/{one}">Oak chair {one}</a></li>' for one in range(1, pages))
                self.answer(200, f"<html><h1>Chairs</h1><ul>{links}</ul></html>".encode())
                return
            number = self.path.rsplit("/", 1)[-1]
            text = f"<html><h1>Oak chair {number}</h1><dl><dt>Price</dt><dd>$40</dd></dl><p>A chair of oak.</p></html>"
            self.answer(200, text.encode())

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def crawl(root: Path, site: str) -> int:
    command = [sys.executable, "-m", "scrapy", "crawl", "listings", "-a", f"site={site}", "-a", f"workspace={root}"]
    environment = {**os.environ, "SCRAPY_SETTINGS_MODULE": "crawler.settings", "TRACEMARK_ALLOW_LOOPBACK": "1"}
    return subprocess.run(command, env=environment, check=False, stderr=subprocess.DEVNULL).returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=100)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--delay", type=float, default=1.0)
    parser.add_argument("--processes", type=int, default=25)
    chosen = parser.parse_args()
    seen = Seen()
    handler = make_handler(seen, chosen.pages)
    servers = [ThreadingHTTPServer((f"127.0.1.{number + 1}", 0), handler) for number in range(chosen.sites)]
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "room"
        write_workspace(root, AUTHORITY)
        for number, server in enumerate(servers):
            text = (
                f"site: site-{number}\nstart: ['http://127.0.1.{number + 1}:{server.server_address[1]}/']\n"
                f"links: {{listing: '/item/(?P<id>\\d+)'}}\npace: {{delay: {chosen.delay}}}\n"
            )
            (root / "sites" / f"site-{number}.yaml").write_text(text, encoding="utf-8")
        with ThreadPoolExecutor(chosen.processes) as pool:
            codes = list(pool.map(lambda number: crawl(root, f"site-{number}"), range(chosen.sites)))
    for server in servers:
        server.shutdown()
    print(json.dumps(write_line(seen, codes, chosen)))


def write_line(seen: Seen, codes: list[int], chosen: argparse.Namespace) -> dict[str, Any]:
    every = sorted(moment for moments in seen.moments.values() for moment in moments)
    seconds = every[-1] - every[0]
    gaps = [later - earlier for moments in seen.moments.values() for earlier, later in pairwise(sorted(moments))]
    hurried = sum(1 for gap in gaps if gap < chosen.delay - _TOLERANCE)
    rate = round(len(every) / seconds, 1)
    figures = {
        "sites": len(seen.moments),
        "requests": len(every),
        "seconds": round(seconds, 1),
        "most_that_delays_allow": round(min(chosen.processes, chosen.sites) / chosen.delay, 1),
        "crawls_that_failed": sum(1 for code in codes if code != 0),
        "least_gap_seconds": round(min(gaps), 3),
        "requests_sooner_than_the_delay": hurried,
    }
    bars = {
        "requests_per_second": {"value": rate, "bar": BAR, "met": rate >= BAR},
        "requests_sooner_than_the_delay": {"value": hurried, "bar": 0, "met": hurried == 0},
    }
    return {"bench": "politeness", "figures": figures, "bars": bars}


if __name__ == "__main__":
    main()
