"""A cluster of three whose nodes are killed and come back while documents go in and searches are asked.

Three nodes take a minute to start: this runs where TRACEMARK_CLUSTER is set, and always in CI.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "faults.py"


@pytest.mark.skipif(
    not os.environ.get("TRACEMARK_CLUSTER") and os.environ.get("CI") != "true",
    reason="three nodes take a minute to start: set TRACEMARK_CLUSTER=1",
)
@pytest.mark.usefixtures("elasticsearch")
def test_nodes_die_and_return_and_nothing_is_lost() -> None:
    command = [sys.executable, str(SCRIPT), "--only", "cluster", "--listings", "2000"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=840)
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    assert [name for name, one in answer["bars"].items() if not one["met"]] == []
    figures = answer["figures"]["cluster"]
    assert figures["changes"] > 2000 + 3 * 500
    assert figures["searches"] > 50
