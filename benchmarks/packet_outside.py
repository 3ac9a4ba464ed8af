"""Packets of a demo crawl through every outside tool: who finds anything wrong with them?

    python benchmarks/packet_outside.py [--packets 100] [--workspace DIR]

Without a workspace the three demo marketplaces are crawled first (`tracemark demo --once`, a few minutes). Each packet
is stamped by a time authority that openssl plays on this machine. Tools that take many files at once get ten packets
at a time.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "pipelines" / "packet"))

from time_authority import LocalAuthority
from wacz.main import main as wacz

from pipelines.evidence import gather_dossier
from pipelines.packet.authority import TimeAuthority
from pipelines.packet.creation import create
from pipelines.packet.keys import SigningKey
from pipelines.packet.verification import verify
from pipelines.store.database import Database
from pipelines.store.tables import listings

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN = Path(sys.executable).parent
BATCH = 10
WACZ = "data/captures.wacz"


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


def passes(command: list[object], folder: Path) -> bool:
    done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


def ask_one(packet: Path, folder: Path, public: Path, authority: Path) -> Iterator[tuple[str, bool]]:
    """Each tool that takes one packet, and whether it found it good; leaves the packet unpacked in `folder`."""
    bag = folder / "bag"
    with zipfile.ZipFile(packet) as archive:
        archive.extractall(bag)
    with zipfile.ZipFile(bag / WACZ) as archive:
        archive.extractall(folder / "wacz")
    seal = ["-in", "seal/statement.json", "-sigfile", "seal/signature.bin"]
    commands: dict[str, list[object]] = {
        "verify.py": [sys.executable, "-I", bag / "verify.py", packet, "--key", public, "--authority", authority],
        "unzip -t": ["unzip", "-tqq", packet],
        "sha256sum -c": ["sha256sum", "--quiet", "-c", "manifest-sha256.txt", "tagmanifest-sha256.txt"],
        "openssl pkeyutl": ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", *seal],
        "openssl ts -verify": [
            "openssl", "ts", "-verify", "-data", "seal/signature.bin", "-in", "seal/timestamp.tsr",
            "-CAfile", authority,
        ],
    }  # fmt: skip
    yield "tracemark packet verify", verify(packet, expected_key=public, authority=authority).valid
    for name, command in commands.items():
        yield name, passes(command, bag)
    done = subprocess.run(["pdfsig", "-nocert", bag / "report.pdf"], capture_output=True, text=True, check=False)
    yield "pdfsig", "Signature is Valid" in done.stdout and "Total document signed" in done.stdout
    with contextlib.redirect_stdout(io.StringIO()):  # the tool's own command, without starting Python each time
        yield "wacz validate", wacz(["validate", "-f", str(bag / WACZ)]) == 0


def ask_many(folders: list[Path], place: Path) -> Iterator[tuple[str, bool]]:
    """Each tool that takes many at once, and whether it found all of them good."""
    bags = [folder / "bag" for folder in folders]
    warcs = [folder / "wacz" / "archive" / "captures.warc.gz" for folder in folders]
    yield "bagit.py --validate", passes([sys.executable, BIN / "bagit.py", "--validate", *bags], place)
    yield "warcio check", passes([BIN / "warcio", "check", *warcs], place)
    yield "gzip -t", passes(["gzip", "-t", *warcs], place)
    yield "case_validate", passes([BIN / "case_validate", *(bag / "data" / "case-uco.jsonld" for bag in bags)], place)


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
        with LocalAuthority(folder / "authority") as local:
            authority = TimeAuthority.load(local.url, local.certificates)
            places = places_of(database, options.packets)
            for start in range(0, len(places), BATCH):
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    folders = []
                    for site, native_id in places[start : start + BATCH]:
                        dossier = gather_dossier(database, site, native_id, vault=workspace / "vault", workspace="demo")
                        own = Path(place, f"{site}-{native_id}")
                        own.mkdir()
                        folders.append(own)
                        started = time.perf_counter()
                        create(dossier, own / "packet.zip", key, authority=authority)
                        making += time.perf_counter() - started
                        for tool, holds in ask_one(own / "packet.zip", own, folder / "public.pem", local.certificates):
                            asked[tool] += 1
                            good[tool] += holds
                            bad += [] if holds else [f"{tool}: {site}/{native_id}"]
                    for tool, holds in ask_many(folders, Path(place)):
                        asked[tool] += len(folders)
                        good[tool] += len(folders) * holds
                        bad += [] if holds else [f"{tool}: one of packets {start} to {start + len(folders) - 1}"]
                print(f"{start + len(folders)} packets, {len(bad)} objections", file=sys.stderr)
        database.close()
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
