"""Packets a second and MB a second, beside `sha256sum` and `zip` of the same bytes.

    python benchmarks/packet.py [--captures 50] [--packets 20] [--large 1000]

The pages are made here (about 60 kB each, as marketplaces serve them). Nothing is read from elsewhere.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.models import Capture, CaptureMethod, PageKind
from pipelines.packet.creation import create
from pipelines.packet.dossier import Dossier
from pipelines.packet.keys import SigningKey
from pipelines.packet.verification import verify
from pipelines.warc.reader import read_members
from pipelines.warc.records import Exchange, HttpMessage
from pipelines.warc.writer import WarcFile

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 1, 1, tzinfo=UTC)
URL = "https://market.example.com/l/17"
# A packet of 50 captures is opened by a person: a second is what they wait without asking why.
SMALL_BAR = 1.0
# Growth of the peak between a packet of a tenth and the large one, in MB.
MEMORY_BAR = 30.0


def make_page(source: random.Random, size: int = 60_000) -> bytes:
    rows = []
    length = 0
    while length < size:
        rows.append(f'<div class="row"><a href="/l/{source.randrange(10**6)}">{source.randbytes(24).hex()}</a></div>')
        length += len(rows[-1])
    return "".join(rows).encode()


def make_dossier(vault: Path, count: int) -> Dossier:
    vault.mkdir(parents=True)
    source = random.Random(17)  # noqa: S311 -- invented pages, the same each time
    captures = []
    with WarcFile(vault / "run.warc.gz", root=vault) as warc:
        for number in range(count):
            at = START + timedelta(hours=number)
            body = make_page(source)
            response = HttpMessage(start_line=b"HTTP/1.1 200 OK", headers=((b"Content-Type", b"text/html"),), body=body)
            [stored] = warc.append([Exchange(url=URL, at=at, response=response)])
            captures.append(
                Capture(
                    id=f"c{number}", site="market", run="r1", url=URL, method=CaptureMethod.HTTP, at=at,
                    http_status=200, content_type="text/html", stored=stored, kind=PageKind.DETAIL,
                )
            )  # fmt: skip
    seen = {"first_seen": START.isoformat(), "last_seen": captures[-1].at.isoformat(), "url": URL, "status": "active"}
    words = {"title": "A listing", "description": "Some words. " * 50}
    nothing: dict[str, object] = {"price": None, "seller": None, "location": None, "posted": None, "assessment": None}
    listing = {"site": "market", "id": "17", **seen, **words, **nothing, "contacts": [], "items": []}
    versions = tuple({"number": 1, "capture": capture.id, "content": listing} for capture in captures[:3])
    return Dossier(
        site="market", id="17", workspace="bench", listing=listing, versions=versions, captures=tuple(captures),
        read=partial(read_members, vault),
    )  # fmt: skip


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def peak_of(captures: int) -> float:
    """Peak memory, in MB, of a process of its own that makes and verifies one packet."""
    command = [sys.executable, __file__, "--peak", str(captures)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def print_peak(captures: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        packet = Path(folder, "packet.zip")
        create(make_dossier(Path(folder, "vault"), captures), packet, SigningKey.generate())
        if not verify(packet).valid:
            raise SystemExit("the packet does not verify")
    # Not ru_maxrss: a new process starts with its parent's peak.
    status = Path("/proc/self/status").read_text()
    print(next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024)


def measure(folder: Path, captures: int, packets: int) -> dict[str, float]:
    dossier = make_dossier(folder / f"vault-{captures}", captures)
    key = SigningKey.generate()
    packet = folder / f"{captures}.zip"
    making = min(seconds(lambda: create(dossier, packet, key)) for _ in range(packets))
    checking = min(seconds(lambda: verify(packet)) for _ in range(packets))
    bag = folder / f"bag-{captures}"
    subprocess.run(["unzip", "-q", packet, "-d", bag], check=True)
    zipping = seconds(lambda: subprocess.run(["zip", "-q", "-r", folder / f"plain-{captures}.zip", bag], check=True))
    hashing = seconds(lambda: subprocess.run(["sha256sum", packet], capture_output=True, check=True))
    size = packet.stat().st_size / 1e6
    return {
        "megabytes": size,
        "create_seconds": making,
        "create_packets_per_second": 1 / making,
        "create_megabytes_per_second": size / making,
        "verify_seconds": checking,
        "verify_megabytes_per_second": size / checking,
        "zip_megabytes_per_second": size / zipping,
        "sha256sum_megabytes_per_second": size / hashing,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captures", type=int, default=50)
    parser.add_argument("--packets", type=int, default=20)
    parser.add_argument("--large", type=int, default=1000)
    parser.add_argument("--peak", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak is not None:
        print_peak(options.peak)
        return
    with tempfile.TemporaryDirectory() as folder:
        sizes = {"one": (1, options.packets), "small": (options.captures, options.packets), "large": (options.large, 1)}
        results = {name: measure(Path(folder), *size) for name, size in sizes.items()}
    figures = {f"{name}_{figure}": round(value, 3) for name, rows in results.items() for figure, value in rows.items()}
    for name, value in figures.items():
        print(f"{name:42} {value}")
    peaks = {count: peak_of(count) for count in (options.large // 10, options.large)}
    figures |= {f"peak_mb_{count}_captures": round(peak, 1) for count, peak in peaks.items()}
    growth = round(peaks[options.large] - peaks[options.large // 10], 1)
    waiting = figures["small_create_seconds"]
    bars = {
        "small_create_seconds": {"value": waiting, "bar": SMALL_BAR, "met": waiting <= SMALL_BAR},
        "memory_growth_mb": {"value": growth, "bar": MEMORY_BAR, "met": growth <= MEMORY_BAR},
    }
    print(json.dumps({"bench": "packet", "figures": figures, "bars": bars}))


if __name__ == "__main__":
    main()
