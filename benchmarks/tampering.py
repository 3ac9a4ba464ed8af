"""Kinds of tampering times packets: what our verifier, the one inside the packet, and the usual tools find.

    python benchmarks/tampering.py [--packets 20] [--kinds 1000]

The kinds are those of the tests (tests/pipelines/packet/packet_tamperings.py): without the key, with the key (a fault
in a writer, or what the holder of a key could do), and of the archive itself. Each packet is made here, with captures
of its own. The usual tools get what can be unpacked: a kind that breaks the archive is found by any unpacker first.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "pipelines" / "packet"))

import bagit
from packet_samples import SEALED, make_captures, make_dossier
from packet_tamperings import RAW, SIGNED, UNSIGNED, read_zip, reseal, write_zip
from wacz.main import main as wacz
from warcio.checker import Checker

from pipelines.packet.creation import create
from pipelines.packet.keys import SigningKey
from pipelines.packet.standalone import write_verifier
from pipelines.packet.verification import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS_BAR = 60
ASKING = """
import contextlib, io, runpy, sys
main = runpy.run_path(sys.argv[1])["main"]
for line in sys.stdin:
    with contextlib.redirect_stdout(io.StringIO()):
        code = main([line.strip()])
    print(code, flush=True)
"""
TOOLS = ("bagit", "bagit --fast", "wacz validate", "warcio check")


def make_packet(folder: Path, number: int, key: SigningKey) -> bytes:
    """A packet of one to four pages, different in every packet."""
    vault = folder / f"vault-{number}"
    captures = make_captures(vault, 2 + number % 4, filler=b"<p>%d</p>" % number)
    dossier = make_dossier(vault, captures, workspace=f"desk {number}")
    create(dossier, folder / "packet.zip", key, clock=lambda: SEALED + timedelta(minutes=number))
    return (folder / "packet.zip").read_bytes()


def tamperings(packet: bytes, key: SigningKey) -> Iterator[tuple[str, bytes]]:
    """Each kind's name and the packet so changed; a kind that changes nothing of this packet is left out."""
    for kind, change in UNSIGNED.items():
        parts = read_zip(packet)
        changed = change(dict(parts))
        if changed != parts:
            yield f"without the key: {kind}", write_zip(changed)
    for kind, change in SIGNED.items():
        parts = read_zip(packet)
        changed = change(dict(parts))
        if changed != parts:
            yield f"with the key: {kind}", write_zip(reseal(changed, key))
    for kind, alter in RAW.items():
        raw = alter(packet)
        if raw != packet:
            yield f"archive: {kind}", raw


