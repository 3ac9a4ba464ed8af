"""What a release consists of: its licence, its parts list, its workflows."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
DIGEST = "ab" * 32


@cache
def script(name: str) -> ModuleType:
    """A script of release/, as a module."""
    spec = importlib.util.spec_from_file_location(f"release_{name}", ROOT / "release" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def environment() -> dict[str, Any]:
    found: dict[str, Any] = script("sbom").describe_environment()
    return found


def core_of(environment: dict[str, Any], *names: str) -> dict[str, tuple[str, str]]:
    return {
        one["name"].lower(): (one["version"], DIGEST)
        for one in environment["components"]
        if one["name"].lower() in names
    }


def test_the_parts_list_holds_the_core_alone_with_licences_and_hashes(environment: dict[str, Any]) -> None:
    core = core_of(environment, "click", "scrapy", "protobuf", "twisted")
    assert len(core) == 4
    document = script("sbom").assemble(environment, core)
    assert [one["name"].lower() for one in document["components"]] == sorted(core)
    for one in document["components"]:
        assert one["licenses"]
        assert one["hashes"] == [{"alg": "SHA-256", "content": DIGEST}]
    assert document["metadata"]["component"]["name"] == "tracemark"
    assert {"license": {"acknowledgement": "declared", "id": "Apache-2.0"}} in document["metadata"]["component"][
        "licenses"
    ]
    refs = {one["bom-ref"] for one in document["components"]}
    [scrapy] = [one for one in document["dependencies"] if one["ref"].lower().startswith("scrapy==")]
    assert {ref.split("==")[0].lower() for ref in scrapy["dependsOn"]} == {"twisted"}
    assert {ref for one in document["dependencies"] for ref in one["dependsOn"]} <= refs


def test_what_is_wrong_with_a_part_is_said_all_at_once(environment: dict[str, Any]) -> None:
    core = core_of(environment, "click", "surt")
    core["click"] = ("0.1", DIGEST)
    core["nothing-of-the-kind"] = ("1", DIGEST)
    with pytest.raises(ValueError, match="copyleft") as refused:
        script("sbom").assemble(environment, core)
    told = str(refused.value)
    assert "nothing-of-the-kind is not installed" in told
    assert "click 0.1 is resolved" in told
    assert "surt is copyleft" in told


def test_a_parts_list_that_its_schema_refuses_is_not_written(environment: dict[str, Any]) -> None:
    [(version, _)] = core_of(environment, "click").values()
    with pytest.raises(ValueError, match="CycloneDX"):
        script("sbom").assemble(environment, {"click": (version, "no digest")})


def test_the_licence_is_one_and_the_same() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert PROJECT["license-files"] == ["LICENSE"]
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0" in text
    assert "Apache-2.0" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_licences_that_are_told_are_those_of_the_metadata(environment: dict[str, Any]) -> None:
    named = {
        re.sub(r"[-_.]+", "-", one["name"]).lower(): re.sub(
            r"Apache Software License", "Apache-2.0", re.sub(r"\bBSD License", "BSD-3", str(one.get("licenses")))
        )
        for one in environment["components"]
    }
    told = re.findall(
        r"^\| ([\w.-]+) \| ([^|;]+)", (ROOT / "docs" / "dependencies.md").read_text("utf-8"), re.MULTILINE
    )
    rows = [(re.sub(r"[-_.]+", "-", name).lower(), licence.strip()) for name, licence in told if name != "package"]
    assert len(rows) > 55
    wrong = [
        (name, licence, named[name])
        for name, licence in rows
        if any(part not in named[name] for part in re.split(r"/| or ", licence))
    ]
    assert wrong == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_grant_little_and_name_versions(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    workflow = YAML(typ="safe", pure=True).load(text)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        for step in job.get("steps", ()):
            if "uses" in step:
                assert re.fullmatch(r"[\w./-]+@(v\d+|release/v1|[0-9a-f]{40})", step["uses"]), step["uses"]
        if "uses" in job:
            assert (ROOT / job["uses"]).is_file(), job["uses"]
    for target in re.findall(r"\bmake ([\w-]+)", text):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE), target
    assert "secrets." not in text


def test_there_are_two_workflows() -> None:
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "release.yml"]
