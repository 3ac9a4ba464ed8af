"""Words of a folded text, spelled one way: `AR-15`, `AR15` and `ar 15` give the same two keys.

Letters and digits are parted, hyphens inside words dropped, Russian words stemmed, Arabic articles taken off,
Chinese characters stand alone. Lexicon phrases go through the same steps, so that both sides agree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import snowballstemmer
from attrs import frozen

if TYPE_CHECKING:
    from classifiers.folding import Folded

_CJK = "\u3400-\u9fff"
_TOKEN = re.compile(
    rf"(?P<abbreviation>(?<![^\W_])(?:[a-z]\.){{2,}}(?:[a-z](?![^\W_]))?)"
    rf"|(?P<word>[^\W\d_{_CJK}]+(?:'[^\W\d_{_CJK}]+)*)"
    rf"|(?P<number>\d+(?:[.,]\d+)*)"
    rf"|(?P<character>[{_CJK}])|(?P<line>\n)|(?P<other>[^\s\w]|_)"
)
_BREAKS = frozenset(".!?;\n")
_ELISION = frozenset({"l", "d", "qu", "n", "s", "j", "m", "t", "c", "i"})
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_ARABIC = re.compile("[\u0600-\u06ff]")
_ARTICLES = ("وال", "بال", "فال", "كال", "ولل", "ال", "لل")
_LINE_MEANS_BREAK = 45  # a line shorter than this was ended on purpose, not wrapped
_LONGEST_ASKED = 6  # tokens of a question whose answer belongs to it: "No licence? No sale."
_MOST_STEMS = 50_000


@frozen
class Tokens:
    """`keys[i]` lies at `starts[i]:ends[i]` of the folded text.

    `breaks` holds the places of sentence ends, `asked` those that end a short question: what follows answers it.
    """

    keys: list[str]
    starts: list[int]
    ends: list[int]
    breaks: frozenset[int]
    folded: Folded
    asked: frozenset[int] = frozenset()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Tokens `start:end` (not empty) as a span of the original text."""
        return self.folded.original(self.starts[start], self.ends[end - 1])


class Tokenizer:
    """Cuts folded texts into tokens. Holds a bounded memory of stems."""

    def __init__(self) -> None:
        self._russian = snowballstemmer.stemmer("russian")
        self._stems: dict[str, str] = {}

    def split(self, folded: Folded) -> Tokens:
        """The tokens of a folded text."""
        keys: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        breaks: set[int] = set()
        asked: set[int] = set()
        line_start = after = 0
        for match in _TOKEN.finditer(folded.text):
            kind = match.lastgroup
            start, end = match.span()
            text = match[0]
            if kind == "word":
                for piece, first, last in self._pieces(text):
                    keys.append(piece)
                    starts.append(start + first)
                    ends.append(start + last)
                continue
            if kind == "abbreviation":
                text = text.replace(".", "")
            elif kind == "line":
                short, line_start = start - line_start < _LINE_MEANS_BREAK, end
                if not short or (keys and len(keys) - 1 in breaks):
                    continue
            elif kind == "other" and self._silent(text, folded.text, start, end):
                continue
            if text in _BREAKS:
                breaks.add(len(keys))
                if text == "?" and 0 < len(keys) - after <= _LONGEST_ASKED:
                    asked.add(len(keys))
                after = len(keys) + 1
            keys.append(text)
            starts.append(start)
            ends.append(end)
        return Tokens(keys, starts, ends, frozenset(breaks), folded, frozenset(asked))

    def keys(self, folded: Folded) -> list[str]:
        """Only the keys: how a lexicon's phrase is spelled."""
        return self.split(folded).keys

    @staticmethod
    def _silent(text: str, whole: str, start: int, end: int) -> bool:
        """A hyphen inside a word, and the point of `.45`, say nothing."""
        following = whole[end : end + 1]
        before = whole[start - 1 : start] if start else " "
        if text == "-":
            return following.isalnum() and before.isalnum()
        return text == "." and following.isdigit() and not before.isalnum()

    def _pieces(self, word: str) -> list[tuple[str, int, int]]:
        if "'" in word:
            first, _, rest = word.partition("'")
            if first in _ELISION:
                skipped = len(first) + 1
                pieces = self._pieces(rest)
                return [(first, 0, skipped), *((key, skipped + at, skipped + end) for key, at, end in pieces)]
        key = word.replace("'", "")
        return [(key if key.isascii() else self._stem(key), 0, len(word))]

    def _stem(self, word: str) -> str:
        known = self._stems.get(word)
        if known is None:
            if len(self._stems) >= _MOST_STEMS:
                self._stems.clear()
            known = self._stems[word] = self._find_stem(word)
        return known

    def _find_stem(self, word: str) -> str:
        if len(word) > 40:
            return word
        if _CYRILLIC.match(word):
            return str(self._russian.stemWord(word))
        if _ARABIC.match(word):
            for article in _ARTICLES:
                if word.startswith(article) and len(word) >= len(article) + 3:
                    return word[len(article) :]
            if word[0] == "و" and len(word) >= 5:
                return word[1:]
        return word
