"""Which language a text is in: everyday words decide where they are plain, lingua where they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingua import Language, LanguageDetectorBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OTHER = "other"
# Low accuracy over 24 languages: so that what is none of our eight comes out as such (reference/libraries.md: 48 of
# 48 short texts right, 40 MB).
NAMES = (
    "ENGLISH SPANISH PORTUGUESE FRENCH GERMAN RUSSIAN ARABIC CHINESE ITALIAN DUTCH POLISH TURKISH UKRAINIAN SWEDISH "
    "DANISH BOKMAL FINNISH CZECH ROMANIAN HUNGARIAN GREEK JAPANESE KOREAN PERSIAN"
)
SAMPLE = 300  # code points read by lingua; more changed no answer on 1,070 real ads
PLAIN_WORDS = 4  # this many everyday words, and twice as many as in the next language, need no second opinion


class LanguageFinder:
    """Names the language of texts.

    `ours` maps the codes we have lexicons for to their everyday words,
    spelled as tokens are.
    """

    def __init__(self, ours: Mapping[str, frozenset[str]]) -> None:
        self._ours = frozenset(ours)
        self._codes: dict[str, tuple[str, ...]] = {}
        for code, words in sorted(ours.items()):
            for word in words:
                self._codes[word] = (*self._codes.get(word, ()), code)
        languages = [getattr(Language, name) for name in NAMES.split()]
        builder = LanguageDetectorBuilder.from_languages(*languages)
        self._detector = builder.with_low_accuracy_mode().with_preloaded_language_models().build()

    def find(self, text: str, keys: Sequence[str]) -> str:
        """`en`, `es`…, or `other`. `keys` are the text's tokens."""
        plain = self._by_everyday_words(keys)
        if plain is not None:
            return plain
        letters = text[:SAMPLE].encode("utf-8", "replace").decode()
        found = self._detector.detect_language_of(letters)
        if found is None:
            return OTHER
        code = found.iso_code_639_1.name.lower()
        if code in self._ours:
            return code
        return self._closest(keys) if letters.isascii() and len(keys) < 14 else OTHER

    def guess(self, keys: Sequence[str]) -> str:
        """The language that everyday words show plainly, else `other`: for texts of which no more is read."""
        return self._by_everyday_words(keys) or OTHER

    def _by_everyday_words(self, keys: Sequence[str]) -> str | None:
        counts = self._counts(keys)
        return counts[0][1] if counts[0][0] >= PLAIN_WORDS and counts[0][0] >= 2 * counts[1][0] else None

    def _counts(self, keys: Sequence[str]) -> list[tuple[int, str]]:
        """How many of the first 80 tokens are everyday words of each language, the most first; at least two rows."""
        counts = dict.fromkeys(self._ours, 0)
        for key in keys[:80]:
            for code in self._codes.get(key, ()):
                counts[code] += 1
        return [*sorted(((count, code) for code, count in counts.items()), reverse=True), (0, OTHER)]

    def _closest(self, keys: Sequence[str]) -> str:
        """A few Latin words, mostly names and numbers, tell no language: English unless everyday words differ."""
        counts = self._counts(keys)
        return counts[0][1] if counts[0][0] > counts[1][0] else "en"
