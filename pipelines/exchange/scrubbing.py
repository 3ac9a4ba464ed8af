"""Finds protected words in a text however they are spaced, cased or disguised, and puts pseudonyms in their place.

Text and words are compared as their letters and digits alone, folded (case, width, accents, look-alikes). Whatever
holds a protected word as it stands therefore holds its folded form too.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from classifiers.folding import LOOKALIKES, fold_char

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDEST_GAP = 3
"""Characters between two letters of a word that is written apart, as in q-u-i-e-t or 907 - 555."""

_BEGINNING = 3

FEWEST_DIGITS = 6
"""A shorter number is as often a price or a year: it is replaced where it stands as an id, not within a text."""


@frozen
class Word:
    """A protected word: its letters and digits, folded; what stands for it; how it was met, from letter to letter."""

    letters: str
    pseudonym: str
    whole: bool  # only where it stands as a word of its own
    spellings: frozenset[str]


@frozen
class Scrubbed:
    """A text without protected words. `edits` are spans of the original with what stands there now, in order."""

    text: str
    edits: tuple[tuple[int, int, str], ...]

    def place(self, offset: int, *, end: bool = False) -> int:
        """Where an offset of the original lies now; one inside a replaced word goes to its edge."""
        moved = 0
        for start, stop, replacement in self.edits:
            if stop <= offset:
                moved += len(replacement) - (stop - start)
            elif start < offset:
                return start + moved + (len(replacement) if end else 0)
        return offset + moved


@define
class Scrubber:
    """Protected words, by what they are called from now on."""

    _words: dict[str, Word] = field(factory=dict)
    _beginnings: dict[str, dict[str, None]] = field(factory=dict)  # first letters to words: a case has thousands

    def protect(self, text: str, pseudonym: str, *, whole: bool = False) -> None:
        """Protect a word. One that is protected already keeps its pseudonym."""
        folded = [_fold(char) for char in text]
        letters = "".join(folded)
        if not letters and (not text or text.isascii()):
            return
        held = [place for place, part in enumerate(folded) if part] or [0, len(text) - 1]
        spelling = text[held[0] : held[-1] + 1]
        known = self._words.get(letters or text)
        self._words[letters or text] = Word(
            letters,
            known.pseudonym if known else pseudonym,
            (whole or _is_short(letters)) and (known is None or known.whole),
            frozenset({spelling.casefold() if letters else spelling}) | (known.spellings if known else frozenset()),
        )
        self._beginnings.setdefault(letters[:_BEGINNING], {})[letters or text] = None

    def known(self, text: str) -> str | None:
        """Return the pseudonym of a protected word."""
        found = self._words.get("".join(_fold(char) for char in text) or text)
        return None if found is None else found.pseudonym

    def scrub(self, text: str) -> Scrubbed:
        """Return the text with every protected word replaced by its pseudonym in brackets."""
        spans = sorted(self._find(text), key=lambda span: (span[0], -span[1]))
        merged: list[tuple[int, int, str]] = []
        for start, end, pseudonym in spans:
            if merged and start < merged[-1][1]:
                first, last, name = merged[-1]
                merged[-1] = (first, max(last, end), name)
            else:
                merged.append((start, end, pseudonym))
        edits = tuple((start, end, f"[{pseudonym}]") for start, end, pseudonym in merged)
        parts, place = [], 0
        for start, end, replacement in edits:
            parts += [text[place:start], replacement]
            place = end
        return Scrubbed("".join([*parts, text[place:]]), edits)

    def holds(self, text: str) -> bool:
        """Tell whether a text holds a protected word."""
        return next(self._find(text), None) is not None

    def _find(self, text: str) -> Iterator[tuple[int, int, str]]:
        places = [(place, letter) for place, char in enumerate(text) for letter in _fold(char)]
        letters = "".join(letter for _, letter in places)
        for key in self._beginnings.get("", ()):
            yield from _exact(text, self._words[key])
        for start in range(len(letters)):
            for length in range(1, _BEGINNING + 1):
                for key in self._beginnings.get(letters[start : start + length], ()):
                    if len(key) < length or not letters.startswith(key, start):
                        continue
                    held = [place for place, _ in places[start : start + len(key)]]
                    if _stands(text, held[0], held[-1] + 1, self._words[key], held):
                        yield held[0], held[-1] + 1, self._words[key].pseudonym


def _exact(text: str, word: Word) -> Iterator[tuple[int, int, str]]:
    for spelling in sorted(word.spellings):
        start = text.find(spelling)
        while start >= 0:
            yield start, start + len(spelling), word.pseudonym
            start = text.find(spelling, start + 1)


def _stands(text: str, begin: int, end: int, word: Word, places: list[int]) -> bool:
    """Whether the letters found are the word, and not parts of words that happen to follow each other."""
    if word.letters.isdigit() and len(word.letters) < FEWEST_DIGITS and not word.whole:
        return False
    gaps = [_visible(text[one + 1 : other]) for one, other in pairwise(places) if other > one + 1]
    as_met = text[begin:end].casefold() in word.spellings
    if any(gap > _WIDEST_GAP for gap in gaps) and not as_met:
        return False
    bounded = not (begin and text[begin - 1].isalnum()) and not (end < len(text) and text[end].isalnum())
    if word.whole:
        return bounded
    return bounded or not any(gaps) or as_met or word.letters.isdigit()


def _is_short(letters: str) -> bool:
    return bool(letters) and letters.isascii() and len(letters) < 4


def _visible(text: str) -> int:
    return sum(1 for char in text if fold_char(char))


@cache  # bounded by Unicode itself
def _fold(char: str) -> str:
    folded = "".join(LOOKALIKES.get(one, one) for one in fold_char(char))
    return "".join(one for one in folded if one.isalnum())
