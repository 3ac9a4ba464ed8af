"""kill -9 while a crawl works: nothing lost, nothing doubled (benchmarks/kills.py does it hundreds of times)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "kills.py"


def test_a_killed_crawl_loses_and_doubles_nothing() -> None:
    command = [
        sys.executable,
        str(SCRIPT),
        "--kills",
        "6",
        "--market",
        "harborlist",
        "--listings",
        "0",
        "--minutes",
        "1",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    line = json.loads(done.stdout.splitlines()[-1])
    assert line["figures"]["kills"] >= 1
    assert {name: bar["value"] for name, bar in line["bars"].items()} == {
        "lost": 0,
        "doubled": 0,
        "versions_doubled": 0,
        "unreadable_files": 0,
    }
