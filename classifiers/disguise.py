"""Undoes hidden spelling on the folded copy: `gl0ck`, `p1$tol`, `g l o c k`, `gl.ock`, `p*stol`.

Only words that a lexicon knows as telling are restored; everything else stays as written.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from classifiers.folding import Folded

LEET = {
    "0": "o",
    "1": "il",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "g",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "!": "i",
    "+": "t",
    "€": "e",
    "|": "il",
}
_HINT = re.compile(r"[^\W\d_][0-9@$!€|*]{1,3}[^\W\d_]|[@$!€|*][^\W\d_]|[^\W\d_][@$!€|*]|\b[0136][^\W\d_]")
_MIXED = re.compile(r"(?<![^\s(\"'])[^\s]{3,24}")
_SPACED = re.compile(r"(?<![^\W_])[^\W_](?:[ .\-_*·/]{1,2}[^\W_]){2,24}(?![^\W_])")
_DOTTED = re.compile(r"(?<![^\s(\"'])[^\W\d_]{1,12}(?:[._*·][^\W\d_]{1,12}){1,12}(?![^\W_])")
_SPACED_HINT = re.compile(r"(?<![^\W_])[^\W_][ .\-_*·/]{1,2}[^\W_][ .\-_*·/]{1,2}[^\W_](?![^\W_])")
_PIECE = re.compile(r"[^ .\-_*·/]+")
_MOST_READINGS = 64


class Revealer:
    """Restores disguised spellings of `words` (folded, single words of three letters or more)."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(words)
        self._by_length: dict[int, list[str]] = {}
        for word in sorted(self._words):
            self._by_length.setdefault(len(word), []).append(word)

    def reveal(self, folded: Folded) -> Folded:
        """The copy with hidden spellings undone, or the same object where there are none."""
        text = folded.text
        edits: list[tuple[int, int, str]] = []
        if _HINT.search(text):
            edits += [edit for match in _MIXED.finditer(text) if (edit := self._leet(match))]
        if _SPACED_HINT.search(text):
            edits += [edit for match in _SPACED.finditer(text) if (edit := self._joined(match))]
        if not edits and any(mark in text for mark in "._*·"):
            edits += [edit for match in _DOTTED.finditer(text) if (edit := self._joined(match))]
        return folded.with_edits(edits) if edits else folded

    def _leet(self, match: re.Match[str]) -> tuple[int, int, str] | None:
        raw = match[0]
        word = raw.rstrip(".,;:!?)\"'")
        if len(word) < 3 or word.isalpha() or not any(char.isalpha() for char in word):
            return None
        choices = [LEET.get(char, char) for char in word]
        size = 1
        for choice in choices:
            size *= len(choice)
        if size > _MOST_READINGS:
            return None
        for reading in product(*choices):
            spelled = "".join(reading)
            found = self._known(spelled)
            if found and not word.startswith(found):
                return match.start(), match.start() + len(word), found
        return None

    def _known(self, spelled: str) -> str | None:
        for candidate in (spelled, spelled.removesuffix("s")):
            if candidate in self._words:
                return candidate
        if "*" in spelled and not spelled.startswith("*"):
            return next((word for word in self._by_length.get(len(spelled), ()) if _fits(spelled, word)), None)
        return None

    def _joined(self, match: re.Match[str]) -> tuple[int, int, str] | None:
        """The longest run of the pieces that spells a known word."""
        pieces = list(_PIECE.finditer(match[0]))
        for size in range(len(pieces), 1, -1):
            for first in range(len(pieces) - size + 1):
                run = pieces[first : first + size]
                found = self._spelled("".join(piece[0] for piece in run))
                if found:
                    return match.start() + run[0].start(), match.start() + run[-1].end(), found
        return None

    def _spelled(self, letters: str) -> str | None:
        if len(letters) < 3 or letters.isdigit():
            return None
        return self._known(letters) or self._known("".join(LEET.get(char, char)[0] for char in letters))


def _fits(masked: str, word: str) -> bool:
    return masked.count("*") * 2 < len(word) and all(
        char in ("*", other) for char, other in zip(masked, word, strict=True)
    )
