"""Clauses and columns in Elasticsearch's words."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from pipelines.index.analysis import ANALYSIS
from pipelines.index.columns import COLUMNS, VECTOR_LENGTH, ColumnKind
from pipelines.index.plan import (
    AllOf,
    AnyOf,
    Anything,
    Begins,
    Between,
    Clause,
    Near,
    OneOf,
    Sequence,
    Silent,
    Term,
    Without,
)

if TYPE_CHECKING:
    from pipelines.index.document import PreparedDocument

_COLUMN_TYPES: dict[ColumnKind, dict[str, Any]] = {
    ColumnKind.TOKENS: {"type": "text", "analyzer": "spaces"},
    ColumnKind.STEMS: {"type": "text", "analyzer": "spaces", "index_options": "freqs"},
    ColumnKind.KEYWORD: {"type": "keyword"},
    ColumnKind.LABEL: {"type": "keyword"},
    ColumnKind.INTEGER: {"type": "long"},
    ColumnKind.FLOAT: {"type": "double"},
}
SETTINGS = {
    "number_of_shards": 1,  # one shard counts exactly, and serves tens of millions of listings
    "auto_expand_replicas": "0-1",
    "refresh_interval": "-1",  # we refresh after every write, so that what was written is found when the call returns
    "gc_deletes": "1h",  # how long a deleted listing's version is remembered against late, older writes
    "analysis": {"analyzer": {"spaces": {"type": "custom", "tokenizer": "whitespace"}}},
}


def make_mapping() -> dict[str, Any]:
    """The columns as an explicit, strict mapping; only the line is kept as it was given."""
    properties: dict[str, Any] = {column.name: _COLUMN_TYPES[column.kind] for column in COLUMNS.values()}
    properties["line"] = {"type": "object", "enabled": False}
    properties["vector"] = {
        "type": "dense_vector",
        "dims": VECTOR_LENGTH,
        "similarity": "cosine",
        "index_options": {"type": "hnsw"},
    }
    properties["vector_kept"] = {"type": "binary", "store": True}
    return {"dynamic": "strict", "_source": {"includes": ["line"]}, "properties": properties}


FORM = blake2b(json.dumps([ANALYSIS, make_mapping(), SETTINGS], sort_keys=True).encode()).hexdigest()[:16]


def make_body(document: PreparedDocument) -> str:
    """A prepared document as the JSON of a bulk request's line."""
    columns = json.dumps(document.columns, ensure_ascii=False, separators=(",", ":"))
    body = f'{columns[:-1]},"line":{document.line.decode()}'
    if document.vector is not None:
        numbers = ",".join(map(repr, document.vector.tolist()))
        body += f',"vector":[{numbers}],"vector_kept":"{b64encode(document.vector.tobytes()).decode()}"'
    return body + "}"


def translate(clause: Clause) -> dict[str, Any]:
    """A clause as an Elasticsearch query with the same hits and scores."""
    match clause:
        case Anything():
            return {"match_all": {"boost": 0.0}}
        case AllOf(clauses=clauses):
            return {"bool": _occurrences(clauses)}
        case AnyOf(clauses=clauses):
            return {"bool": {"should": [translate(part) for part in clauses], "minimum_should_match": 1}}
        case Silent() | Without() | Between() | OneOf():
            return {"bool": _occurrences((clause,))}
        case _:
            return _leaf(clause)


def _occurrences(clauses: tuple[Clause, ...]) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {}
    for clause in clauses:
        match clause:
            case Without(clause=inner):
                found.setdefault("must_not", []).append(translate(inner))
            case Silent(clause=inner):
                found.setdefault("filter", []).append(translate(inner))
            case Between() | OneOf():
                found.setdefault("filter", []).append(_leaf(clause))
            case _:
                found.setdefault("must", []).append(translate(clause))
    if "must" not in found and "filter" not in found:
        found["filter"] = [{"match_all": {}}]  # a boolean of exclusions alone would score 1
    return found


def _leaf(clause: Term | Sequence | Begins | Near | Between | OneOf) -> dict[str, Any]:
    match clause:
        case Term(column=column, token=token, weight=weight):
            return {"term": {column: {"value": token, "boost": weight}}}
        case Sequence(column=column, tokens=tokens, weight=weight):
            return {"match_phrase": {column: {"query": " ".join(tokens), "boost": weight}}}
        case Begins(column=column, prefix=prefix, weight=weight):
            return {"prefix": {column: {"value": prefix, "rewrite": "constant_score", "boost": weight}}}
        case Near(column=column, token=token, distance=distance, weight=weight):
            near = {"value": token, "fuzziness": distance, "rewrite": "constant_score", "boost": weight}
            return {"fuzzy": {column: near}}
        case OneOf(column=column, values=values):
            return {"terms": {column: list(values)}}
        case Between():
            return {"range": {clause.column: _bounds(clause)}}


def _bounds(clause: Between) -> dict[str, float]:
    bounds: dict[str, float] = {}
    if clause.low is not None:
        bounds["gte" if clause.low_included else "gt"] = clause.low
    if clause.high is not None:
        bounds["lte" if clause.high_included else "lt"] = clause.high
    return bounds


def beginning_with(prefix: str) -> str:
    """The regular expression (Lucene's) of values that begin so."""
    return re.sub(r"([.?+*|{}\[\]()\"\\#@&<>~^$-])", r"\\\1", prefix) + ".*"