def choose(every: list[tuple[str, bytes]], most: int) -> list[tuple[str, bytes]]:
    """At most so many of them, evenly from all; the same ones for every packet."""
    some = min(most, len(every))
    return [every[place * len(every) // some] for place in range(some)]


class Alone:
    """The verifier from inside a packet, in an isolated process of its own that is asked again and again."""

    def __init__(self, verifier: Path) -> None:
        command = [sys.executable, "-I", "-c", ASKING, str(verifier)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, packet: Path) -> int:
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the verifier's process has no pipes")
        self.process.stdin.write(f"{packet}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate()


def ask_usual_tools(packet: Path, folder: Path) -> dict[str, bool] | None:
    """Which of them find something; None where the packet cannot be unpacked at all."""
    bag = folder / "bag"
    try:
        with zipfile.ZipFile(packet) as archive:
            if any(".." in name or name.startswith("/") for name in archive.namelist()):
                return None
            archive.extractall(bag)
    except Exception:  # noqa: BLE001 -- whatever it is, an unpacker found it
        return None
    found = {
        "bagit": not _passes(lambda: bagit.Bag(str(bag)).validate()),
        "bagit --fast": not _passes(lambda: bagit.Bag(str(bag)).validate(fast=True)),
    }
    archive_file = bag / "data" / "captures.wacz"
    found["wacz validate"] = not _passes(lambda: wacz(["validate", "-f", str(archive_file)]) == 0)
    try:
        with zipfile.ZipFile(archive_file) as inner:
            inner.extractall(folder / "wacz")
        found["warcio check"] = not _passes(lambda: _check_warc(folder / "wacz" / "archive" / "captures.warc.gz"))
    except Exception:  # noqa: BLE001 -- it cannot be read
        found["warcio check"] = True
    return found


def _check_warc(path: Path) -> bool:
    class Command:
        verbose = False
        inputs = (str(path),)

    checker = Checker(Command())
    checker.process_all()
    return not checker.exit_value


def _passes(check: object) -> bool:
    """Whether a tool says that all is well; an error of its own is a finding."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            return check() is not False  # type: ignore[operator]  # a callable
        except (Exception, SystemExit):  # noqa: BLE001 -- see above
            return False


def print_table(
    kinds: Counter[str],
    ours: Counter[str],
    alone: Counter[str],
    usual: Counter[tuple[str, str]],
    unpacked: Counter[str],
) -> None:
    print(f"{'kind':66} {'ours':>5} {'alone':>5} " + " ".join(f"{tool:>13}" for tool in TOOLS))
    for kind in kinds:
        cells = [f"{usual[kind, tool]:>13}" if unpacked[kind] else f"{'unpacking':>13}" for tool in TOOLS]
        print(f"{kind:66} {ours[kind]:>5} {alone[kind]:>5} " + " ".join(cells))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=20)
    parser.add_argument("--kinds", type=int, default=1000, help="how many kinds, evenly from all (default: all)")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    key = SigningKey.generate()
    kinds: Counter[str] = Counter()
    ours: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    usual: Counter[tuple[str, str]] = Counter()
    unpacked: Counter[str] = Counter()
    false_alarms = agreed = asked = 0
    usual_alarms: Counter[str] = Counter()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        verifier = folder / "verify.py"
        verifier.write_bytes(write_verifier())
        inside = Alone(verifier)
        for number in range(options.packets):
            packet = make_packet(folder, number, key)
            path = folder / "packet.zip"
            for kind, changed in [("untouched", packet), *choose(list(tamperings(packet, key)), options.kinds)]:
                path.write_bytes(changed)
                code, other = int(verify(path).exit_code), inside.ask(path)
                asked += 1
                agreed += code == other
                with tempfile.TemporaryDirectory(dir=folder) as place:
                    tools = ask_usual_tools(path, Path(place))
                if kind == "untouched":
                    false_alarms += code != 0 or other != 0
                    usual_alarms.update(tool for tool, alarm in (tools or {}).items() if alarm)
                    continue
                kinds[kind] += 1
                ours[kind] += code == 1
                alone[kind] += other == 1
                if tools is not None:
                    unpacked[kind] += 1
                    usual.update((kind, tool) for tool, alarm in tools.items() if alarm)
            told = f"{asked} asked, {agreed} agreed, {sum(ours.values())} of {sum(kinds.values())} found"
            print(f"packet {number + 1}: {told}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        inside.close()
    print_table(kinds, ours, alone, usual, unpacked)
    total = sum(kinds.values())
    figures = {
        "kinds": len(kinds),
        "packets": options.packets,
        "tampered": total,
        "found": sum(ours.values()),
        "found_standalone": sum(alone.values()),
        "false_alarms": false_alarms,
        "seen_by_the_usual_tools": sum(unpacked.values()),
    }
    figures |= {f"found_by {tool}": sum(usual[kind, tool] for kind in kinds) for tool in TOOLS}
    figures |= {f"false_alarms_of {tool}": usual_alarms[tool] for tool in TOOLS}
    missed_by_all = sum(
        unpacked[kind] > 0 and not any(usual[kind, tool] for tool in TOOLS if tool != "bagit --fast") for kind in kinds
    )
    figures["kinds_no_usual_tool_finds"] = missed_by_all
    bars = {
        "kinds": {"value": len(kinds), "bar": KINDS_BAR, "met": len(kinds) >= KINDS_BAR},
        "found_share": {"value": sum(ours.values()) / total, "bar": 1.0, "met": sum(ours.values()) == total},
        "agreement_share": {"value": agreed / asked, "bar": 1.0, "met": agreed == asked},
        "false_alarms": {"value": false_alarms, "bar": 0, "met": false_alarms == 0},
    }
    print(json.dumps({"bench": "tampering", "figures": figures, "bars": bars}))


if __name__ == "__main__":
    main()
