"""What was asked: a tree whose every node knows the columns of the query text it came from."""

from __future__ import annotations

from typing import TypeAlias

from attrs import field, frozen

from pipelines.errors import BadInput


class QueryError(BadInput):
    """A query that cannot be understood: `start` and `end` are code points of its text (0-based, end excluded)."""

    def __init__(self, message: str, start: int, end: int, suggestion: str | None = None) -> None:
        column = f"{message} (column {start + 1})"
        super().__init__(column, hint=suggestion)
        self.start = start
        self.end = end
        self.suggestion = suggestion


@frozen(kw_only=True)
class Node:
    """A part of a query; `start:end` is where it stands, and two queries that differ only there are equal."""

    start: int = field(default=0, eq=False)
    end: int = field(default=0, eq=False)


@frozen(kw_only=True)
class Everything(Node):
    """The empty query."""


@frozen(kw_only=True)
class Word(Node):
    """A word, found in any of its forms."""

    text: str


@frozen(kw_only=True)
class Phrase(Node):
    """Words in this order, as written but for case and accents."""

    text: str


@frozen(kw_only=True)
class Prefix(Node):
    """Words that begin so."""

    text: str


@frozen(kw_only=True)
class Fuzzy(Node):
    """Words at most `distance` (1 or 2) letters away."""

    text: str
    distance: int


@frozen(kw_only=True)
class Range(Node):
    """Between two bounds as written, either of which may be open (None); only as the value of a field."""

    low: str | None = None
    high: str | None = None
    low_included: bool = True
    high_included: bool = True


@frozen(kw_only=True)
class Fielded(Node):
    """`child` in the field `name` alone."""

    name: str
    child: Query


@frozen(kw_only=True)
class And(Node):
    """All of at least two children."""

    children: tuple[Query, ...]


@frozen(kw_only=True)
class Or(Node):
    """Any of at least two children."""

    children: tuple[Query, ...]


@frozen(kw_only=True)
class Not(Node):
    """Everything but `child`."""

    child: Query


Query: TypeAlias = Everything | Word | Phrase | Prefix | Fuzzy | Range | Fielded | And | Or | Not


def render(query: Query) -> str:
    """The query as text that parses back to an equal tree."""
    return _render(query, inside=0)


def _render(query: Query, inside: int) -> str:
    """`inside` is how tightly the surroundings bind: 0 OR or nothing, 1 AND, 2 NOT, 3 a field."""
    match query:
        case Or(children=children):
            text, binds = " OR ".join(_render(child, inside=0) for child in children), 0
        case And(children=children):
            text, binds = " ".join(_render(child, inside=1) for child in children), 0
        case Not(child=child):
            text, binds = f"NOT {_render(child, inside=2)}", 2
        case Fielded(name=name, child=child):
            text, binds = f"{name}:{_render(child, inside=3)}", 3
        case _:
            text, binds = _render_leaf(query), 3
    return f"({text})" if inside > binds else text


def _render_leaf(query: Everything | Word | Phrase | Prefix | Fuzzy | Range) -> str:
    match query:
        case Word(text=text):
            rendered = text
        case Phrase(text=text):
            rendered = f'"{text}"'
        case Prefix(text=text):
            rendered = f"{text}*"
        case Fuzzy(text=text, distance=distance):
            rendered = f"{text}~{distance}"
        case Range():
            rendered = _render_range(query)
        case Everything():
            rendered = ""
    return rendered


def _render_range(query: Range) -> str:
    if query.low is not None and query.high is not None:
        return f"{query.low}..{query.high}"
    if query.low is not None:
        return f"{'>=' if query.low_included else '>'}{query.low}"
    return f"{'<=' if query.high_included else '<'}{query.high}"
