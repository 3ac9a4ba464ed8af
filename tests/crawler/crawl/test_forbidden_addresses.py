"""No connection to a forbidden address, seen at the server (benchmarks/forbidden.py tries all cases, and others')."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "forbidden.py"


def test_no_forbidden_address_is_connected_to() -> None:
    command = [sys.executable, str(SCRIPT), "--every", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert all(bar["met"] for bar in found["bars"].values()), found
    figures = found["figures"]
    assert figures["control_seen"]
    assert figures["public_connections_scrapy"] > 0
    assert figures["public_connections_chromium"] > 0
    assert "Traceback" not in done.stderr
