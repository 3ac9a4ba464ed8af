"""A query turned into the few clauses that every engine knows. Both engines search exactly these."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from pipelines.index.analysis import fold_value, is_han, pair
from pipelines.index.columns import COLUMNS, FACETS
from pipelines.index.contacts import contact_forms
from pipelines.index.fields import FIELDS, RANGED, FieldKind, SearchField
from pipelines.index.parser import bounds
from pipelines.index.query import (
    And,
    Everything,
    Fielded,
    Fuzzy,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    QueryError,
    Range,
    Word,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.index.analysis import Analyzer


_LOOKED_UP = {"listing": "key", "contact": "contact", "item": "", "account": ""}


@frozen(kw_only=True)
class Anything:
    """Every document; scores 0."""


@frozen(kw_only=True)
class Term:
    """Documents with this token; BM25 times `weight`."""

    column: str
    token: str
    weight: float = 1.0


@frozen(kw_only=True)
class Sequence:
    """Documents with these tokens in this order; BM25 times `weight`."""

    column: str
    tokens: tuple[str, ...]
    weight: float = 1.0


@frozen(kw_only=True)
class Begins:
    """Documents with a token that begins so; scores `weight`."""

    column: str
    prefix: str
    weight: float = 1.0


@frozen(kw_only=True)
class Near:
    """Documents with a token at most `distance` edits away (a swap is one); scores `weight`."""

    column: str
    token: str
    distance: int
    weight: float = 1.0


@frozen(kw_only=True)
class Between:
    """Documents whose number lies between the bounds; scores 0."""

    column: str
    low: float | None = None
    high: float | None = None
    low_included: bool = True
    high_included: bool = True


@frozen(kw_only=True)
class OneOf:
    """Documents with any of these whole values or numbers; scores 0."""

    column: str
    values: tuple[str | int, ...]


@frozen(kw_only=True)
class AnyOf:
    """Documents that match any; the sum of the scores."""

    clauses: tuple[Clause, ...]


@frozen(kw_only=True)
class AllOf:
    """Documents that match all; the sum of the scores."""

    clauses: tuple[Clause, ...]


@frozen(kw_only=True)
class Without:
    """Documents that do not match; scores 0."""

    clause: Clause


@frozen(kw_only=True)
class Silent:
    """Documents that match; scores 0."""

    clause: Clause


Clause: TypeAlias = Anything | Term | Sequence | Begins | Near | Between | OneOf | AnyOf | AllOf | Without | Silent


@frozen(kw_only=True)
class Plan:
    """A query taken apart.

    `words` is what scores, or None; `conditions` what only chooses; `chosen` the conditions that are the choice of a
    facet, by its name: the facet is counted without its own.
    """

    words: Clause | None
    conditions: tuple[Clause, ...]
    chosen: Mapping[str, Clause]

    def everything(self, *, but: str | None = None, scored: bool = True) -> Clause:
        """All clauses together, without the choice of the facet `but`, and silent where nothing needs the score."""
        parts = [self.words] if self.words is not None else []
        if not scored:
            parts = [Silent(clause=part) for part in parts]
        parts += [*self.conditions, *(clause for name, clause in self.chosen.items() if name != but)]
        return together(parts)

    def filters(self) -> Clause:
        """What only chooses: the conditions that hits by meaning must fulfil too."""
        return together([*self.conditions, *self.chosen.values()])


def together(clauses: list[Clause]) -> Clause:
    """All of any number of clauses."""
    if not clauses:
        return Anything()
    return clauses[0] if len(clauses) == 1 else AllOf(clauses=tuple(clauses))


def make_plan(query: Query, analyzer: Analyzer, *, after_sequence: int | None = None) -> Plan:
    """Take a query apart. `after_sequence` keeps only documents whose change is later."""
    words: list[Clause] = []
    conditions: list[Clause] = []
    chosen: dict[str, list[Clause]] = {}
    for part in query.children if isinstance(query, And) else (query,):
        clause = _clause(part, None, analyzer)
        if isinstance(part, Fielded) and part.name in FACETS:
            chosen.setdefault(part.name, []).append(clause)
        elif isinstance(clause, Silent | Without | Between | Anything):
            conditions.append(clause)
        else:
            words.append(clause)
    if after_sequence is not None:
        conditions.append(Between(column="sequence", low=after_sequence, low_included=False))
    return Plan(
        words=together(words) if words else None,
        conditions=tuple(conditions),
        chosen={name: together(clauses) for name, clauses in chosen.items()},
    )


def similar_words(title: str, description: str, analyzer: Analyzer, limit: int = 25) -> Clause | None:
    """What finds listings worded alike, when one has no vector: any of its words, those of the title first."""
    words = dict.fromkeys(word for word in analyzer.words(f"{title} {description}") if len(word) > 2)
    if not words:
        return None
    columns = ("title", "description")
    return AnyOf(clauses=tuple(Term(column=column, token=word) for word in list(words)[:limit] for column in columns))


def _clause(query: Query, field: SearchField | None, analyzer: Analyzer) -> Clause:
    match query:
        case Everything():
            clause: Clause = Anything()
        case And(children=children):
            clause = AllOf(clauses=tuple(_clause(child, field, analyzer) for child in children))
        case Or(children=children):
            clause = _any_of(tuple(_clause(child, field, analyzer) for child in children))
        case Not(child=child):
            clause = Without(clause=_clause(child, field, analyzer))
        case Fielded(name=name, child=child):
            clause = _fielded(FIELDS[name], child, analyzer)
        case _ if field is None:
            bare = (found for found in FIELDS.values() if found.bare_weight)
            clause = AnyOf(clauses=tuple(_leaf(query, found, analyzer, found.bare_weight) for found in bare))
        case _ if field.name in _LOOKED_UP:
            clause = _looked_up(query, field)
        case _:
            clause = _leaf(query, field, analyzer, 1.0)
    return clause


def _any_of(clauses: tuple[Clause, ...]) -> Clause:
    """Values of one column are one clause: engines take only so many, and an item may have thousands of listings."""
    values = [clause for clause in clauses if isinstance(clause, OneOf)]
    if len(values) < len(clauses) or len({clause.column for clause in values}) > 1:
        return AnyOf(clauses=clauses)
    return OneOf(column=values[0].column, values=tuple(dict.fromkeys(value for one in values for value in one.values)))


def _fielded(field: SearchField, child: Query, analyzer: Analyzer) -> Clause:
    clause = _clause(child, field, analyzer)
    scores = field.kind is FieldKind.TEXT or (field.kind is FieldKind.WORDS and field.name not in FACETS)
    return clause if scores or isinstance(clause, Between) else Silent(clause=clause)


def _leaf(query: Query, field: SearchField, analyzer: Analyzer, weight: float) -> Clause:
    if field.kind in RANGED:
        return _between(query, field)
    whole = field.kind is FieldKind.KEYWORD
    match query:
        case Prefix(text=text):
            prefix = fold_value(text) if whole else analyzer.words(text)[0]
            return Begins(column=field.name, prefix=prefix, weight=weight)
        case Fuzzy(text=text, distance=distance):
            token = fold_value(text) if whole else analyzer.words(text)[0]
            return Near(column=field.name, token=token, distance=distance, weight=weight)
        case Word(text=text) | Phrase(text=text):
            if whole:
                return Term(column=field.name, token=fold_value(text), weight=weight)
            found = _words(text, field, analyzer, weight, exact=isinstance(query, Phrase))
            if field.name != "seller":
                return found
            return AnyOf(clauses=(found, Silent(clause=Term(column="seller_id", token=fold_value(text)))))
        case _:
            raise TypeError(f"{type(query).__name__} is not the value of {field.name}")


def _looked_up(query: Query, field: SearchField) -> Clause:
    """The values that are not compared in their folded form: keys, items and contacts."""
    match query:
        case Word(text=text) | Phrase(text=text) if field.name == "account":
            site, slash, identity = text.partition("/")
            if not slash:
                raise QueryError("an account is named by its site, too", query.start, query.end, f"account:SITE/{text}")
            account = (("site", site), ("seller_id", identity))
            return AllOf(clauses=tuple(OneOf(column=column, values=(fold_value(text),)) for column, text in account))
        case Prefix(text=text) if _LOOKED_UP[field.name]:
            return Begins(column=_LOOKED_UP[field.name], prefix=text if field.name == "listing" else fold_value(text))
        case Word(text=text) | Phrase(text=text) if _LOOKED_UP[field.name]:
            forms = (text,) if field.name == "listing" else contact_forms(text)
            return OneOf(column=_LOOKED_UP[field.name], values=forms)
        case Word() | Phrase():  # item
            raise QueryError("items are looked up in the store, which this search has not done", query.start, query.end)
        case _:
            raise QueryError(f"{field.name} is found as it stands", query.start, query.end)


def _words(text: str, field: SearchField, analyzer: Analyzer, weight: float, *, exact: bool) -> Clause:
    tokens = analyzer.words(text)
    stem_column = f"{field.name}_stem"
    has_stems = stem_column in COLUMNS and not exact
    if len(tokens) == 1:
        surface = Term(column=field.name, token=tokens[0], weight=weight)
        stems = analyzer.stems(tokens[0]) if has_stems else ()
        if not stems:
            return surface
        return AnyOf(clauses=(surface, *(Term(column=stem_column, token=stem, weight=weight) for stem in stems)))
    if has_stems and len(tokens) == len(text) and all(is_han(token) for token in tokens):
        pairs = dict.fromkeys(pair(first, second) for first, second in pairwise(tokens))
        return AllOf(clauses=tuple(Term(column=stem_column, token=token, weight=weight) for token in pairs))
    return Sequence(column=field.name, tokens=tuple(tokens), weight=weight)


def _between(query: Query, field: SearchField) -> Clause:
    match query:
        case Word(text=text):
            low, high = bounds(field, text)
            return _overlap(field, Between(column="", low=low, high=high))
        case Range(low=low_text, high=high_text):
            low_included, high_included = query.low_included, query.high_included
            low_bounds = bounds(field, low_text) if low_text is not None else None
            high_bounds = bounds(field, high_text) if high_text is not None else None
            return _overlap(
                field,
                Between(
                    column="",
                    low=low_bounds and low_bounds[0 if low_included else 1],
                    high=high_bounds and high_bounds[1 if high_included else 0],
                    low_included=low_included,
                    high_included=high_included,
                ),
            )
        case _:
            raise TypeError(f"{type(query).__name__} is not the value of {field.name}")


def _overlap(field: SearchField, wanted: Between) -> Clause:
    """The range on one column, or a span of days that overlaps it."""
    if field.low_column == field.high_column:
        return Between(
            column=field.low_column,
            low=wanted.low,
            high=wanted.high,
            low_included=wanted.low_included,
            high_included=wanted.high_included,
        )
    parts: list[Clause] = []
    if wanted.low is not None:
        parts.append(Between(column=field.low_column, low=wanted.low, low_included=wanted.low_included))
    if wanted.high is not None:
        parts.append(Between(column=field.high_column, high=wanted.high, high_included=wanted.high_included))
    return Silent(clause=together(parts))
