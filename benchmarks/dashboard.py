"""How long the desk's screens take over many listings, and whether fifty people at once are served without error.

    python benchmarks/dashboard.py --listings 200000 [--people 50] [--rounds 20] [--keep FOLDER]

Loads prepared assessments of a made-up marketplace (benchmarks/marketplace) into a new workspace with accounts, indexes
it, serves it by `tracemark serve` in a process of its own, and asks: each screen by itself, one request after another,
always a different listing or seller; then as many people as told, each signed in, going through the screens at once.
Times are the browser's: from the request to the last byte, on one connection, over loopback. With --keep, a marketplace
made before is used again.

Exits 0 whether bars are met or not; ends with one JSON line.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa
from marketplace.loading import NOW, Loader
from marketplace.making import make_marketplace

from dashboards.people.passwords import hash_password
from pipelines.composition import project, utc_now
from pipelines.sellers.desk import assess_sellers
from pipelines.store.tables import decisions, listings, people, sellers, sign_ins
from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.store.database import Database

BAR_MS = 150.0
QUERIES = ("glock", "pistol price:200..600", '"private sale"', "signal:no_check_offered", "class:firearm_handgun", "")


def build(folder: Path, size: int, persons: int) -> None:
    """A workspace with `size` listings, assessed and indexed, and `persons` supervisors who are signed in."""
    write_workspace(folder, {"operator": "Benchmark", "contact": "bench@example.org", "basis": "made-up listings"})
    workspace = Workspace.read(folder, {})
    database = workspace.open_database()
    try:
        Loader(database).load(make_marketplace(size, 7))
        assess_sellers(database, now=lambda: NOW)
        decide_some(database, persons)
        project(workspace, database)
        now, kept = utc_now(), hash_password("a bench's own password")
        with database.write() as connection:
            for number in range(persons):
                row = connection.execute(
                    sa.insert(people)
                    .values(name=f"p{number}", role="supervisor", password=kept, temporary=False, created=now)
                    .returning(people.c.id)
                ).scalar_one()
                secret = hashlib.sha256(f"secret{number}".encode()).hexdigest()
                times = {"started": now, "seen": now + timedelta(days=1), "expires": now + timedelta(days=2)}
                connection.execute(
                    sa.insert(sign_ins).values(digest=secret, person=row, reason="bench", address="127.0.0.1", **times)
                )
    finally:
        database.close()


def decide_some(database: Database, persons: int) -> None:
    """One listing in twenty was decided by somebody, and every fourth of these by somebody else too, without a look."""
    answers = ("relevant", "not_relevant", "unsure")
    with database.write() as connection:
        rows = connection.scalars(sa.select(listings.c.id).where(listings.c.id % 20 == 0)).all()
        said = [(row, "open", number) for number, row in enumerate(rows)]
        said += [(row, "second", number + 1) for number, row in enumerate(rows[::4])]
        values = [
            {"listing": row, "way": way, "actor": f"p{number % persons}", "decision": answers[number % 3], "reason": ""}
            for row, way, number in said
        ]
        for start in range(0, len(values), 1_000):
            part = [one | {"at": NOW} for one in values[start : start + 1_000]]
            connection.execute(sa.insert(decisions), part)


def addresses(folder: Path, count: int) -> dict[str, list[str]]:
    """Addresses of each screen, of `count` different listings and sellers."""
    chance = random.Random(11)  # noqa: S311 -- which pages to look at
    database = Workspace.read(folder, {}).open_database()
    with database.read() as connection:
        offered = connection.execute(sa.select(listings.c.site, listings.c.native_id)).all()
        sold = connection.execute(sa.select(sellers.c.site, sellers.c.native_id)).all()
    database.close()
    some = chance.sample(offered, min(count, len(offered)))
    who = chance.sample(sold, min(count, len(sold)))
    return {
        "today": ["/"],
        "triage": [f"/triage?skip={number}" for number in range(count)],
        "search": [f"/search?q={quote(query)}&page={1 + number % 3}" for number, query in enumerate(QUERIES)],
        "listing": [f"/listing/{site}/{quote(one, safe='')}" for site, one in some],
        "seller": [f"/seller/{site}/{quote(one, safe='')}" for site, one in who],
        "together": [f"/decisions/together?site={site}&id={quote(one, safe='')}" for site, one in who],
        "sites": ["/sites"],
        "site": [f"/sites/{site}" for site in sorted({site for site, _ in offered})],
        "cases": ["/cases"],
        "quality": ["/quality"],
        "custody": ["/custody", "/custody?action=assess", "/custody?action=nothing", "/custody?actor=p1"],
        "api_search": [f"/api/v1/search?q={quote(query)}" for query in QUERIES],
        "api_listing": [f"/api/v1/listings/{site}/{quote(one, safe='')}" for site, one in some],
    }


def count_listings(folder: Path) -> int:
    """How many listings the workspace has: with --keep not those that were asked for."""
    database = Workspace.read(folder, {}).open_database()
    with database.read() as connection:
        count = connection.scalar(sa.select(sa.func.count()).select_from(listings)) or 0
    database.close()
    return count


class Browser:
    """One connection of one person."""

    def __init__(self, port: int, number: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"Cookie": f"tracemark_sign_in=secret{number}; tracemark_form=bench{number}"}

    def ask(self, address: str) -> tuple[int, float]:
        """The status, and the milliseconds until the last byte."""
        begun = time.perf_counter()
        self._connection.request("GET", address, headers=self._headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, (time.perf_counter() - begun) * 1000


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, int]]:
    """The port and the process of a server over the workspace."""
    command = [sys.executable, "-m", "pipelines.cli", "serve", "--port", "0", "--workspace", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None  # noqa: S101 -- it is a pipe
            line = server.stderr.readline()
            threading.Thread(target=server.stderr.read, daemon=True).start()
            yield int(line.split("http://127.0.0.1:")[1].split("/")[0]), server.pid
        finally:
            server.terminate()
            server.wait(30)


def processor_ms(process: int) -> float:
    """Milliseconds of processor that a process has used: what a screen costs, however busy the machine is."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def measure_screens(port: int, process: int, asked: dict[str, list[str]], rounds: int) -> dict[str, dict[str, float]]:
    """p50 and p95 in milliseconds of each screen, its first answer apart, and the server's processor time for one."""
    browser, found = Browser(port, 0), {}
    for screen, places in asked.items():
        status, first = browser.ask(places[0])
        times, before = [], processor_ms(process)
        for number in range(rounds):
            status, taken = browser.ask(places[number % len(places)])
            times.append(taken)
            if status != 200:
                raise SystemExit(f"{screen}: {places[number % len(places)]} answered {status}")
        middle, most = statistics.median(times), percentile(times, 0.95)
        spent = (processor_ms(process) - before) / rounds
        found[screen] = {"p50": middle, "p95": most, "first": first, "processor": spent}
        print(f"  {screen:12} p50 {middle:6.1f}   p95 {most:6.1f}   first {first:6.1f}   processor {spent:6.1f} ms")
    return found


