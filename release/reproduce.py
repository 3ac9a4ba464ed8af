# ruff: noqa: INP001 -- a script, not a package
"""Builds wheel and sdist twice, from two copies with other times and another umask, and compares the bytes.

`python release/reproduce.py [FOLDER]` exits 1 and names what differs; FOLDER gets the files.
The times inside are those of SOURCE_DATE_EPOCH, else hatchling's own fixed day.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def build(source: Path, out: Path, umask: int) -> dict[str, bytes]:
    """What `python -m build` makes of the tree at `source`, by file name."""
    command = (sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source))
    done = subprocess.run(command, check=False, capture_output=True, text=True, umask=umask)  # noqa: S603 -- our own Python
    if done.returncode:
        sys.exit(f"the build failed:\n{done.stdout}{done.stderr}")
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def copy_tree(target: Path, moment: int | None) -> Path:
    """The files that git knows of, as they lie here, in a folder of their own; all with one time where it is given."""
    listed = subprocess.run(("git", "ls-files", "-z"), cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S607
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, path)
            if moment is not None:
                os.utime(path, (moment, moment))
    return target


def differences(folder: Path) -> list[str]:
    """Names of built files whose bytes differ; `folder` gets the first build."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        first = build(copy_tree(scratch / "one", None), scratch / "first", 0o022)
        second = build(copy_tree(scratch / "another" / "two", 1_000_000_000), scratch / "second", 0o077)
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in first.items():
        (folder / file).write_bytes(content)
        print(f"{hashlib.sha256(content).hexdigest()}  {file}  {len(content)} bytes")  # noqa: T201 -- read by people
    return sorted(file for file in first.keys() | second.keys() if first.get(file) != second.get(file))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as spare:
        found = differences(Path(sys.argv[1]) if sys.argv[1:] else Path(spare))
    sys.exit(f"not the same bytes twice: {', '.join(found)}" if found else 0)
