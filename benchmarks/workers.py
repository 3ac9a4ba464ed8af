"""Workers that share a PostgreSQL: one killed every few seconds, and how much more several of them do than one watch.

    python benchmarks/workers.py [--sites 20] [--delay 0.5] [--every 4] [--kills 12] [--seconds 20] [--seed 1]

Part one: three workers visit loopback sites, each on an address of its own; every few seconds one of them is killed
with SIGKILL and all that it started (or, two times in five, only its visits, or only itself), and started again, until
every site is through. Then every listing of every site must be there, once, in vault files that end where the store
says. The server notes each request: a gap between two connections is one between two processes as a rule.

Part two: the same sites anew, with 1, 2 and 4 workers of a few visits each, and one `tracemark watch` of as many: pages
a second once all run. What a worker adds is visits at once: each site has its own pace, whoever visits it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from watch import GAP, LEEWAY, Server, kept_pace, write_sites

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from postgres import PostgresServer

from pipelines.models import PageKind
from pipelines.store.database import Database
from pipelines.store.tables import captures, frontier, listings, runs, vault_files
from pipelines.warc.reader import iterate
from pipelines.work.leases import read_leases
from pipelines.workspace import write_workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

LEASE = 5.0
WORKERS = 3


class Room:
    """A workspace on a database of its own, with its sites, and the processes that work in it."""

    def __init__(self, root: Path, url: str, hosts: list[str], port: int, delay: float) -> None:
        self.root = root
        write_workspace(root, {"operator": "Bench", "contact": "bench@example.org", "basis": "Loopback only"})
        write_sites(root, hosts, port, delay)
        self.database = Database.open(url)
        self._environment = {**os.environ, "TRACEMARK_ALLOW_LOOPBACK": "1", "TRACEMARK_DATABASE_URL": url}

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "pipelines.cli", *arguments, "--workspace", str(self.root)]
        with (self.root / "workers.log").open("ab") as log:
            return subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    def start_worker(self, number: int, most: int, *more: str) -> subprocess.Popen[bytes]:
        name, lease = f"worker-{number}", str(LEASE)
        return self.start("worker", "--name", name, "--concurrency", str(most), "--lease", lease, *more)

    def busy_workers(self) -> dict[int, set[int]]:
        """The workers that hold sites, by number, each with the processes that visit those."""
        with self.database.alter() as connection:
            held = {one.what: one.holder for one in read_leases(connection) if one.holder is not None}
            owners = sa.select(runs.c.site, frontier.c.owner).join(frontier, frontier.c.run == runs.c.id)
            found: dict[int, set[int]] = {}
            for site, owner in connection.execute(owners.where(frontier.c.state == "leased").distinct()):
                if (holder := held.get(f"site-{site}")) is not None:
                    found.setdefault(int(holder[-1]), set()).add(int(owner.rpartition(":")[2]))
        return found

    def ended_runs(self) -> int:
        with self.database.read() as connection:
            ended = runs.c.status.in_(("done", "degraded"))
            return connection.scalar(sa.select(sa.func.count()).select_from(runs).where(ended)) or 0


def below(pid: int) -> list[int]:
    """The processes below `pid`."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(folder.name))
    found, waiting = list[int](), [pid]
    while waiting:
        below_it = children.get(waiting.pop(), [])
        found += below_it
        waiting += below_it
    return found


def kill(process: subprocess.Popen[bytes], visits: set[int], dice: random.Random) -> str:
    """Kill a worker: with all it started, as if its machine lost its power; only its visits; or only itself."""
    how = dice.choice(["all", "all", "all", "visits", "itself"])
    victims = {"all": {process.pid, *below(process.pid), *visits}, "visits": visits, "itself": {process.pid}}[how]
    for pid in victims:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return how


def end(processes: Sequence[subprocess.Popen[bytes]]) -> list[int]:
    for one in processes:
        one.send_signal(signal.SIGTERM)
    codes = []
    for one in processes:
        try:
            codes.append(one.wait(150))
        except subprocess.TimeoutExpired:
            one.kill()
            codes.append(one.wait())
    return codes


def kill_again_and_again(room: Room, sites: int, most: int, every: float, kills: int, seed: int) -> dict[str, object]:
    dice = random.Random(seed)  # noqa: S311 - moments, not secrets
    workers = [room.start_worker(number, most) for number in range(WORKERS)]
    hows: Counter[str] = Counter()
    began = time.monotonic()
    while room.ended_runs() < sites:
        time.sleep(every * dice.uniform(0.6, 1.4))
        # Only one at work: on a busy machine a worker takes seconds to begin, and would be killed before it did.
        if hows.total() < kills and (busy := room.busy_workers()):
            number = dice.choice(sorted(busy))
            hows[kill(workers[number], busy[number], dice)] += 1
        for number, one in enumerate(workers):
            if one.poll() is not None:  # as a service manager does
                workers[number] = room.start_worker(number, most)
    seconds = time.monotonic() - began
    codes = end(workers)
    return {"kills": hows.total(), "killed": dict(hows), "seconds": round(seconds, 1), "exit_codes": codes}


