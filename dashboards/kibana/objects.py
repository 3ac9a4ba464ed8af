"""Kibana's saved objects, made from the index's own mapping and field definitions: a data view, charts, a dashboard.

`python -m dashboards.kibana.objects` writes `tracemark.ndjson`, which Stack Management > Saved Objects imports. The
objects are of the kinds index-pattern, visualization (by aggregations) and dashboard, in the form in which Kibana 8
exports them (https://www.elastic.co/docs/api/doc/kibana/v8/group/endpoint-saved-objects). They hold no contact.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from pipelines.index.elastic_query import make_mapping
from pipelines.index.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.models import JsonObject

FILE = Path(__file__).parent / "tracemark.ndjson"
ALIAS = "tracemark"
VIEW = "tracemark-listings"
DAYS = {"posted_on": "posted_day", "first_seen_on": "first_day", "last_seen_on": "seen_day"}
"""Dates for Kibana's clock, computed from the index's day numbers (days since 1 January 1970)."""

_SOURCE_INDEX = "kibanaSavedObjectMeta.searchSourceJSON.index"
_WIDTH, _HEIGHT, _ACROSS = 16, 14, 3  # of a panel, and how many lie in a row of Kibana's 48 columns


@frozen(kw_only=True)
class Chart:
    """One chart: listings counted by a column."""

    id: str
    title: str
    kind: str  # histogram, horizontal_bar, table or metric
    column: str = ""


CHARTS = (
    Chart(id="total", title="Listings", kind="metric"),
    Chart(id="level", title="Level given by the machine", kind="horizontal_bar", column="review"),
    Chart(id="decision", title="What people decided", kind="horizontal_bar", column="decision"),
    Chart(id="posted", title="Listings by day posted", kind="histogram", column="posted_on"),
    Chart(id="signal", title="Signals observed", kind="horizontal_bar", column="signal"),
    Chart(id="class", title="Classes of items", kind="horizontal_bar", column="class"),
    Chart(id="site", title="Sites", kind="table", column="site"),
    Chart(id="state", title="States and countries", kind="table", column="state"),
    Chart(id="language", title="Languages", kind="table", column="language"),
)


def make_objects() -> list[JsonObject]:
    """Every saved object, what is referred to before what refers to it."""
    return [make_view(), *(_visualization(chart) for chart in CHARTS), _dashboard()]


def make_view() -> JsonObject:
    """The data view: the alias, its dates, and what each field means."""
    fields = make_mapping()["properties"]
    meanings = {field.low_column or name: field.meaning for name, field in FIELDS.items()}
    attributes = {
        "title": ALIAS,
        "name": "Tracemark listings",
        "timeFieldName": "posted_on",
        "fields": "[]",  # Kibana reads them from the mapping
        "fieldAttrs": _text({name: {"customDescription": meanings[name]} for name in fields if name in meanings}),
        "fieldFormatMap": "{}",
        "sourceFilters": _text([{"value": "contact"}, {"value": "line.contacts"}, {"value": "vector*"}]),
        "runtimeFieldMap": _text({name: _runtime(column) for name, column in DAYS.items()}),
    }
    return _object("index-pattern", VIEW, attributes, [])


def _runtime(column: str) -> JsonObject:
    source = f"if (doc['{column}'].size() > 0) {{ emit(doc['{column}'].value * 86400000L) }}"
    return {"type": "date", "script": {"source": source}}


def _visualization(chart: Chart) -> JsonObject:
    state = {"title": chart.title, "type": chart.kind, "aggs": list(_aggregations(chart)), "params": _params(chart)}
    source = {"query": {"query": "", "language": "kuery"}, "filter": [], "indexRefName": _SOURCE_INDEX}
    attributes = {
        "title": f"Tracemark: {chart.title}",
        "description": "",
        "visState": _text(state),
        "uiStateJSON": "{}",
        "version": 1,
        "kibanaSavedObjectMeta": {"searchSourceJSON": _text(source)},
    }
    references = [{"name": _SOURCE_INDEX, "type": "index-pattern", "id": VIEW}]
    return _object("visualization", f"tracemark-{chart.id}", attributes, references)


def _aggregations(chart: Chart) -> Iterator[JsonObject]:
    yield {"id": "1", "enabled": True, "type": "count", "schema": "metric", "params": {}}
    if chart.kind == "histogram":
        params: dict[str, Any] = {"field": chart.column, "interval": "auto", "min_doc_count": 0, "extended_bounds": {}}
        yield {"id": "2", "enabled": True, "type": "date_histogram", "schema": "segment", "params": params}
    elif chart.column:
        params = {"field": chart.column, "size": 20, "order": "desc", "orderBy": "1", "otherBucket": True}
        schema = "bucket" if chart.kind == "table" else "segment"
        yield {"id": "2", "enabled": True, "type": "terms", "schema": schema, "params": params}


def _params(chart: Chart) -> JsonObject:
    if chart.kind == "table":
        return {"perPage": 10, "showTotal": True, "totalFunc": "sum", "showPartialRows": False}
    if chart.kind == "metric":
        return {"type": "metric", "metric": {"labels": {"show": True}, "style": {"fontSize": 48}}}
    return {"type": chart.kind.removeprefix("horizontal_").replace("bar", "histogram"), "addLegend": False}


def _dashboard() -> JsonObject:
    panels = [
        {
            "version": "8.0.0",
            "type": "visualization",
            "panelIndex": chart.id,
            "panelRefName": f"panel_{chart.id}",
            "embeddableConfig": {},
            "gridData": {
                "i": chart.id,
                "x": number % _ACROSS * _WIDTH,
                "y": number // _ACROSS * _HEIGHT,
                "w": _WIDTH,
                "h": _HEIGHT,
            },
        }
        for number, chart in enumerate(CHARTS)
    ]
    attributes = {
        "title": "Tracemark",
        "description": "Signals are leads for a person to look at, never findings. A listing is not a firearm.",
        "panelsJSON": _text(panels),
        "optionsJSON": _text({"useMargins": True, "hidePanelTitles": False}),
        "timeRestore": False,
        "version": 1,
        "kibanaSavedObjectMeta": {
            "searchSourceJSON": _text({"query": {"query": "", "language": "kuery"}, "filter": []})
        },
    }
    references = [
        {"name": f"{chart.id}:panel_{chart.id}", "type": "visualization", "id": f"tracemark-{chart.id}"}
        for chart in CHARTS
    ]
    return _object("dashboard", "tracemark", attributes, references)


def _object(kind: str, name: str, attributes: JsonObject, references: list[JsonObject]) -> JsonObject:
    return {"type": kind, "id": name, "attributes": attributes, "references": references}


def _text(value: Any) -> str:
    """Kibana keeps JSON inside strings."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def write_objects() -> str:
    """The file's text, one object a line."""
    return "".join(json.dumps(one, ensure_ascii=False, sort_keys=True) + "\n" for one in make_objects())


if __name__ == "__main__":
    FILE.write_text(write_objects(), encoding="utf-8")
