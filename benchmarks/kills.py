"""Kills a crawl again and again, lets it go on, and counts what was lost or doubled.

    python benchmarks/kills.py [--kills 100] [--listings 400] [--seed 1] [--market tauschboerse]

Each crawl is a process of its own, forked as `tracemark watch` forks them, is killed (SIGKILL, with all that it
started) at a random moment and gone on with until the marketplace is through; then the next begins, in a new workspace.
After each one: every listing of the catalogue is in the store with one capture, nothing else is; every vault file ends
at its last committed byte, passes `gzip -t`, has as many records for us as for warcio, and one record for each that the
store knows, at its place, no more.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import define
from warcio.archiveiterator import ArchiveIterator

from crawler.demo.clock import FixedClock
from crawler.demo.marketplaces import Marketplaces
from crawler.demo.views import visible_listings
from crawler.process import crawl_site
from crawler.workers import LOADED_ONCE
from pipelines.models import PageKind
from pipelines.store.tables import captures, listings, runs, vault_files, versions
from pipelines.warc.reader import iterate
from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(LOADED_ONCE)
AUTHORITY = {"operator": "Benchmark", "contact": "bench@example.org", "basis": "Invented listings"}


@define
class Tally:
    """What the kills cost."""

    kills: int = 0
    crawls: int = 0
    lost: int = 0
    doubled: int = 0
    versions_doubled: int = 0
    unreadable: int = 0
    records: int = 0
    set_aside: int = 0  # tails of vault files that a kill left unacknowledged


def make_workspace(root: Path, market: str, url: str) -> Workspace:
    write_workspace(root, AUTHORITY)
    text = resources.files("crawler.demo").joinpath("sites", f"{market}.yaml").read_text("utf-8")
    (root / "sites" / f"{market}.yaml").write_text(text.replace(f"{market.upper()}/", f"{url}/"), encoding="utf-8")
    return Workspace.read(root, {})


def visit(root: Path, market: str) -> None:
    """One crawl, in a process group of its own: what is killed is the browser too."""
    os.setpgid(0, 0)
    descriptor = os.open(root / "crawl.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    crawl_site(Workspace.read(root, {}), str(root / "sites" / f"{market}.yaml"), delay=None)


def start(workspace: Workspace, market: str) -> ForkServerProcess:
    process = FORKS.Process(target=visit, args=(workspace.root, market))
    process.start()
    return process


def kill(process: ForkServerProcess) -> None:
    pid = process.pid or 0
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:  # it has no group of its own yet
        process.kill()
    process.join()


def vault_size(workspace: Workspace) -> int:
    return sum(path.stat().st_size for path in workspace.vault.rglob("*.warc.gz"))


def is_over(workspace: Workspace) -> bool:
    """Whether the run came to its end."""
    database = workspace.open_database()
    with database.read() as connection:
        status = connection.scalar(sa.select(runs.c.status))
    database.close()
    return status in ("done", "degraded")


def crawl_and_kill(workspace: Workspace, market: str, dice: random.Random, tally: Tally, most: int) -> None:
    """Crawl to the end, killing the process up to `most` times on the way."""
    tally.crawls += 1
    killed = 0
    while True:
        process = start(workspace, market)
        if killed >= most:
            process.join()
            return
        # Now and then while it begins; mostly while it works, which shows in the vault.
        if dice.random() < 0.1:
            process.join(dice.uniform(0.0, 1.5))
        else:
            before = vault_size(workspace)
            while process.exitcode is None and vault_size(workspace) == before:
                time.sleep(0.01)
            process.join(dice.uniform(0.0, 1.5))
        if process.exitcode is not None:
            return
        kill(process)
        killed += 1
        if is_over(workspace):  # it was killed on its way out: the next crawl would be another visit
            return
        tally.kills += 1


def inspect(workspace: Workspace, wanted: set[str], tally: Tally) -> None:
    """Compare the store with the catalogue, and read every vault file to its end."""
    database = workspace.open_database()
    with database.read() as connection:
        if connection.scalar(sa.select(runs.c.status)) not in ("done", "degraded"):
            log = (workspace.root / "crawl.log").read_text(errors="replace")
            raise SystemExit(f"the crawl did not come to its end:\n{log[-3000:]}")
        query = sa.select(listings.c.native_id).join(captures, captures.c.listing == listings.c.id)
        counts = Counter(connection.scalars(query.where(captures.c.kind == "detail")))
        # Each process asks for robots.txt anew, as it should.
        urls = Counter(connection.scalars(sa.select(captures.c.url).where(captures.c.kind != PageKind.ROBOTS.value)))
        numbers = connection.scalars(sa.select(versions.c.number)).all()
        committed = {row.file: row.committed for row in connection.execute(sa.select(vault_files))}
        places = places_in_vault(connection)
    database.close()
    tally.lost += len(wanted - counts.keys())
    tally.doubled += sum(count - 1 for count in counts.values()) + sum(count - 1 for count in urls.values())
    tally.doubled += len(counts.keys() - wanted)
    tally.versions_doubled += sum(1 for number in numbers if number > 1)
    for name, length in committed.items():
        path = workspace.vault / name
        tally.unreadable += 0 if path.stat().st_size == length and is_whole(path, places[name]) else 1
        tally.records += len(places[name])
    tally.set_aside += len(list(workspace.vault.rglob("*.tail*")))


def places_in_vault(connection: sa.Connection) -> dict[str, list[int]]:
    """Where each record begins that the store knows, by file; sorted."""
    places: dict[str, list[int]] = {}
    columns = (captures.c.file, captures.c.offset, captures.c.screenshot, captures.c.resources)
    for file, offset, screenshot, parts in connection.execute(sa.select(*columns)):
        others = [*(parts or ()), *([screenshot] if screenshot else ())]
        places.setdefault(file, []).extend([offset, *(one["offset"] for one in others)])
    return {file: sorted(offsets) for file, offsets in places.items()}


def is_whole(path: Path, places: list[int]) -> bool:
    if subprocess.run(["gzip", "-t", path], check=False).returncode != 0:
        return False
    own = [record for record in iterate(path) if record.kind not in ("warcinfo", "request")]
    with path.open("rb") as source:
        kinds = [one.rec_type for one in ArchiveIterator(source) if one.content_stream().read() is not None]
    others = sum(1 for kind in kinds if kind not in ("warcinfo", "request"))
    return [record.offset for record in own] == places and others == len(places) > 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--listings", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--market", default="tauschboerse", choices=["tauschboerse", "harborlist", "bazarlive"])
    parser.add_argument("--minutes", type=float, default=60, help="Stop after this long, with the kills made so far.")
    chosen = parser.parse_args()
    os.environ |= {"SCRAPY_SETTINGS_MODULE": "crawler.settings", "TRACEMARK_ALLOW_LOOPBACK": "1"}
    dice = random.Random(chosen.seed)  # noqa: S311 - moments, not secrets
    tally, begun = Tally(), time.monotonic()
    host = {chosen.market: "127.0.0.1:0"}
    with Marketplaces(clock=FixedClock(45), grow={chosen.market: chosen.listings}, hosts=host) as marketplaces:
        inventory = marketplaces.inventory(chosen.market)
        wanted = set(visible_listings(chosen.market, 45, inventory=inventory))
        while tally.kills < chosen.kills and time.monotonic() - begun < chosen.minutes * 60:
            with tempfile.TemporaryDirectory() as folder:
                workspace = make_workspace(Path(folder) / "room", chosen.market, marketplaces.urls[chosen.market])
                crawl_and_kill(workspace, chosen.market, dice, tally, min(8, chosen.kills - tally.kills))
                inspect(workspace, wanted, tally)
            print(
                f"{tally.kills} kills, {tally.crawls} crawls: {tally.lost} lost, {tally.doubled} doubled",
                file=sys.stderr,
            )
    figures = {
        "market": chosen.market,
        "listings": len(wanted),
        "kills": tally.kills,
        "crawls": tally.crawls,
        "lost": tally.lost,
        "doubled": tally.doubled,
        "versions_doubled": tally.versions_doubled,
        "unreadable_files": tally.unreadable,
        "records_accounted_for": tally.records,
        "tails_set_aside": tally.set_aside,
    }
    bars = {
        name: {"value": figures[name], "bar": 0, "met": figures[name] == 0}
        for name in ("lost", "doubled", "versions_doubled", "unreadable_files")
    }
    print(json.dumps({"bench": "kills", "figures": figures, "bars": bars}))


if __name__ == "__main__":
    main()
