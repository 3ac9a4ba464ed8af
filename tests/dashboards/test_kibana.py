"""The saved objects for Kibana: as the field definitions make them, whole in themselves, over columns that exist."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import validate

from dashboards.kibana.objects import CHARTS, DAYS, FILE, make_objects, write_objects
from pipelines.index.elastic_query import make_mapping

STRINGS = ("visState", "uiStateJSON", "panelsJSON", "optionsJSON", "fields", "fieldAttrs", "runtimeFieldMap")
FORM = {
    "type": "object",
    "required": ["type", "id", "attributes", "references"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ["index-pattern", "visualization", "dashboard"]},
        "id": {"type": "string", "pattern": "^[a-z-]+$"},
        "attributes": {
            "type": "object",
            "required": ["title"],
            "properties": {name: {"type": "string"} for name in STRINGS},
        },
        "references": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "type", "id"],
                "additionalProperties": False,
                "properties": {name: {"type": "string"} for name in ("name", "type", "id")},
            },
        },
    },
}


@pytest.fixture(scope="module")
def objects() -> list[dict[str, Any]]:
    return [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def test_the_file_is_what_the_definitions_make() -> None:
    assert FILE.read_text(encoding="utf-8") == write_objects(), "python -m dashboards.kibana.objects"


def test_each_object_has_the_form_and_refers_to_one_before_it(objects: list[dict[str, Any]]) -> None:
    known: set[tuple[str, str]] = set()
    for one in objects:
        validate(one, FORM)
        for name in STRINGS:
            json.loads(one["attributes"].get(name, "{}"))
        for reference in one["references"]:
            assert (reference["type"], reference["id"]) in known
        known.add((one["type"], one["id"]))
    assert len(known) == len(objects) == len(CHARTS) + 2


def test_each_chart_counts_by_a_column_that_can_be_counted(objects: list[dict[str, Any]]) -> None:
    columns = make_mapping()["properties"]
    for one in objects:
        if one["type"] == "visualization":
            for aggregation in json.loads(one["attributes"]["visState"])["aggs"]:
                column = aggregation["params"].get("field")
                assert column is None or column in DAYS or columns[column]["type"] == "keyword"
    assert all(columns[column]["type"] == "long" for column in DAYS.values())


def test_each_panel_is_one_of_the_charts_and_lies_on_the_grid(objects: list[dict[str, Any]]) -> None:
    board = objects[-1]
    panels = json.loads(board["attributes"]["panelsJSON"])
    names = {one["name"]: one["id"] for one in board["references"]}
    taken = set()
    for panel in panels:
        assert names[f"{panel['panelIndex']}:{panel['panelRefName']}"] == f"tracemark-{panel['panelIndex']}"
        grid = panel["gridData"]
        assert grid["i"] == panel["panelIndex"]
        assert 0 <= grid["x"] <= 48 - grid["w"]
        taken |= {(grid["x"] + x, grid["y"] + y) for x in range(grid["w"]) for y in range(grid["h"])}
    assert len(taken) == sum(one["gridData"]["w"] * one["gridData"]["h"] for one in panels)


def test_no_contact_is_charted_or_shown(objects: list[dict[str, Any]]) -> None:
    view, *rest = objects
    hidden = {one["value"] for one in json.loads(view["attributes"]["sourceFilters"])}
    assert {"contact", "line.contacts"} <= hidden
    assert "contact" not in json.dumps(rest)
    assert [one["id"] for one in make_objects()] == [one["id"] for one in objects]
