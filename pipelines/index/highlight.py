"""The words that made a listing a hit, marked in its original text. The same for both engines."""

from __future__ import annotations

from functools import cached_property
from string import ascii_lowercase, digits
from typing import TYPE_CHECKING

from attrs import define, field

from pipelines.index.fields import FIELDS, FieldKind
from pipelines.index.port import Snippet, Span
from pipelines.index.query import And, Fielded, Fuzzy, Or, Phrase, Prefix, Query, Word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.index.analysis import Analyzer
    from pipelines.models import JsonObject

MARKED = ("title", "description", "location")
SNIPPET_LENGTH = 200  # code points


@define
class _Wanted:
    """What to mark in one field."""

    words: set[str] = field(factory=set)
    stems: set[str] = field(factory=set)
    prefixes: list[str] = field(factory=list)
    fuzzy: list[tuple[str, int]] = field(factory=list)
    phrases: list[tuple[str, ...]] = field(factory=list)

    seen: dict[tuple[str | None, str], bool] = field(factory=dict)

    @cached_property
    def initials(self) -> frozenset[str]:
        """First letters, folded, of whatever is to be marked; any letter where a word may differ in its first."""
        if self.fuzzy:
            return frozenset(ascii_lowercase + digits)
        stems = (stem.partition(":")[2] for stem in self.stems)  # Snowball keeps a Latin word's first letter
        return frozenset(word[0] for word in (*self.words, *stems, *self.prefixes))

    def is_empty(self) -> bool:
        return not (self.words or self.prefixes or self.fuzzy or self.phrases)

    def wants(self, text: str, stem: str | None) -> bool:
        return (
            text in self.words
            or (stem is not None and stem in self.stems)
            or any(text.startswith(prefix) for prefix in self.prefixes)
            or any(is_within(text, word, distance) for word, distance in self.fuzzy)
        )


class Highlighter:
    """Marks the hits of one query."""

    def __init__(self, query: Query, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._wanted = {name: _Wanted() for name in MARKED}
        self._collect(query, MARKED)

    def _collect(self, query: Query, names: Sequence[str]) -> None:
        match query:
            case And(children=children) | Or(children=children):
                for child in children:
                    self._collect(child, names)
            case Fielded(name=name, child=child):
                self._collect(child, (name,) if name in MARKED else ())
            case Word() | Phrase() | Prefix() | Fuzzy():
                for name in names:
                    self._want(self._wanted[name], query, stemmed=FIELDS[name].kind is FieldKind.TEXT)

    def _want(self, wanted: _Wanted, leaf: Word | Phrase | Prefix | Fuzzy, *, stemmed: bool) -> None:
        tokens = self._analyzer.words(leaf.text)
        if isinstance(leaf, Prefix):
            wanted.prefixes.append(tokens[0])
        elif isinstance(leaf, Fuzzy):
            wanted.fuzzy.append((tokens[0], leaf.distance))
        elif len(tokens) > 1:
            wanted.phrases.append(tuple(tokens))
        else:
            wanted.words.add(tokens[0])
            if stemmed and isinstance(leaf, Word):
                wanted.stems.update(self._analyzer.stems(tokens[0]))

    def mark(self, line: JsonObject) -> tuple[Mapping[str, tuple[Span, ...]], Snippet | None]:
        """Spans by field (fields without any are left out) and a snippet, of the description where it has a mark."""
        language = (line.get("assessment") or {}).get("language")
        spans = {name: self._spans(line.get(name) or "", name, language) for name in MARKED}
        found = {name: marked for name, marked in spans.items() if marked}
        description = line.get("description") or ""
        if "description" in found or "title" not in found:
            return found, _snippet("description", description, found.get("description", ()))
        return found, _snippet("title", line.get("title") or "", found["title"])

    def _spans(self, text: str, name: str, language: str | None) -> tuple[Span, ...]:
        wanted = self._wanted[name]
        if not text or wanted.is_empty():
            return ()
        found = self._single(text, wanted, language)
        if wanted.phrases:
            found |= self._phrases(text, wanted)
        if not found and FIELDS[name].kind is FieldKind.TEXT:
            found = self._hidden(text, wanted, language)
        return tuple(Span(start=start, end=end) for start, end in sorted(found))

    def _single(self, text: str, wanted: _Wanted, language: str | None) -> set[tuple[int, int]]:
        """Words by themselves. A written word is judged once a query: a page repeats most of them."""
        found: set[tuple[int, int]] = set()
        seen, initials = wanted.seen, wanted.initials
        for match in self._analyzer.occurrences(text, initials):
            written = match.group()
            verdict = seen.get((language, written))
            if verdict is None:
                word, stem = self._analyzer.read(written, language)
                verdict = seen[language, written] = bool(word) and wanted.wants(word, stem)
            if verdict:
                found.add(match.span())
        return found

    def _hidden(self, text: str, wanted: _Wanted, language: str | None) -> set[tuple[int, int]]:
        """Words in hidden spelling: looked for, since that takes longer, only where nothing else is marked."""
        hidden = self._analyzer.hidden(text, language)
        return {(start, end) for word, stem, start, end in hidden if wanted.wants(word, stem)}

    def _phrases(self, text: str, wanted: _Wanted) -> set[tuple[int, int]]:
        tokens = list(self._analyzer.tokens(text, None))
        found: set[tuple[int, int]] = set()
        for phrase in wanted.phrases:
            for start in range(len(tokens) - len(phrase) + 1):
                run = tokens[start : start + len(phrase)]
                if run[0].text == phrase[0] and tuple(token.text for token in run) == phrase:
                    found.update((token.start, token.end) for token in run)
        return found


def _snippet(name: str, text: str, spans: Sequence[Span]) -> Snippet | None:
    if not text:
        return None
    around = spans[0].start if spans else 0
    start = max(0, min(around - SNIPPET_LENGTH // 3, len(text) - SNIPPET_LENGTH))
    while 0 < start < around and not text[start - 1].isspace():
        start += 1
    end = min(len(text), start + SNIPPET_LENGTH)
    while around < end < len(text) and end > start + SNIPPET_LENGTH // 2 and not text[end].isspace():
        end -= 1
    return Snippet(field=name, start=start, end=end, text=text[start:end])


def is_within(first: str, second: str, distance: int) -> bool:
    """Whether two words are at most `distance` edits apart (insert, delete, replace, swap of neighbours)."""
    if abs(len(first) - len(second)) > distance:
        return False
    before: list[int] = []
    row = list(range(len(second) + 1))
    for at, letter in enumerate(first, start=1):
        current = [at]
        for column, other in enumerate(second, start=1):
            cost = min(row[column] + 1, current[column - 1] + 1, row[column - 1] + (letter != other))
            if at > 1 and column > 1 and letter == second[column - 2] and first[at - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        before, row = row, current
    return row[-1] <= distance
