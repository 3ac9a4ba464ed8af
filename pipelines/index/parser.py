"""Query text into a tree. What cannot be understood is pointed at, and never searched as something else."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pipelines.index.analysis import fold, has_words, is_one_word
from pipelines.index.fields import FIELDS, RANGED, FieldKind, SearchField, number, period
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
    from collections.abc import Callable

QUOTES = '"“”„‟«»＂'
DASHES = "-–−"
LONGEST_QUERY = 8_000
DEEPEST_NESTING = 40
MOST_TERMS = 400  # Elasticsearch refuses a boolean of more than 1,024 clauses; a word becomes up to 16

_RUN = re.compile(rf"[^\s(){QUOTES}]+")
_FIELD = re.compile(r"([^\W\d]\w*):(?!//)")
_NOT_FIELDS = ("mailto", "tel")
_OPERATORS = {"AND": "AND", "&&": "AND", "OR": "OR", "||": "OR", "NOT": "NOT"}
_COMPARISON = re.compile(r"(<=|>=|<|>|=)(.*)", re.DOTALL)
_FUZZY = re.compile(r"(.*)~(\d*)", re.DOTALL)
_BARE_RANGE = re.compile(r"[<>]=?\d.*|\d[\d-]*\.\.\d[\d-]*")


def parse(text: str) -> Query:
    """The tree of a query. QueryError with the place and, where there is one, a suggestion."""
    if len(text) > LONGEST_QUERY:
        raise QueryError(f"the query is longer than {LONGEST_QUERY} characters", LONGEST_QUERY, len(text))
    return _Parser(text).parse()


def is_whole_value(text: str) -> bool:
    """Whether a value can stand behind `field:` without quotation marks and means itself."""
    try:
        found = parse(f"listing:{text}")
    except QueryError:
        return False
    return isinstance(found, Fielded) and found.child == Word(text=text)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._terms = 0

    def parse(self) -> Query:
        self._skip_spaces()
        if self._at == len(self._text):
            return Everything(start=0, end=len(self._text))
        found = self._alternatives(None)
        if self._at < len(self._text):
            raise QueryError("this closing parenthesis closes nothing", self._at, self._at + 1, "remove it")
        return found

    def _skip_spaces(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _operator(self) -> tuple[str, int] | None:
        """The operator that stands here and where it ends."""
        for spelled, meant in _OPERATORS.items():
            end = self._at + len(spelled)
            if self._text.startswith(spelled, self._at) and (
                not spelled.isalpha() or end == len(self._text) or self._text[end].isspace() or self._text[end] in "()"
            ):
                return meant, end
        return None

    def _at_end_of_group(self) -> bool:
        return self._at == len(self._text) or self._text[self._at] == ")"

    def _alternatives(self, field: SearchField | None) -> Query:
        children = [self._conjunction(field)]
        while not self._at_end_of_group():
            operator = self._operator()
            if operator is None or operator[0] != "OR":
                break
            self._at = operator[1]
            children.append(self._conjunction(field))
        return _joined(Or, children)

    def _conjunction(self, field: SearchField | None) -> Query:
        self._skip_spaces()
        children: list[Query] = []
        awaiting: tuple[int, int] | None = None
        while True:
            self._skip_spaces()
            operator = None if self._at_end_of_group() else self._operator()
            if self._at_end_of_group() or (operator and operator[0] == "OR"):
                break
            if operator and operator[0] == "AND":
                if not children or awaiting:
                    raise self._misplaced(self._at, operator[1])
                awaiting = (self._at, operator[1])
                self._at = operator[1]
                continue
            children.append(self._negation(field))
            awaiting = None
        if awaiting:
            raise self._misplaced(*awaiting)
        if not children:
            raise self._nothing_here()
        return _joined(And, children)

    def _misplaced(self, start: int, end: int) -> QueryError:
        spelled = self._text[start:end]
        return QueryError(
            f"{spelled} stands between two things, and one is missing",
            start,
            end,
            f'to find the word, write "{spelled}"',
        )

    def _nothing_here(self) -> QueryError:
        operator = None if self._at_end_of_group() else self._operator()
        if operator:
            return self._misplaced(self._at, operator[1])
        before = self._text[: self._at].rstrip()
        for spelled in _OPERATORS:
            if before.endswith(spelled):
                return self._misplaced(len(before) - len(spelled), len(before))
        start = max(len(before) - 1, 0)
        if self._at < len(self._text) and before.endswith("("):
            return QueryError("these parentheses are empty", start, self._at + 1, "remove them")
        if self._at < len(self._text):
            return QueryError("this closing parenthesis closes nothing", self._at, self._at + 1, "remove it")
        return QueryError("this parenthesis is not closed", start, len(before), "add ) at the end")

    def _nested(self, read: Callable[[SearchField | None], Query], field: SearchField | None) -> Query:
        self._depth += 1
        if self._depth > DEEPEST_NESTING:
            raise QueryError("this is nested too deeply", self._at, len(self._text))
        found = read(field)
        self._depth -= 1
        return found

    def _negation(self, field: SearchField | None) -> Query:
        start = self._at
        operator = self._operator()
        if operator and operator[0] == "NOT":
            self._at = operator[1]
            self._skip_spaces()
            following = None if self._at_end_of_group() else self._operator()
            if self._at_end_of_group() or (following and following[0] != "NOT"):
                raise QueryError("nothing follows NOT", start, operator[1], 'to find the word, write "NOT"')
        elif self._text[self._at] in DASHES:
            self._at += 1
            if self._at_end_of_group() or self._text[self._at].isspace() or self._text[self._at] in DASHES:
                raise QueryError("nothing follows this minus", start, start + 1, "write -word to leave a word out")
        else:
            return self._atom(field)
        child = self._nested(self._negation, field)
        return Not(child=child, start=start, end=child.end)

    def _atom(self, field: SearchField | None) -> Query:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise QueryError(f"more than {MOST_TERMS} words and conditions", self._at, len(self._text))
        character = self._text[self._at]
        if character == "(":
            return self._nested(self._group, field)
        if character in QUOTES:
            return self._phrase(field)
        return self._run(field)

    def _group(self, field: SearchField | None) -> Query:
        opening = self._at
        self._at += 1
        found = self._alternatives(field)
        if self._at == len(self._text):
            raise QueryError("this parenthesis is not closed", opening, opening + 1, "add ) where it ends")
        self._at += 1
        return found

    def _phrase(self, field: SearchField | None) -> Query:
        start = self._at
        end = start + 1
        while end < len(self._text) and self._text[end] not in QUOTES:
            end += 1
        if end == len(self._text):
            raise QueryError("this quotation mark is not closed", start, start + 1, 'add " where the phrase ends')
        text = self._text[start + 1 : end]
        self._at = end + 1
        if field is not None and field.kind in RANGED:
            raise QueryError(f"{field.name} takes no phrase", start, self._at, _example(field))
        if not has_words(text):
            raise QueryError("there is nothing to search in this phrase", start, self._at)
        if self._at < len(self._text) and self._text[self._at] in "~*":
            raise QueryError("a phrase is found as it stands", self._at, self._at + 1, "write single words with ~ or *")
        _check_value(field, text, start + 1, end)
        return Phrase(text=text, start=start, end=self._at)

    def _run(self, field: SearchField | None) -> Query:
        match = _RUN.match(self._text, self._at)
        if match is None:  # only a closing parenthesis, which every caller has looked for
            raise QueryError("this cannot be read", self._at, self._at + 1)
        run = match.group()
        named = _FIELD.match(run)
        if named and named.group(1).lower() not in _NOT_FIELDS and "://" not in run[: named.end() + 2]:
            return self._fielded(field, named)
        if "://" not in run:
            cut = min((at for at in (run.find("&&"), run.find("||")) if at > 0), default=len(run))
            run = run[:cut]
        start, self._at = self._at, self._at + len(run)
        if field is not None and field.kind in RANGED:
            return _range(field, run, start)
        return _term(field, run, start)

    def _fielded(self, outer: SearchField | None, named: re.Match[str]) -> Query:
        start, written = self._at, named.group(1)
        after = start + named.end()
        if outer is not None:
            raise QueryError(f"a field inside {outer.name}:( )", start, after, "close the parentheses first")
        field = FIELDS.get(written.lower())
        if field is None:
            close = get_close_matches(fold(written), FIELDS, n=1, cutoff=0.6)
            suggestion = f"did you mean {close[0]}:" if close else f'to find the words, write "{named.string}"'
            raise QueryError(f"there is no field {written}", start, after, suggestion)
        self._at = after
        if self._at_end_of_group() or self._text[self._at].isspace():
            raise QueryError(f"nothing follows {field.name}:", start, after, _example(field))
        if self._text[self._at] in DASHES and field.kind not in RANGED:
            raise QueryError("put the minus before the field", self._at, self._at + 1, f"-{field.name}:")
        child = self._atom(field)
        return Fielded(name=field.name, child=child, start=start, end=self._at)


def _joined(kind: type[And | Or], children: list[Query]) -> Query:
    if len(children) == 1:
        return children[0]
    flat: list[Query] = []
    for child in children:
        flat.extend(child.children if isinstance(child, kind) else (child,))
    return kind(children=tuple(flat), start=children[0].start, end=children[-1].end)


def _example(field: SearchField) -> str:
    examples = {FieldKind.NUMBER: f"{field.name}:200..400", FieldKind.DAY: f"{field.name}:>=2026-01-01"}
    return f"for example {examples.get(field.kind) or field.name + ':' + (field.values[0] if field.values else 'word')}"


def _check_value(field: SearchField | None, text: str, start: int, end: int) -> None:
    if field is None or not field.values or fold(text).strip() in field.values:
        return
    close = get_close_matches(fold(text), field.values, n=1, cutoff=0.5)
    suggestion = f"did you mean {field.name}:{close[0]}" if close else f"one of {', '.join(field.values)}"
    raise QueryError(f"{field.name} is never {text}", start, end, suggestion)


def _term(field: SearchField | None, run: str, start: int) -> Query:
    end = start + len(run)
    if _BARE_RANGE.fullmatch(run):
        raise QueryError("a range needs its field", start, end, f"for example price:{run}")
    whole_value = field is not None and field.kind is FieldKind.KEYWORD
    fuzzy = _FUZZY.fullmatch(run)
    if fuzzy and "/" not in run:
        return _fuzzy(fuzzy, start, end, whole_value=whole_value)
    if run.endswith("*"):
        stem = run[:-1]
        if not has_words(stem) or "*" in stem:
            raise QueryError("* stands at the end of a word", start, end, "for example gloc*")
        if not whole_value and not is_one_word(stem):
            raise QueryError("* follows one word", start, end, "put a space between the words")
        return Prefix(text=stem, start=start, end=end)
    if "*" in run and "://" not in run:
        raise QueryError("* stands at the end of a word", start + run.index("*"), end, "for example gloc*")
    if not has_words(run):
        raise QueryError(f"there is nothing to search in {run}", start, end, "remove it")
    _check_value(field, run, start, end)
    return Word(text=run, start=start, end=end)


def _fuzzy(match: re.Match[str], start: int, end: int, *, whole_value: bool) -> Query:
    word, distance = match.group(1), match.group(2) or "1"
    if distance not in ("1", "2"):
        raise QueryError("the distance is 1 or 2 letters", start + len(word), end, f"{word}~1")
    if "~" in word or not has_words(word) or not (whole_value or is_one_word(word)):
        raise QueryError("~ follows one word", start, end, "for example glok~1")
    return Fuzzy(text=word, distance=int(distance), start=start, end=end)


def _range(field: SearchField, run: str, start: int) -> Query:
    end = start + len(run)
    comparison = _COMPARISON.fullmatch(run)
    if comparison:
        sign, value = comparison.groups()
        _check_bound(field, value, start + len(sign), end)
        if sign == "=":
            return Word(text=value, start=start, end=end)
        included = len(sign) == 2
        if sign[0] == "<":
            return Range(high=value, high_included=included, start=start, end=end)
        return Range(low=value, low_included=included, start=start, end=end)
    if ".." not in run:
        _check_bound(field, run, start, end)
        return Word(text=run, start=start, end=end)
    low, _, high = run.partition("..")
    if not low and not high:
        raise QueryError("both ends are open", start, end, _example(field))
    if low:
        _check_bound(field, low, start, start + len(low))
    if high:
        _check_bound(field, high, end - len(high), end)
    if low and high and bounds(field, low)[0] > bounds(field, high)[1]:
        raise QueryError("the range ends before it begins", start, end, f"{field.name}:{high}..{low}")
    return Range(low=low or None, high=high or None, start=start, end=end)


def bounds(field: SearchField, text: str) -> tuple[float, float]:
    """The first and last value that a bound as written stands for: a month is all its days."""
    if field.kind is FieldKind.NUMBER:
        return number(text), number(text)
    return period(text)


def _check_bound(field: SearchField, text: str, start: int, end: int) -> None:
    try:
        bounds(field, text)
    except (ValueError, OverflowError):
        plain = re.sub(r"[^\d.]", "", text) if field.kind is FieldKind.NUMBER else ""
        suggestion = f"{field.name}:{plain}" if plain.strip(".") and plain.count(".") < 2 else _example(field)
        wanted = "a number" if field.kind is FieldKind.NUMBER else "a date like 2026-01-31, 2026-01 or 2026"
        raise QueryError(f"{field.name} takes {wanted}", start, max(end, start + 1), suggestion) from None
