"""Runs the installed `tracemark` as a person would, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

TRACEMARK = Path(sys.executable).parent / "tracemark"
PERSON = ("--operator", "Example Unit", "--contact", "unit@example.org", "--authority", "Test")


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without any setting of Tracemark's, and `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACEMARK")}
    return {**kept, **more}


def tracemark(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `tracemark ARGUMENTS` said and how it ended."""
    return subprocess.run(
        [str(TRACEMARK), *arguments],
        cwd=cwd,
        env=clean_environment(**environment),
        check=False,
        capture_output=True,
        text=True,
        timeout=800,
    )


def answer(*arguments: str, cwd: Path, code: int = 0, **environment: str) -> Any:
    """The JSON that `tracemark ARGUMENTS --json` prints, having ended with `code`."""
    done = tracemark(*arguments, "--json", cwd=cwd, **environment)
    assert done.returncode == code, (done.returncode, done.stdout[-2000:], done.stderr[-4000:])
    return json.loads(done.stdout)
