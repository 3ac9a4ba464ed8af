"""Builds the wheel, installs it into an environment of its own and does the main job with it, outside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FEED = [
    {
        "id": "1",
        "title": "Glock 19 gen 4",
        "description": "Private sale, no background check needed. Cash.",
        "price": 450,
    },
    {"id": "2", "title": "Oak table", "description": "Six chairs, collect only.", "price": "120"},
]


def run(*command: str, cwd: Path, environment: dict[str, str] | None = None) -> str:
    """The command's standard output; ends the program where the command fails."""
    done = subprocess.run(command, cwd=cwd, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> None:
    """Build, install, import, assess, search, seal, verify."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT), cwd=ROOT)
        wheel = next(folder.glob("*.whl"))
        # The dependencies are those of this environment: what is tested is what the wheel itself holds.
        venv.create(folder / "env", with_pip=False)
        python = str(folder / "env" / "bin" / "python")
        site_packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
        run(
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--target",
            site_packages,
            str(wheel),
            cwd=folder,
        )
        ours = run(sys.executable, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
        Path(site_packages, "dependencies.pth").write_text(f"{ours}\n")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("TRACEMARK", "PYTHON"))}

        def tracemark(*arguments: str) -> str:
            return run(python, "-P", "-m", "pipelines.cli", *arguments, cwd=folder, environment=environment)

        where = run(
            python, "-P", "-c", "import pipelines; print(pipelines.__file__)", cwd=folder, environment=environment
        )
        if not where.startswith(site_packages):
            sys.exit(f"the checkout is tested instead of the wheel: {where}")
        (folder / "feed.jsonl").write_text("".join(json.dumps(line) + "\n" for line in FEED))
        tracemark("init", "room", "--operator", "Example Unit", "--contact", "unit@example.org", "--authority", "Test")
        os.chdir(folder)
        tracemark("import", "feed.jsonl", "--site", "market", "--currency", "USD", "--workspace", "room")
        tracemark("assess", "--workspace", "room")
        found = json.loads(tracemark("search", "glock", "--json", "--workspace", "room"))
        tracemark("packet", "create", "market/1", "--out", "packet.zip", "--workspace", "room")
        verified = json.loads(tracemark("packet", "verify", "packet.zip", "--json", "--workspace", "room"))
        if found["total"] != 1 or not verified["valid"]:
            sys.exit(f"the wheel does not do the main job: {found['total']} found, {verified}")
        print(f"{wheel.name}: main job done")  # noqa: T201 -- this is what the person reads


if __name__ == "__main__":
    main()
