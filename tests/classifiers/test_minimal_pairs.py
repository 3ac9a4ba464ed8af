"""Polarity and attachment: texts that differ in a few words must differ in what they show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from classifiers import Text

if TYPE_CHECKING:
    from classifiers import Assessor

DATA: dict[str, Any] = YAML(typ="safe", pure=True).load(Path(__file__).with_name("minimal_pairs.yaml").read_text())
SIDES = [side for pair in DATA["pairs"] for side in pair]


@pytest.mark.parametrize("side", SIDES, ids=lambda side: f"{side[0]}-{side[3][:40]}")
def test_each_side_shows_what_it_says_and_not_its_opposite(assessor: Assessor, side: list[Any]) -> None:
    _, jurisdiction, title, description, expected, forbidden = side
    [assessment] = assessor.assess([Text(title=title, description=description, jurisdiction=jurisdiction)])
    names = {finding.name for finding in assessment.signals}
    assert set(expected) <= names
    assert names.isdisjoint(forbidden)


@pytest.mark.parametrize("row", DATA["classes"], ids=lambda row: row[0])
def test_things_get_their_class(assessor: Assessor, row: list[str]) -> None:
    title, description, expected = row
    [assessment] = assessor.assess([Text(title=title, description=description)])
    assert assessment.item_class == expected