def measure_crowd(port: int, asked: dict[str, list[str]], persons: int, each: int) -> dict[str, Any]:
    """So many people at once, each asking `each` pages: how many answers were none, and how long they took."""
    every = [place for screen, places in asked.items() for place in places if screen != "custody"]
    times: list[float] = []
    wrong: list[str] = []

    def work(number: int) -> None:
        chance = random.Random(number)  # noqa: S311 -- which pages to look at
        browser = Browser(port, number)
        for place in chance.choices(every, k=each):
            try:
                status, taken = browser.ask(place)
            except OSError as error:
                wrong.append(f"{place}: {error}")
                return
            times.append(taken)
            if status != 200:
                wrong.append(f"{place}: {status}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(persons)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    for one in wrong[:5]:
        print(f"  not answered: {one}")
    return {
        "requests": len(times),
        "errors": len(wrong),
        "per_second": len(times) / seconds,
        "p50": statistics.median(times),
        "p95": percentile(times, 0.95),
    }


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def main() -> None:
    """Make, serve, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=200_000)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--each", type=int, default=10, help="pages that each of the people asks for at once")
    parser.add_argument("--keep", type=Path, help="make the workspace here, or use the one that is here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = options.keep or Path(made) / "room"
        if not (folder / "tracemark.toml").exists():
            print(f"making {options.listings:,} listings")
            build(folder, options.listings, options.people)
        asked = addresses(folder, options.rounds)
        with served(folder) as (port, process):
            print("one after the other")
            screens = measure_screens(port, process, asked, options.rounds)
            print(f"{options.people} people at once")
            crowd = measure_crowd(port, asked, options.people, options.each)
            print(f"  {crowd['requests']} answers, {crowd['errors']} errors, {crowd['per_second']:.1f} a second")
    slowest = max(screens.values(), key=lambda one: one["p95"])["p95"]
    figures = {"listings": count_listings(folder), "people": options.people, "screens_ms": screens, "crowd": crowd}
    bars = {
        "slowest_screen_p95_ms": {"value": slowest, "bar": BAR_MS, "met": slowest <= BAR_MS},
        "errors_of_people_at_once": {"value": crowd["errors"], "bar": 0, "met": crowd["errors"] == 0},
    }
    print(json.dumps({"bench": "dashboard", "figures": rounded(figures), "bars": rounded(bars)}))


def rounded(value: Any) -> Any:
    """Figures to a tenth."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return round(value, 1) if isinstance(value, float) else value


if __name__ == "__main__":
    main()
