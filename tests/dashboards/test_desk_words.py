"""What the desk never says: no template, and no word of its code's own, accuses anybody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dashboards

ROOT = Path(dashboards.__file__).parent
TEMPLATES = sorted(ROOT.rglob("*.html"))
ACCUSING = re.compile(
    r"\b(?:traffick\w*|criminal\w*|crimes?|illegal\w*|illicit\w*|guilty|guilt|offender\w*|perpetrator\w*|suspect\w*"
    r"|culprit\w*|felon\w*|smuggl\w*|gun[- ]?runner\w*|straw buyer\w*|fraudster\w*|unlawful\w*|violator\w*"
    r"|threat actor\w*)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_accuses(template: Path) -> None:
    assert ACCUSING.findall(template.read_text("utf-8")) == []


def test_no_wording_in_code_accuses() -> None:
    found = {
        path.name: words
        for path in sorted(ROOT.rglob("*.py"))
        if (words := ACCUSING.findall(" ".join(re.findall(r'"[^"\n]*"', path.read_text("utf-8")))))
    }
    assert found == {}


def test_the_reading_finds_what_it_looks_for() -> None:
    assert ACCUSING.findall("A known trafficker's illicit listing, by a suspect.") == [
        "trafficker",
        "illicit",
        "suspect",
    ]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_script_style_or_addresses_of_its_own(template: Path) -> None:
    text = template.read_text("utf-8")
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|javascript:|\|\s*safe\b", text)
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text)