def inspect(room: Room, sites: int, wanted: int) -> dict[str, int]:
    """What was lost, doubled or cannot be read."""
    with room.database.read() as connection:
        query = sa.select(listings.c.site, listings.c.native_id)
        there = Counter(map(tuple, connection.execute(query)))
        own = sa.select(captures.c.site, captures.c.url).where(captures.c.kind != PageKind.ROBOTS.value)
        seen = Counter(map(tuple, connection.execute(own)))
        files = dict(connection.execute(sa.select(vault_files.c.file, vault_files.c.committed)).all())
        begun = connection.scalar(sa.select(sa.func.count()).select_from(runs)) or 0
        placed = Counter(connection.scalars(sa.select(captures.c.file)))
    unreadable = 0
    for name, committed in files.items():
        path = room.root / "vault" / name
        records = [one for one in iterate(path) if one.kind not in ("warcinfo", "request")]
        unreadable += path.stat().st_size != committed or len(records) != placed[name]
    known = {str(path.relative_to(room.root / "vault")) for path in (room.root / "vault").rglob("*.warc.gz")}
    return {
        "lost": sites * wanted - len(there),
        "doubled": sum(there.values()) - len(there) + sum(seen.values()) - len(seen) + begun - sites,
        "unreadable_files": unreadable + len(known - files.keys()),
        "pages": sum(seen.values()),
        "vault_files": len(files),
        "tails_set_aside": len(list((room.root / "vault").rglob("*.tail*"))),
    }


def gaps_of(server: Server) -> tuple[list[float], list[float]]:
    """Seconds between requests to one host: all of them, and those between two connections."""
    every, between = [], []
    for host, times in server.asked.items():
        for (a, one), (b, other) in itertools.pairwise(zip(times, server.connections[host], strict=True)):
            every.append(b - a)
            if one != other:
                between.append(b - a)
    return every, between


def throughput(room: Room, server: Server, count: int, most: int, seconds: float) -> float:
    """Pages a second of so many workers (none: one watch) once as many sites as can be are under way."""
    before = {host: len(asked) for host, asked in server.asked.items()}
    if count:
        processes = [room.start_worker(number, most, "--only", "visits") for number in range(count)]
    else:
        processes = [room.start("watch", "--most", str(most))]
    wanted = min(len(server.asked), max(1, count) * most)
    patience = time.monotonic() + 120
    while sum(len(asked) > before[host] + 1 for host, asked in server.asked.items()) < wanted:
        if time.monotonic() > patience:
            break
        time.sleep(0.1)
    start = time.monotonic()
    time.sleep(seconds)
    stop = time.monotonic()
    rate = sum(start <= moment < stop for asked in server.asked.values() for moment in asked) / (stop - start)
    end(processes)
    return rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--delay", type=float, default=0.5)
    parser.add_argument("--listings", type=int, default=40)
    parser.add_argument("--every", type=float, default=4.0, help="Seconds from one kill to the next, about.")
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=20.0, help="How long each throughput is measured; 0: not.")
    parser.add_argument("--most", type=int, default=5, help="Visits at once of each worker in part two.")
    parser.add_argument("--pace", type=float, default=1.0, help="The sites' delay in part two.")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    hosts = [f"127.0.3.{1 + number}" for number in range(chosen.sites)]
    figures: dict[str, object] = {"sites": chosen.sites, "delay_seconds": chosen.delay}
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as postgres:
        with Server(hosts, chosen.listings) as server:
            room = Room(Path(folder, "kills"), postgres.make("kills"), hosts, server.port, chosen.delay)
            most = chosen.sites // WORKERS + 2
            figures |= kill_again_and_again(room, chosen.sites, most, chosen.every, chosen.kills, chosen.seed)
            figures |= inspect(room, chosen.sites, chosen.listings)
            room.database.close()
            every, between = gaps_of(server)
            kept = sum(kept_pace(asked, chosen.delay) for asked in server.asked.values())
            figures |= {
                "least_gap_seconds": round(min(every), 3),
                "share_of_short_gaps": round(sum(gap < 0.9 * chosen.delay for gap in every) / len(every), 4),
                "gaps_between_processes": len(between),
                "least_gap_between_processes_seconds": round(min(between), 3) if between else None,
                "hosts_that_kept_their_pace": kept,
                "server_lag_seconds": round(server.lag, 3),
            }
        rates: dict[int, float] = {}
        for count in (0, 1, 2, 4) if chosen.seconds else ():
            with Server(hosts, 300) as server:
                name = f"rate{count}"
                room = Room(Path(folder, name), postgres.make(name), hosts, server.port, chosen.pace)
                rates[count] = throughput(room, server, count, chosen.most, chosen.seconds)
                room.database.close()
            what = f"workers_{count}" if count else "watch"
            figures[f"pages_per_second_{what}"] = round(rates[count], 2)
            print(f"{what}: {rates[count]:.2f} pages a second", file=sys.stderr)
    for name, value in figures.items():
        print(f"{name:38} {value}")
    least = min(between, default=chosen.delay)
    bars: dict[str, object] = {
        name: {"value": figures[name], "bar": 0, "met": figures[name] == 0}
        for name in ("lost", "doubled", "unreadable_files")
    }
    bars["least_gap_between_processes_seconds"] = {
        "value": round(least, 3),
        "bar": chosen.delay - LEEWAY,
        "met": least >= chosen.delay - LEEWAY,
    }
    bars["least_gap_seconds"] = {
        "value": figures["least_gap_seconds"],
        "bar": GAP * chosen.delay,
        "met": min(every) >= GAP * chosen.delay,
    }
    bars["hosts_that_kept_their_pace"] = {"value": kept, "bar": chosen.sites, "met": kept == chosen.sites}
    if rates:
        for count, least_ratio in ((1, 0.9), (2, 1.6), (4, 2.8)):
            ratio = rates[count] / rates[0]
            name = f"workers_{count}_beside_one_watch"
            bars[name] = {"value": round(ratio, 2), "bar": least_ratio, "met": ratio >= least_ratio}
    print(json.dumps({"bench": "workers", "figures": figures, "bars": bars}))


if __name__ == "__main__":
    main()
