"""What a machine lacks is told by tests that fail, never by tests that were left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

SKIPPED = """
import pytest

def test_leaves_itself_out():
    pytest.skip("no such part")

@pytest.mark.skipif(True, reason="no such part")
def test_is_left_out():
    pass

@pytest.fixture
def part():
    pytest.skip("no such part")

def test_has_a_part_that_is_not_there(part):
    pass
"""


def test_a_skipped_test_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((HERE / "conftest.py").read_text())
    (tmp_path / "test_skipping.py").write_text(SKIPPED)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:warnings",
        "--rootdir",
        ".",
        ".",
    ]
    alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    done = subprocess.run(command, cwd=tmp_path, env=alone, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 failed, 2 errors"), done.stdout
