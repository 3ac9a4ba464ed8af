"""The query language: what is understood, what is refused and where."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import BadInput
from pipelines.index.fields import FIELDS, FieldKind
from pipelines.index.parser import parse
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
    render,
)


def word(text: str) -> Word:
    return Word(text=text)


def under(name: str, child: Query) -> Fielded:
    return Fielded(name=name, child=child)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Everything()),
        ("glock", word("glock")),
        ("glock 19", And(children=(word("glock"), word("19")))),
        ("glock AND 19", And(children=(word("glock"), word("19")))),
        ("glock && 19", And(children=(word("glock"), word("19")))),
        ("a OR b", Or(children=(word("a"), word("b")))),
        ("a || b", Or(children=(word("a"), word("b")))),
        ("a||b", Or(children=(word("a"), word("b")))),
        ("a b OR c", Or(children=(And(children=(word("a"), word("b"))), word("c")))),
        ("a (b OR c)", And(children=(word("a"), Or(children=(word("b"), word("c")))))),
        ("a OR b OR c", Or(children=(word("a"), word("b"), word("c")))),
        ("NOT a", Not(child=word("a"))),
        ("-a", Not(child=word("a"))),
        ("–a", Not(child=word("a"))),
        ('-"a b"', Not(child=Phrase(text="a b"))),
        ("a-b", word("a-b")),
        ("or and not", And(children=(word("or"), word("and"), word("not")))),
        ('"no check"', Phrase(text="no check")),
        ("“no check”", Phrase(text="no check")),
        ("„no check“", Phrase(text="no check")),
        ("«no check»", Phrase(text="no check")),
        ("gloc*", Prefix(text="gloc")),
        ("glok~1", Fuzzy(text="glok", distance=1)),
        ("glok~", Fuzzy(text="glok", distance=1)),
        ("title:glock", under("title", word("glock"))),
        ("TITLE:glock", under("title", word("glock"))),
        ('seller:"john d"', under("seller", Phrase(text="john d"))),
        ("make:(glock OR ruger)", under("make", Or(children=(word("glock"), word("ruger"))))),
        ("-site:alpha", Not(child=under("site", word("alpha")))),
        ("price:200..400", under("price", Range(low="200", high="400"))),
        ("price:200..", under("price", Range(low="200"))),
        ("price:..400", under("price", Range(high="400"))),
        ("price:<800", under("price", Range(high="800", high_included=False))),
        ("price:<=800", under("price", Range(high="800"))),
        ("price:>800", under("price", Range(low="800", low_included=False))),
        ("price:=800", under("price", word("800"))),
        ("posted:>=2026-01-01", under("posted", Range(low="2026-01-01"))),
        ("posted:2026-02", under("posted", word("2026-02"))),
        ("https://example.com/a?b=1&&c", word("https://example.com/a?b=1&&c")),
        ("mailto:a@example.com", word("mailto:a@example.com")),
        ("10:30", word("10:30")),
        ("7.62x39", word("7.62x39")),
        ("枪", word("枪")),
    ],
)
def test_what_is_understood(text: str, tree: Query) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "start", "end", "suggestion"),
    [
        ("sellr:x", 0, 6, "did you mean seller:"),
        ("glock sinal:x", 6, 12, "did you mean signal:"),
        ("zzzz:x", 0, 5, 'to find the words, write "zzzz:x"'),
        ("price:cheap", 6, 11, "for example price:200..400"),
        ("price:$5", 6, 8, "price:5"),
        ("price:1,200", 6, 11, "price:1200"),
        ("price:400..200", 6, 14, "price:200..400"),
        ("posted:yesterday", 7, 16, "for example posted:>=2026-01-01"),
        ("posted:>=2026-13-01", 9, 19, "for example posted:>=2026-01-01"),
        ("review:revew", 7, 12, "did you mean review:review"),
        ("status:soldd", 7, 12, "did you mean status:sold"),
        ('"abc', 0, 1, 'add " where the phrase ends'),
        ("(a", 0, 1, "add ) where it ends"),
        ("a)", 1, 2, "remove it"),
        (")", 0, 1, "remove it"),
        ("()", 0, 2, "remove them"),
        ("(", 0, 1, "add ) at the end"),
        ("a AND", 2, 5, 'to find the word, write "AND"'),
        ("OR a", 0, 2, 'to find the word, write "OR"'),
        ("a OR", 2, 4, 'to find the word, write "OR"'),
        ("a AND OR b", 2, 5, 'to find the word, write "AND"'),
        ("NOT", 0, 3, 'to find the word, write "NOT"'),
        ("NOT OR", 0, 3, 'to find the word, write "NOT"'),
        ("a - b", 2, 3, "write -word to leave a word out"),
        ("gl*ck", 2, 5, "for example gloc*"),
        ("*", 0, 1, "for example gloc*"),
        ("a-b*", 0, 4, "put a space between the words"),
        ("glok~9", 4, 6, "glok~1"),
        ("a-b~1", 0, 5, "for example glok~1"),
        ('"a b"~2', 5, 6, "write single words with ~ or *"),
        ("200..400", 0, 8, "for example price:200..400"),
        ("<800", 0, 4, "for example price:<800"),
        ("price: 800", 0, 6, "for example price:200..400"),
        ('price:"800"', 6, 11, "for example price:200..400"),
        ("site:-alpha", 5, 6, "-site:"),
        ("title:(site:alpha)", 7, 12, "close the parentheses first"),
        ("!!!", 0, 3, "remove it"),
        ('"..."', 0, 5, None),
    ],
)
def test_what_is_refused_and_where(text: str, start: int, end: int, suggestion: str | None) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert (caught.value.start, caught.value.end, caught.value.suggestion) == (start, end, suggestion)
    assert f"column {start + 1}" in caught.value.message


def test_a_mistake_is_bad_input() -> None:
    assert issubclass(QueryError, BadInput)


def test_endless_nesting_and_length_are_refused() -> None:
    for text in ("(" * 5_000, "NOT " * 1_000 + "a", "-(" * 500, "a " * 3_900, "x" * 9_000):
        with pytest.raises(QueryError):
            parse(text)


def test_every_node_knows_where_it_stands() -> None:
    text = 'glock (seller:"john d" OR -price:<500)'
    pieces = [text[node.start : node.end] for node in _nodes(parse(text))]
    assert pieces == [
        text[:-1],
        "glock",
        'seller:"john d" OR -price:<500',
        'seller:"john d"',
        '"john d"',
        "-price:<500",
        "price:<500",
        "<500",
    ]


def _nodes(query: Query) -> list[Query]:
    match query:
        case And(children=children) | Or(children=children):
            return [query, *(node for child in children for node in _nodes(child))]
        case Not(child=child) | Fielded(child=child):
            return [query, *_nodes(child)]
        case _:
            return [query]


PLAIN = st.from_regex(r"[a-z0-9éпم枪]{1,8}", fullmatch=True).filter(lambda text: text not in {"mailto", "tel"})
NUMBER = st.integers(0, 10**6).map(str) | st.decimals(0, 10**4, places=2).map(str)
DAY = st.dates().map(str) | st.integers(1, 9999).map(lambda year: f"{year:04}")
LEAF: st.SearchStrategy[Any] = st.one_of(
    PLAIN.map(word),
    st.lists(PLAIN, min_size=1, max_size=3).map(lambda words: Phrase(text=" ".join(words))),
    PLAIN.map(lambda text: Prefix(text=text)),
    st.builds(lambda text, distance: Fuzzy(text=text, distance=distance), PLAIN, st.sampled_from([1, 2])),
)


def parse_fails(text: str) -> bool:
    try:
        parse(f"{text}*")
    except QueryError:
        return True
    return False


LEAF = LEAF.filter(lambda node: not isinstance(node, Prefix | Fuzzy) or not parse_fails(node.text))


@st.composite
def ranges(draw: st.DrawFn, values: st.SearchStrategy[str]) -> Range:
    low, high = sorted((draw(values), draw(values)), key=lambda text: float(text) if "-" not in text else 0)
    shape = draw(st.sampled_from(["low", "high"]))
    included = draw(st.booleans())
    return Range(low=low, low_included=included) if shape == "low" else Range(high=high, high_included=included)


@st.composite
def fielded(draw: st.DrawFn) -> Fielded:
    field = draw(st.sampled_from([found for found in FIELDS.values() if not found.values]))
    if field.kind is FieldKind.NUMBER:
        child: Any = draw(ranges(NUMBER) | NUMBER.map(word))
    elif field.kind is FieldKind.DAY:
        child = draw(ranges(DAY) | DAY.map(word))
    else:
        child = draw(combined(LEAF))
    return Fielded(name=field.name, child=child)


def combined(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def grow(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        several = st.lists(children, min_size=2, max_size=3)
        return st.one_of(
            several.map(lambda found: flat(And, found)),
            several.map(lambda found: flat(Or, found)),
            children.map(lambda child: Not(child=child)),
        )

    return st.recursive(leaves, grow, max_leaves=6)


def flat(kind: type[And | Or], children: list[Any]) -> Any:
    return kind(
        children=tuple(part for child in children for part in (child.children if isinstance(child, kind) else (child,)))
    )


@given(combined(LEAF | fielded()))
def test_a_rendered_tree_reads_back(tree: Query) -> None:
    assert parse(render(tree)) == tree


SYNTAX = st.lists(
    st.sampled_from(
        [
            *'()":-~*<>=.“”–&|',
            " ",
            "AND ",
            " OR ",
            "NOT ",
            "price:",
            "posted:",
            "site:",
            "status:",
            "x",
            "é枪",
            "12",
            "..",
            "http://",
        ]
    ),
    max_size=14,
).map("".join)


@given(st.text(max_size=40) | SYNTAX)
def test_any_text_is_a_query_or_a_mistake_with_a_place(text: str) -> None:
    mistake: QueryError | None = None
    tree: Query = Everything()
    try:
        tree = parse(text)
    except QueryError as error:
        mistake = error
    if mistake is not None:
        assert 0 <= mistake.start < max(mistake.end, 1) <= max(len(text), 1)
    else:
        assert all(0 <= node.start <= node.end <= len(text) for node in _nodes(tree))
        assert parse(render(tree)) == tree
