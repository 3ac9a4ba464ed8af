"""Every rule that docs/governance.md says is kept names a test, and the test is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "governance.md").read_text(encoding="utf-8")
RULES = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| rule")]


def test_every_rule_names_a_test_that_is_there() -> None:
    missing = []
    for rule in RULES:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", rule)
        assert named, f"no test holds: {rule}"
        missing += [
            f"{file}::{name}" for file, name in named if not re.search(rf"^def {name}\(", _text(file), re.MULTILINE)
        ]
    assert missing == []


def test_there_are_rules() -> None:
    assert len(RULES) > 20


def _text(file: str) -> str:
    path = ROOT / file
    return path.read_text(encoding="utf-8") if path.is_file() else ""
