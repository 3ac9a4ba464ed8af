"""Runs `tracemark` as a person would, in a process of its own.

The process is forked from one that has loaded what most commands import: a new interpreter would spend most of its time
on that, a few hundred times in a run of the tests. What is about the process itself (signals, how long `--help` takes)
starts the installed command, `TRACEMARK`.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cli import COMMANDS, main

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.context import ForkServerContext

TRACEMARK = Path(sys.executable).parent / "tracemark"
LONGEST = 800.0  # seconds
LOADED_ONCE = ("classifiers.assessor", "pipelines.assess", "pipelines.composition", "pipelines.feed")
PERSON = ("--operator", "Example Unit", "--contact", "unit@example.org", "--authority", "Test")


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without any setting of Tracemark's, and `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACEMARK")}
    return {**kept, **more}


def tracemark(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `tracemark ARGUMENTS` said and how it ended."""
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder, "stdout"), Path(folder, "stderr")]
        process = _server().Process(target=_carry_out, args=(arguments, cwd, clean_environment(**environment), said))
        process.start()
        process.join(LONGEST)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(arguments, LONGEST)
        stdout, stderr = (path.read_text(encoding="utf-8") for path in said)
        return subprocess.CompletedProcess(arguments, process.exitcode, stdout, stderr)


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    commands = {place.partition(":")[0] for place, _ in COMMANDS.values()}
    context.set_forkserver_preload(sorted({*commands, *LOADED_ONCE}))
    return context


def _carry_out(arguments: tuple[str, ...], cwd: Path, environment: Mapping[str, str], said: list[Path]) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate(said, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
    sys.argv = ["tracemark", *arguments]
    main()


def answer(*arguments: str, cwd: Path, code: int = 0, **environment: str) -> Any:
    """The JSON that `tracemark ARGUMENTS --json` prints, having ended with `code`."""
    done = tracemark(*arguments, "--json", cwd=cwd, **environment)
    assert done.returncode == code, (done.returncode, done.stdout[-2000:], done.stderr[-4000:])
    return json.loads(done.stdout)
