"""A million listings, nine in ten of them unrelated, through intake (a feed), assessment, sellers and index.

    python benchmarks/million.py [--listings 1000000] [--keep FOLDER] [--profile STAGE]

Listings are made up: the corpus' English training ads, and household goods from the training marketplaces, each with a
number, a price, a place and a seller of its own. A quarter and all of them go into new workspaces, each in a process of
its own, whose time, peak memory and disk are printed by stage; the exponent is that of a stage's processor time between
the two sizes (1 is linear). Vectors are prepared (a row for each text, by its hash); what the shipped encoder would
take for those that are encoded is measured apart, on ads of the same mix.

Exits 0 whether bars are met or not; ends with one JSON line.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import math
import pstats
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from classifiers import Assessor
from classifiers.encoder import PassageEncoder, load_encoder
from classifiers.evaluation.labelled import read_corpus
from pipelines.assess import AssessmentDesk
from pipelines.composition import feed_desk, opened, opened_index, project, seller_rules, serial_key, utc_now
from pipelines.feed_line import FeedOptions
from pipelines.places import Places
from pipelines.sellers.desk import assess_sellers
from pipelines.store.custody import broken_at
from pipelines.store.tables import assessments
from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

DEMO = Path(__file__).parent.parent / "crawler" / "demo"
UNRELATED = 9
"""Unrelated listings to each of the others, as on a general marketplace."""

STAGES = ("intake", "assess", "sellers", "index")
PLACES = ("Austin, Texas", "Dayton, Ohio", "Boise, Idaho", "Mobile, Alabama", "Salem, Oregon", "Macon, Georgia")
PER_SELLER = 8
MEMORY = 2000  # MB
SAMPLE = 300  # ads read by the shipped encoder


class PreparedEncoder:
    """Rows made beforehand, given out by the hash of a text."""

    name = "prepared"
    sha256 = "0" * 64
    dimensions = 384

    def __init__(self) -> None:
        rows = np.random.default_rng(7).standard_normal((4096, self.dimensions)).astype(np.float32)
        self._rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        self.passages = 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.passages += len(texts)
        return self._rows[[zlib.crc32(text.encode()) % len(self._rows) for text in texts]]

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        return np.array([len(text.split()) + 2 for text in texts], np.int64)


def read_related() -> list[tuple[str, str]]:
    return [(ad.title, ad.description) for ad in read_corpus(splits=("train",)) if ad.language == "en"]


def read_unrelated() -> list[tuple[str, str]]:
    """Household goods and the like from the training marketplaces' catalogue, by their truth."""
    found = []
    for truth in sorted((DEMO / "truth").glob("*.jsonl")):
        told = [json.loads(line) for line in truth.read_text("utf-8").splitlines()]
        plain = {row["listing"] for row in told if row.get("class") == "other"}
        rows = (DEMO / "catalogue" / truth.stem / "listings.jsonl").read_text("utf-8").splitlines()
        found += [(row["title"], row["description"]) for row in map(json.loads, rows) if row["id"] in plain]
    return found


def write_feed(path: Path, count: int) -> None:
    """The feed: one related listing, then nine others, over and over; sellers keep to one kind of thing."""
    related, others = cycle(read_related()), cycle(read_unrelated())
    with path.open("w", encoding="utf-8") as feed:
        for number in range(count):
            is_related = number % (UNRELATED + 1) == 0
            title, description = next(related if is_related else others)
            group = number // (UNRELATED + 1) // PER_SELLER
            line = {
                "id": f"{number:08d}",
                "title": f"{title} {number}",
                "description": f"{description} Reference {number}.",
                "price": 40 + number * 7 % 1900,
                "posted": f"2026-{1 + number % 10:02d}-{1 + number % 28:02d}",
                "location": PLACES[group % len(PLACES)],
                "seller": f"u{group}g" if is_related else f"u{group}h{number % UNRELATED}",
            }
            feed.write(json.dumps(line, ensure_ascii=False) + "\n")


