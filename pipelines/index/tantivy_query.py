"""Clauses and columns in tantivy's words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import tantivy

from pipelines.index.columns import COLUMNS, ColumnKind
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

SPACES = "spaces"
LINE = "line"


def make_schema() -> Any:
    """The columns as a tantivy schema, with the stored line."""
    builder = tantivy.SchemaBuilder()
    for column in COLUMNS.values():
        match column.kind:
            case ColumnKind.TOKENS:
                builder.add_text_field(column.name, tokenizer_name=SPACES, index_option="position")
            case ColumnKind.STEMS:
                builder.add_text_field(column.name, tokenizer_name=SPACES, index_option="freq")
            case ColumnKind.KEYWORD | ColumnKind.LABEL:
                builder.add_text_field(column.name, tokenizer_name="raw", index_option="basic", fast=True)
            case ColumnKind.INTEGER:
                builder.add_integer_field(column.name, indexed=column.name == "tie", fast=True)
            case ColumnKind.FLOAT:
                builder.add_float_field(column.name, fast=True)
    builder.add_bytes_field(LINE, stored=True)
    return builder.build()


def register_tokenizer(index: Any) -> None:
    """Our tokens are split at spaces and nowhere else. For every Index object, new or opened."""
    index.register_tokenizer(SPACES, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())


def make_document(document: PreparedDocument, schema: Any) -> Any:
    """A prepared document as tantivy takes it."""
    return tantivy.Document.from_dict({**document.columns, LINE: document.line}, schema)


def anything() -> Any:
    """Every document that is not deleted; scores 0."""
    return tantivy.Query.const_score_query(tantivy.Query.all_query(), 0.0)


def translate(clause: Clause, schema: Any) -> Any:
    """A clause as a tantivy query with the same hits and scores."""
    query = tantivy.Query
    match clause:
        case Anything():
            return anything()
        case Silent(clause=inner):
            return query.const_score_query(translate(inner, schema), 0.0)
        case AllOf(clauses=clauses):
            return query.boolean_query([_occurring(part, schema) for part in clauses] + _anchor(clauses))
        case AnyOf(clauses=clauses):
            return query.boolean_query([(tantivy.Occur.Should, translate(part, schema)) for part in clauses])
        case Without(clause=inner):
            return query.boolean_query([_occurring(clause, schema), *_anchor((clause,))])
        case _:
            return _leaf(clause, schema)


def _occurring(clause: Clause, schema: Any) -> tuple[Any, Any]:
    if isinstance(clause, Without):
        return tantivy.Occur.MustNot, translate(clause.clause, schema)
    return tantivy.Occur.Must, translate(clause, schema)


def _anchor(clauses: tuple[Clause, ...]) -> list[tuple[Any, Any]]:
    """Tantivy finds nothing for a boolean of exclusions alone: it needs something to exclude from."""
    if all(isinstance(clause, Without) for clause in clauses):
        return [(tantivy.Occur.Must, anything())]
    return []


def _leaf(clause: Term | Sequence | Begins | Near | Between | OneOf, schema: Any) -> Any:
    query = tantivy.Query
    match clause:
        case Term(column=column, token=token, weight=weight):
            record = {ColumnKind.TOKENS: "position", ColumnKind.STEMS: "freq"}.get(COLUMNS[column].kind, "basic")
            return _weighted(query.term_query(schema, column, token, record), weight)
        case Sequence(column=column, tokens=tokens, weight=weight):
            return _weighted(query.phrase_query(schema, column, list(tokens)), weight)
        case Begins(column=column, prefix=prefix, weight=weight):
            pattern = query.regex_query(schema, column, f"{_escaped(prefix)}.*")
            return query.const_score_query(pattern, weight)
        case Near(column=column, token=token, distance=distance, weight=weight):
            return query.const_score_query(query.fuzzy_term_query(schema, column, token, distance), weight)
        case OneOf(column=column, values=values):
            return query.const_score_query(query.term_set_query(schema, column, list(values)), 0.0)
        case Between():
            return query.const_score_query(_range(clause, schema), 0.0)


def _weighted(query: Any, weight: float) -> Any:
    return query if weight == 1.0 else tantivy.Query.boost_query(query, weight)


def _escaped(prefix: str) -> str:
    return re.sub(r"([\\.+*?()|\[\]{}^$#&\-~/<>\"@])", r"\\\1", prefix)


def _range(clause: Between, schema: Any) -> Any:
    is_integer = COLUMNS[clause.column].kind is ColumnKind.INTEGER
    number = int if is_integer else float
    return tantivy.Query.range_query(
        schema,
        clause.column,
        tantivy.FieldType.Integer if is_integer else tantivy.FieldType.Float,
        lower_bound=None if clause.low is None else number(clause.low),
        upper_bound=None if clause.high is None else number(clause.high),
        include_lower=clause.low_included or clause.low is None,
        include_upper=clause.high_included or clause.high is None,
    )
