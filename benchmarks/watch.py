"""A hundred sites in one watch, each at its own pace: requests a second in total, beside what one machine is known for.

    python benchmarks/watch.py [--sites 100] [--delay 2] [--seconds 40]

The sites are served here, each on a loopback address of its own (127.0.1.1, 127.0.1.2 …), by one small server that
notes when each request came: the delay is measured there, not in the crawler. scrapy-cluster reports about 1,000
requests a minute on one machine: 16.7 a second. The watch runs until a time is up, then ends durably on SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

from pipelines.workspace import write_workspace

KNOWN = 1000 / 60
# What a first request that reached the server late takes from all the time that was kept after it.
LEEWAY = 0.1
# A single gap below this share of the delay is counted: on a busy machine a late request makes the next seem early,
# and the server's own lag, given beside it, says how busy the machine was.
SHORT = 0.9
# What no gap may fall short of: between two processes the pace may give way by a twentieth.
GAP = 0.95
LISTINGS = 120
PAGE = """<!doctype html><html lang="en"><head><title>Rifle {number} - Market {host}</title>
<script type="application/ld+json">{{"@context":"https://schema.org","@type":"Product","name":"Rifle number {number}",
"description":"{text}","offers":{{"@type":"Offer","price":"{price}","priceCurrency":"USD"}}}}</script></head>
<body><h1>Rifle number {number}</h1><p>{text}</p><a href="/">All offers</a></body></html>"""
TEXT = "Walnut stock, clean bore, kept dry. Meet at the range, bring your licence. " * 8


class Server:
    """Answers for every host on one port, and notes when each was asked, over which connection."""

    def __init__(self, hosts: list[str], listings: int = LISTINGS) -> None:
        self.asked: dict[str, list[float]] = {host: [] for host in hosts}
        self.connections: dict[str, list[int]] = {host: [] for host in hosts}
        self._listings = listings
        self._numbers = itertools.count()
        self._hosts = hosts
        self._ready = threading.Event()
        self.port = 0
        self.lag = 0.0
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        first = await asyncio.start_server(self._answer, self._hosts[0], 0)
        self.port = first.sockets[0].getsockname()[1]
        servers = [first, *[await asyncio.start_server(self._answer, host, self.port) for host in self._hosts[1:]]]
        self._ready.set()
        while not self._over.is_set():
            before = time.monotonic()
            await asyncio.sleep(0.05)
            self.lag = max(self.lag, time.monotonic() - before - 0.05)
        for server in servers:
            server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, number = writer.get_extra_info("sockname")[0], next(self._numbers)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.asked[host].append(time.monotonic())
                self.connections[host].append(number)
                path = head.split(b" ", 2)[1].decode()
                writer.write(respond(host, path, self._listings))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()


def respond(host: str, path: str, listings: int) -> bytes:
    if path == "/robots.txt":
        body, kind = b"User-agent: *\nAllow: /\n", "text/plain"
    elif path.startswith("/item/"):
        number = int(path.rpartition("/")[2])
        body, kind = PAGE.format(number=number, host=host, price=300 + number, text=TEXT).encode(), "text/html"
    else:
        links = "".join(f'<li><a href="/item/{n}">Rifle number {n}</a> {300 + n} USD</li>' for n in range(listings))
        body, kind = f"<!doctype html><html><body><ul>{links}</ul></body></html>".encode(), "text/html"
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def write_sites(root: Path, hosts: list[str], port: int, delay: float) -> None:
    for number, host in enumerate(hosts):
        (root / "sites" / f"site-{number:03d}.yaml").write_text(
            f"site: site-{number:03d}\nstart: ['http://{host}:{port}/']\n"
            "links: {listing: '/item/(?P<id>\\d+)'}\n"
            f"pace: {{delay: {delay}}}\nschedule: {{cron: '0 0 1 1 *'}}\n"
        )


def watch(root: Path, sites: int, seconds: float, server: Server) -> tuple[float, float, int]:
    """Seconds until the last site was first asked, peak memory in MB, and the exit code."""
    command = [sys.executable, "-m", "pipelines.cli", "watch", "--workspace", str(root), "--most", str(sites)]
    environment = {**os.environ, "TRACEMARK_ALLOW_LOOPBACK": "1"}
    started = time.monotonic()
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        while not all(server.asked.values()) and time.monotonic() < started + 2 * seconds:
            time.sleep(0.2)
        all_there = time.monotonic() - started
        time.sleep(seconds)
        memory = own_memory(root)
        process.send_signal(signal.SIGTERM)
        return all_there, memory, process.wait(120)


def own_memory(root: Path) -> float:
    """Memory in MB of the watch's processes, what they share counted once (PSS)."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
            if b"forkserver" in words or str(root).encode() in words:
                text = (folder / "smaps_rollup").read_text()
                total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue
    return total / 1024