@contextmanager
def measured(name: str, into: dict[str, Any], profile: str | None) -> Iterator[None]:
    profiler = cProfile.Profile() if profile == name else None
    wall, processor = time.perf_counter(), time.process_time()
    if profiler is not None:
        profiler.enable()
    yield
    if profiler is not None:
        profiler.disable()
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(35)
    into[name] = {
        "seconds": round(time.perf_counter() - wall, 2),
        "processor": round(time.process_time() - processor, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(f"{name:8} {into[name]}", file=sys.stderr, flush=True)


def carry_out(folder: Path, profile: str | None) -> dict[str, Any]:
    """All of it in one workspace, in this process; times, memory, disk, and what came out."""
    write_workspace(folder / "room", {"operator": "Bench", "contact": "bench@example.org", "basis": "made-up listings"})
    workspace = Workspace.read(folder / "room", {})
    encoder = PreparedEncoder()
    assessor = Assessor.load(encoder=encoder)
    rules, key = seller_rules(workspace), serial_key(workspace)
    found: dict[str, Any] = {}
    with opened(workspace) as database:
        with measured("intake", found, profile):
            desk = feed_desk(workspace, database, lambda _lines: None)
            found["received"] = desk.receive(
                folder / "feed.jsonl", FeedOptions(site="bench", currency="USD")
            ).intake.new
        with measured("assess", found, profile):
            reader = AssessmentDesk(database=database, assessor=assessor, places=Places.shipped(), now=utc_now)
            found["assessed"] = reader.run().assessed
        with measured("sellers", found, profile):
            assess_sellers(database, now=utc_now, rules=rules, key=key)
        with measured("index", found, profile):
            project(workspace, database)
        with database.read() as connection:
            found["custody_holds"] = broken_at(connection) is None
            encoded = sa.select(sa.func.count()).where(assessments.c.vector.is_not(None))
            found["encoded"] = connection.scalar(encoded) or 0
    with opened_index(workspace, read_only=True) as index:
        found["indexed"] = index.count()
    root = workspace.root
    found["disk"] = {
        "store": sum(path.stat().st_size for path in root.glob("tracemark.db*")),
        "vault": _size(workspace.vault),
        "index": _size(workspace.index),
    }
    found["passages"] = encoder.passages
    return found


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def in_a_process(folder: Path, count: int, profile: str | None) -> dict[str, Any]:
    folder.mkdir(parents=True)
    print(f"{count} listings", file=sys.stderr, flush=True)
    write_feed(folder / "feed.jsonl", count)
    command = [sys.executable, __file__, "--inside", str(folder), "--listings", str(count)]
    command += ["--profile", profile] if profile else []
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure_encoder() -> float:
    """Seconds of processor time that the shipped encoder takes for one related ad."""
    encoder = PassageEncoder(load_encoder())
    ads = read_related()[:SAMPLE]
    start = time.process_time()
    encoder.encode_listings(ads)
    return (time.process_time() - start) / len(ads)


def report(count: int, small: dict[str, Any], large: dict[str, Any], encoder: float) -> dict[str, Any]:
    exponents = {
        name: round(math.log(large[name]["processor"] / max(0.01, small[name]["processor"])) / math.log(4), 3)
        for name in STAGES
    }
    whole = [sum(one[name]["processor"] for name in STAGES) for one in (small, large)]
    exponents["all"] = round(math.log(whole[1] / whole[0]) / math.log(4), 3)
    encoding = encoder * large["encoded"]
    figures = {
        "listings": count,
        "stages": {name: large[name] for name in STAGES},
        "per_second": {name: round(count / max(0.01, large[name]["seconds"]), 1) for name in STAGES},
        "processor_ms_per_listing": {name: round(large[name]["processor"] * 1000 / count, 4) for name in STAGES},
        "exponents": exponents,
        "quarter": {name: small[name] for name in STAGES},
        "bytes_per_listing": {name: round(size / count) for name, size in large["disk"].items()},
        "encoded": large["encoded"],
        "encoder_ms_per_encoded": round(encoder * 1000, 2),
        "encoder_share_of_all": round(encoding / (encoding + whole[1]), 3),
    }
    lost = sum(count - large[name] for name in ("received", "assessed", "indexed"))
    values = {
        "lost_or_doubled": (abs(lost), 0),
        "custody_broken": (int(not large["custody_holds"]), 0),
        "exponent": (exponents["all"], 1.1),
        "peak_memory_mb": (max(large[name]["peak_mb"] for name in STAGES), MEMORY),
    }
    bars = {name: {"value": value, "bar": bar, "met": value <= bar} for name, (value, bar) in values.items()}
    return {"bench": "million", "figures": figures, "bars": bars}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="where the workspaces are made, and stay")
    parser.add_argument("--profile", choices=STAGES, help="print where a stage's time goes")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside is not None:
        print(json.dumps(carry_out(options.inside, options.profile)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        small = in_a_process(folder / "quarter", options.listings // 4, None)
        large = in_a_process(folder / "all", options.listings, options.profile)
    print(json.dumps(report(options.listings, small, large, measure_encoder())))


if __name__ == "__main__":
    main()
