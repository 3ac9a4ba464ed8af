# ruff: noqa: INP001 -- a script, not a package
"""Writes the SBOM of the core install, CycloneDX 1.6 as JSON: `python release/sbom.py dist`.

What belongs to the core, in which version, and the SHA-256 of each wheel is pip's own answer for this Python and this
platform under constraints.txt; licences and who needs whom are read by cyclonedx-bom from the installed metadata. It
ends with a message where the two differ, where a licence is missing or is the GPL or AGPL, or where the document does
not fulfil the CycloneDX schema.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).resolve().parent.parent
NAMED = {"protobuf": "BSD-3-Clause"}
"""Licences of those whose metadata says it in words of their own, as their licence file has it."""
COPYLEFT = re.compile(r"\bA?GPL|GNU (Affero )?General Public")


def describe_environment() -> dict[str, Any]:
    """Everything that is installed beside this Python, as cyclonedx-bom sees it."""
    command = ("-m", "cyclonedx_py", "environment", "--pyproject", str(ROOT / "pyproject.toml"))
    done = subprocess.run([sys.executable, *command, "--output-reproducible"], check=True, capture_output=True)  # noqa: S603 -- our own Python
    body: dict[str, Any] = json.loads(done.stdout)
    return body


def resolve_core() -> dict[str, tuple[str, str]]:
    """The core install by name: version, and the SHA-256 of the file that pip would install."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        options = ("--quiet", "--dry-run", "--ignore-installed", "--report", report.name)
        command = (sys.executable, "-m", "pip", "install", *options, "-c", str(ROOT / "constraints.txt"), str(ROOT))
        subprocess.run(command, check=True, stdout=sys.stderr)  # noqa: S603 -- our own Python
        found = json.loads(Path(report.name).read_text(encoding="utf-8"))["install"]
    return {
        _name(one["metadata"]["name"]): (
            one["metadata"]["version"],
            one["download_info"]["archive_info"]["hashes"]["sha256"],
        )
        for one in found
        if _name(one["metadata"]["name"]) != "tracemark"
    }


def assemble(environment: dict[str, Any], core: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """The document of the core alone. Raises ValueError with everything that is wrong with it."""
    installed = {_name(one["name"]): one for one in environment["components"]}
    wrong = [f"{name} is not installed" for name in core if name not in installed]
    components = []
    for name, (version, digest) in sorted(core.items()):
        if name not in installed:
            continue
        one = dict(installed[name])
        if name in NAMED:
            one.setdefault("licenses", [{"license": {"id": NAMED[name], "acknowledgement": "declared"}}])
        licences = json.dumps(one.get("licenses", []))
        wrong += [f"{name} {version} is resolved, {one['version']} installed"] if one["version"] != version else []
        wrong += [f"{name} names no licence"] if not one.get("licenses") else []
        wrong += [f"{name} is copyleft: {licences}"] if COPYLEFT.search(licences) and "LGPL" not in licences else []
        components.append({**one, "hashes": [{"alg": "SHA-256", "content": digest}]})
    if wrong:
        raise ValueError("\n".join(wrong))
    kept = {environment["metadata"]["component"]["bom-ref"], *(one["bom-ref"] for one in components)}
    dependencies = [
        {**one, "dependsOn": [ref for ref in one.get("dependsOn", ()) if ref in kept]}
        for one in environment["dependencies"]
        if one["ref"] in kept
    ]
    document = {**environment, "components": components, "dependencies": dependencies}
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document))
    if fault:
        raise ValueError(f"not as the CycloneDX schema says: {fault}")
    return document


def _name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(folder: Path) -> None:
    """Write the document into `folder`, named by version."""
    try:
        document = assemble(describe_environment(), resolve_core())
    except ValueError as error:
        sys.exit(str(error))
    about = document["metadata"]["component"]
    path = folder / f"{about['name']}-{about['version']}.cdx.json"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{path}: {len(document['components'])} components")  # noqa: T201 -- what the person reads


if __name__ == "__main__":
    main(Path(sys.argv[1]))