def kept_pace(asked: list[float], delay: float) -> bool:
    """Whether a host was asked no more often than once for each delay, from its first request to its last."""
    return not asked or asked[-1] - asked[0] >= (len(asked) - 1) * delay - LEEWAY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=100)
    parser.add_argument("--delay", type=float, default=2.0)
    parser.add_argument("--seconds", type=float, default=40.0)
    options = parser.parse_args()
    hosts = [f"127.0.{1 + number // 250}.{1 + number % 250}" for number in range(options.sites)]
    with tempfile.TemporaryDirectory() as folder, Server(hosts) as server:
        root = Path(folder, "room")
        person = {"operator": "Bench", "contact": "bench@example.org", "basis": "Loopback only"}
        write_workspace(root, person)
        write_sites(root, hosts, server.port, options.delay)
        all_there, memory, code = watch(root, options.sites, options.seconds, server)
        with sqlite3.connect(root / "tracemark.db") as store:
            [pages] = store.execute("SELECT count(*) FROM captures").fetchone()
            states = dict(store.execute("SELECT status, count(*) FROM runs GROUP BY status"))
        store.close()
    times = [moment for asked in server.asked.values() for moment in asked]
    first = max(min(asked) for asked in server.asked.values() if asked)
    steady = [moment for moment in times if first <= moment <= first + options.seconds]
    gaps = [b - a for asked in server.asked.values() for a, b in itertools.pairwise(asked)]
    rate = len(steady) / options.seconds
    hosts_kept = sum(kept_pace(asked, options.delay) for asked in server.asked.values())
    figures = {
        "sites": options.sites,
        "delay_seconds": options.delay,
        "requests": len(times),
        "requests_per_second": round(rate, 1),
        "ceiling_per_second": round(options.sites / options.delay, 1),
        "times_scrapy_cluster": round(rate / KNOWN, 2),
        "seconds_until_all_sites_run": round(all_there, 1),
        "shortest_gap_seconds": round(min(gaps), 3),
        "share_of_short_gaps": round(sum(gap < SHORT * options.delay for gap in gaps) / max(1, len(gaps)), 4),
        "server_lag_seconds": round(server.lag, 3),
        "median_gap_seconds": round(statistics.median(gaps), 3),
        "hosts_that_kept_their_pace": hosts_kept,
        "pages_stored": pages,
        "memory_mb": round(memory),
        "exit_code": code,
        "runs_interrupted_durably": states.get("interrupted", 0),
    }
    for name, value in figures.items():
        print(f"{name:32} {value}")
    bars = {
        "shortest_gap_seconds": {
            "value": figures["shortest_gap_seconds"],
            "bar": GAP * options.delay,
            "met": min(gaps) >= GAP * options.delay,
        },
        "requests_per_second": {"value": figures["requests_per_second"], "bar": round(KNOWN, 1), "met": rate >= KNOWN},
        "hosts_that_kept_their_pace": {
            "value": hosts_kept,
            "bar": options.sites,
            "met": hosts_kept == options.sites,
        },
    }
    print(json.dumps({"bench": "watch", "figures": figures, "bars": bars}))


if __name__ == "__main__":
    main()
