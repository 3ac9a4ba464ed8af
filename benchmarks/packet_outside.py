"""Packets of a demo crawl through every outside tool: who finds anything wrong with them?

    python benchmarks/packet_outside.py [--packets 100] [--workspace DIR]

Without a workspace the three demo marketplaces are crawled first (`tracemark demo --once`, a few minutes). Each packet
is stamped by a time authority that openssl plays on this machine. `case_validate` reads ten packets' CASE/UCO at a
time, since it loads the ontology anew for each call.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "pipelines" / "packet"))

from time_authority import LocalAuthority

from pipelines.evidence import gather_dossier
from pipelines.packet.authority import TimeAuthority
from pipelines.packet.creation import create
from pipelines.packet.keys import SigningKey
from pipelines.store.database import Database
from pipelines.store.tables import listings

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN = Path(sys.executable).parent
BATCH = 10


def crawl(folder: Path) -> Path:
    command = [BIN / "tracemark", "demo", "--once", "--json", "--workspace", folder / "demo"]
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    return folder / "demo"


def places_of(database: Database, most: int) -> list[tuple[str, str]]:
    """As many listings of each site as of the next, in the order in which they came."""
    query = listings.select().with_only_columns(listings.c.site, listings.c.native_id).order_by(listings.c.id)
    with database.read() as connection:
        found = [(row.site, row.native_id) for row in connection.execute(query)]
    by_site = {site: [one for one in found if one[0] == site] for site, _ in found}
    spread = [one for rank in range(len(found)) for rows in by_site.values() for one in rows[rank : rank + 1]]
    return spread[:most]


def passes(command: list[object], folder: Path) -> tuple[bool, str]:
    done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def ask(packet: Path, folder: Path, public: Path, authority: Path) -> Iterator[tuple[str, bool]]:
    """Each outside tool's name, and whether it found the packet good."""
    bag = folder / "bag"
    with zipfile.ZipFile(packet) as archive:
        archive.extractall(bag)
    wacz = bag / "data" / "captures.wacz"
    with zipfile.ZipFile(wacz) as archive:
        archive.extractall(folder / "wacz")
    warc = folder / "wacz" / "archive" / "captures.warc.gz"
    seal = ["-in", "seal/statement.json", "-sigfile", "seal/signature.bin"]
    commands: dict[str, list[object]] = {
        "tracemark packet verify": [BIN / "tracemark", "packet", "verify", packet, "--key", public],
        "verify.py": [sys.executable, "-I", bag / "verify.py", packet, "--key", public, "--authority", authority],
        "bagit.py --validate": [sys.executable, BIN / "bagit.py", "--validate", bag],
        "wacz validate": [BIN / "wacz", "validate", "-f", wacz],
        "warcio check": [BIN / "warcio", "check", warc],
        "gzip -t": ["gzip", "-t", warc],
        "unzip -t": ["unzip", "-tqq", packet],
        "sha256sum -c": ["sha256sum", "--quiet", "-c", "manifest-sha256.txt", "tagmanifest-sha256.txt"],
        "openssl pkeyutl": ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", *seal],
        "openssl ts -verify": [
            "openssl", "ts", "-verify", "-data", "seal/signature.bin", "-in", "seal/timestamp.tsr",
            "-CAfile", authority,
        ],
    }  # fmt: skip
    for name, command in commands.items():
        yield name, passes(command, bag)[0]
    _, said = passes(["pdfsig", "-nocert", bag / "report.pdf"], bag)
    yield "pdfsig", "Signature is Valid" in said and "Total document signed" in said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=100)
    parser.add_argument("--workspace", type=Path)
    options = parser.parse_args()
    good: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    bad: list[str] = []
    making = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = options.workspace or crawl(folder)
        database = Database.open(f"sqlite:///{workspace / 'tracemark.db'}")
        key = SigningKey.generate()
        (folder / "public.pem").write_bytes(key.public.to_pem())
        (folder / "authority").mkdir()
        cases: list[Path] = []
        with LocalAuthority(folder / "authority") as local:
            authority = TimeAuthority.load(local.url, local.certificates)
            places = places_of(database, options.packets)
            for number, (site, native_id) in enumerate(places):
                dossier = gather_dossier(database, site, native_id, vault=workspace / "vault", workspace="demo")
                packet = folder / "packet.zip"
                started = time.perf_counter()
                create(dossier, packet, key, clock=lambda: datetime.now(UTC), authority=authority)
                making += time.perf_counter() - started
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    for tool, holds in ask(packet, Path(place), folder / "public.pem", local.certificates):
                        asked[tool] += 1
                        good[tool] += holds
                        bad += [] if holds else [f"{tool}: {site}/{native_id}"]
                    found = Path(place, "bag", "data").glob("*.jsonld")
                    cases += [one.rename(folder / f"case-{number}.jsonld") for one in found]
                if number % 10 == 9:
                    print(f"{number + 1} packets", file=sys.stderr)
        database.close()
        for start in range(0, len(cases), BATCH):
            batch = cases[start : start + BATCH]
            holds, said = passes([BIN / "case_validate", *batch], folder)
            asked["case_validate"] += len(batch)
            good["case_validate"] += len(batch) * holds
            bad += [] if holds else [f"case_validate: packets {start} to {start + len(batch) - 1}: {said[-500:]}"]
    for line in bad:
        print(line)
    for tool, count in asked.items():
        print(f"{tool:28} {good[tool]} of {count}")
    figures = {"packets": len(places), "seconds_to_make": round(making, 1)}
    figures |= {tool: good[tool] for tool in asked}
    share = sum(good.values()) / sum(asked.values())
    bars = {
        "packets": {"value": len(places), "bar": 100, "met": len(places) >= 100},
        "share_of_checks_passed": {"value": share, "bar": 1.0, "met": not bad},
    }
    print(json.dumps({"bench": "packet_outside", "figures": figures, "bars": bars}))


if __name__ == "__main__":
    main()
