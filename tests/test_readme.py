"""What the README says to type works as it stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from command_line import TRACEMARK, clean_environment

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_command_block_runs(tmp_path: Path) -> None:
    [block] = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    path = f"{TRACEMARK.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=tmp_path,
        env=clean_environment(PATH=path),
        check=False,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "example-market/1001" in done.stdout
    assert "verified" in done.stdout


def test_the_site_file_holds_together(tmp_path: Path) -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "example-market.yaml").write_text(block)
    done = subprocess.run(
        [str(TRACEMARK), "site", "check", "example-market.yaml"],
        cwd=tmp_path,
        env=clean_environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+?)\)", README):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
