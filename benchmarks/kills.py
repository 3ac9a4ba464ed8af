"""Kills a crawl again and again, lets it go on, and counts what was lost or doubled.

    python benchmarks/kills.py [--kills 100] [--listings 400] [--seed 1] [--market tauschboerse]

Each crawl is killed (SIGKILL) at a random moment and gone on with until the marketplace is through; then the next
begins, in a new workspace. After each one: every listing of the catalogue is in the store with one capture, nothing
else is, and every vault file is readable to its end (gzip, warcio, our own digests) up to its last committed byte.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib import resources
from pathlib import Path

import sqlalchemy as sa
from attrs import define
from warcio.archiveiterator import ArchiveIterator

from crawler.demo.clock import FixedClock
from crawler.demo.marketplaces import Marketplaces
from crawler.demo.views import visible_listings
from pipelines.store.tables import captures, listings, runs, vault_files, versions
from pipelines.warc.reader import iterate
from pipelines.workspace import Workspace, write_workspace

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
    set_aside: int = 0  # tails of vault files that a kill left unacknowledged


def make_workspace(root: Path, market: str, url: str) -> Workspace:
    write_workspace(root, AUTHORITY)
    text = resources.files("crawler.demo").joinpath("sites", f"{market}.yaml").read_text("utf-8")
    (root / "sites" / f"{market}.yaml").write_text(text.replace(f"{market.upper()}/", f"{url}/"), encoding="utf-8")
    return Workspace.read(root, {})


def start(workspace: Workspace, market: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "scrapy", "crawl", "listings", "-a", f"site={market}"]
    environment = {**os.environ, "SCRAPY_SETTINGS_MODULE": "crawler.settings", "TRACEMARK_ALLOW_LOOPBACK": "1"}
    return subprocess.Popen(
        [*command, "-a", f"workspace={workspace.root}"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=(workspace.root / "crawl.log").open("ab"),
        start_new_session=True,
    )


def vault_size(workspace: Workspace) -> int:
    return sum(path.stat().st_size for path in workspace.vault.rglob("*.warc.gz"))


def crawl_and_kill(workspace: Workspace, market: str, dice: random.Random, tally: Tally, most: int) -> None:
    """Crawl to the end, killing the process up to `most` times on the way."""
    tally.crawls += 1
    killed = 0
    while True:
        process = start(workspace, market)
        if killed >= most:
            process.wait()
            return
        # Now and then while it begins; mostly while it works, which shows in the vault.
        if dice.random() < 0.1:
            wait(process, dice.uniform(0.0, 1.5))
        else:
            before = vault_size(workspace)
            while process.poll() is None and vault_size(workspace) == before:
                time.sleep(0.01)
            wait(process, dice.uniform(0.0, 1.5))
        if process.poll() is not None:
            return
        os.killpg(process.pid, 9)
        process.wait()
        killed += 1
        tally.kills += 1


def wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)


def inspect(workspace: Workspace, wanted: set[str], tally: Tally) -> None:
    """Compare the store with the catalogue, and read every vault file to its end."""
    database = workspace.open_database()
    with database.read() as connection:
        if connection.scalar(sa.select(runs.c.status)) not in ("done", "degraded"):
            log = (workspace.root / "crawl.log").read_text(errors="replace")
            raise SystemExit(f"the crawl did not come to its end:\n{log[-3000:]}")
        query = sa.select(listings.c.native_id).join(captures, captures.c.listing == listings.c.id)
        counts = Counter(connection.scalars(query.where(captures.c.kind == "detail")))
        urls = Counter(connection.scalars(sa.select(captures.c.url)))
        numbers = connection.scalars(sa.select(versions.c.number)).all()
        committed = {row.file: row.committed for row in connection.execute(sa.select(vault_files))}
    database.close()
    tally.lost += len(wanted - counts.keys())
    tally.doubled += sum(count - 1 for count in counts.values()) + sum(count - 1 for count in urls.values())
    tally.doubled += len(counts.keys() - wanted)
    tally.versions_doubled += sum(1 for number in numbers if number > 1)
    for name, length in committed.items():
        path = workspace.vault / name
        tally.unreadable += 0 if path.stat().st_size == length and is_whole(path) else 1
    tally.set_aside += len(list(workspace.vault.rglob("*.tail*")))


def is_whole(path: Path) -> bool:
    with gzip.open(path) as whole:
        while whole.read(1 << 20):
            pass
    own = sum(1 for _ in iterate(path))
    with path.open("rb") as source:
        others = sum(1 for record in ArchiveIterator(source) if record.content_stream().read() is not None)
    return own == others > 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--listings", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--market", default="tauschboerse", choices=["tauschboerse", "harborlist", "bazarlive"])
    parser.add_argument("--minutes", type=float, default=60, help="Stop after this long, with the kills made so far.")
    chosen = parser.parse_args()
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
        "tails_set_aside": tally.set_aside,
    }
    bars = {
        name: {"value": figures[name], "bar": 0, "met": figures[name] == 0}
        for name in ("lost", "doubled", "versions_doubled", "unreadable_files")
    }
    print(json.dumps({"bench": "kills", "figures": figures, "bars": bars}))


if __name__ == "__main__":
    main()
