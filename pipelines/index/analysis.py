"""Text into tokens, once, for both engines: folding, stems by language, Chinese by characters.

Every token carries the code points of the original it was read from, so that a hit can be shown in the text as it
was served. Engines see the tokens joined by spaces and split them at spaces, nothing more.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from threading import local
from typing import TYPE_CHECKING, Protocol

import snowballstemmer
from attrs import frozen

from classifiers.folding import LOOKALIKES, SIMPLIFIED
from pipelines.index.disguise import Unmasker

if TYPE_CHECKING:
    from collections.abc import Iterator

ANALYSIS = 2  # raised whenever a text is read into other tokens: an index made before must be made anew
STEMMERS = {
    "en": "english",
    "es": "spanish",
    "pt": "portuguese",
    "fr": "french",
    "de": "german",
    "ru": "russian",
    "ar": "arabic",
}
LATIN_LANGUAGES = ("en", "es", "pt", "fr", "de")
LONGEST_TOKEN = 128  # code points; Lucene refuses terms above 32,766 bytes
SHORTEST_STEMMED = 3

_MARKS = "\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
_INVISIBLE = "\u00ad\u061c\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_WORD = re.compile(rf"[{_HAN}]|(?:(?![{_HAN}])[^\W_]|[{_INVISIBLE}{_MARKS}])+")
_DROPPED = re.compile(f"[{_INVISIBLE}]+")
_LETTERS_WITHOUT_DECOMPOSITION = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ð": "d", "ħ": "h"})
_PLAIN_LATIN = str.maketrans(LOOKALIKES)
_SIMPLIFIED = str.maketrans(SIMPLIFIED)
_LATIN_LETTER = re.compile("[a-z]")
_CYRILLIC_BREVE = "\u0306"  # the mark of й, a letter of its own; ё becomes е, as Russians type it


@frozen(kw_only=True, slots=True)
class Token:
    """One token: its folded form, its stem as `language:stem` or None, and the span `start:end` in the original."""

    text: str
    stem: str | None
    start: int
    end: int


def fold(text: str) -> str:
    """Lower case, without accents, invisible characters and tatweel; compatibility forms made plain. Idempotent."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", _DROPPED.sub("", text)).casefold()).casefold()
    kept: list[str] = []
    for character in plain:
        letter_of_its_own = character == _CYRILLIC_BREVE and kept and "\u0400" <= kept[-1] <= "\u04ff"
        if letter_of_its_own or not unicodedata.category(character).startswith("M"):
            kept.append(character)
    folded = _DROPPED.sub("", unicodedata.normalize("NFC", "".join(kept)))
    return folded.translate(_LETTERS_WITHOUT_DECOMPOSITION)


def fold_value(text: str) -> str:
    """The folded form under which a whole value (a site, a status, a seller's id) is compared: single spaces inside."""
    return " ".join(fold(text).split())[:256]


def is_han(character: str) -> bool:
    """Whether a character is searched by itself and in pairs: Han and kana."""
    return (
        "\u3040" <= character <= "\u30ff"
        or "\u3400" <= character <= "\u4dbf"
        or "\u4e00" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or "\U00020000" <= character <= "\U0003fffd"
    )


def languages_by_script(word: str) -> tuple[str, ...]:
    """The languages whose stems a folded word of unknown language may have, from the script of its first letter."""
    first = word[0]
    if "\u0400" <= first <= "\u04ff":
        return ("ru",)
    if "\u0600" <= first <= "\u06ff" or "\u0750" <= first <= "\u077f":
        return ("ar",)
    return LATIN_LANGUAGES if first < "\u0250" else ()


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 -- snowballstemmer's own name


class Analyzer:
    """Reads texts into tokens, and remembers the last words it folded and stemmed (30 us a stem).

    Any number of threads may use one: a stemmer keeps the word it works on, so each thread has stemmers of its own.
    """

    def __init__(self, remembered_words: int = 100_000) -> None:
        self._stemmers = local()
        self._unmasker = Unmasker()
        self._fold = lru_cache(remembered_words)(_fold_word)
        self._stem = lru_cache(remembered_words)(self._stem_word)

    def _stemmer(self, language: str) -> _Stemmer:
        found: _Stemmer | None = getattr(self._stemmers, language, None)
        if found is None:
            found = snowballstemmer.stemmer(STEMMERS[language])
            setattr(self._stemmers, language, found)
        return found

    def _stem_word(self, word: str, language: str) -> str | None:
        if len(word) < SHORTEST_STEMMED or not word.isalpha():
            return None
        stemmer = self._stemmer(language)
        stem = stemmer.stemWord(word)
        if language == "ar":  # one pass takes only part of the plural ending -at off
            stem = stemmer.stemWord(stem)
        return f"{language}:{stem}"

    def _language_of(self, word: str, stated: str | None) -> str | None:
        possible = languages_by_script(word)
        if len(possible) <= 1:
            return possible[0] if possible else None
        if stated is None or stated == "und":
            return possible[0]
        return stated if stated in possible else None

    def occurrences(self, text: str, initials: frozenset[str]) -> Iterator[re.Match[str]]:
        """Where words stand that may fold to one beginning with `initials`, as written, in no order; `read` decides."""
        if not text.isascii():  # a first letter may hide behind accents and invisible characters
            yield from _WORD.finditer(text)
            return
        lowered = text.lower()
        for letter in initials:
            at = lowered.find(letter)
            while at >= 0:
                match = _WORD.match(text, at) if at == 0 or not lowered[at - 1].isalnum() else None
                if match is not None:
                    yield match
                at = lowered.find(letter, at + 1)

    def read(self, written: str, language: str | None) -> tuple[str, str | None]:
        """The folded form of a word (empty: nothing to search) and its stem as `language:stem`, or None."""
        word = self._fold(written)
        if not word or (len(word) == 1 and is_han(word)):
            return word, None
        spoken = self._language_of(word, language)
        return word, self._stem(word, spoken) if spoken else None

    def tokens(self, text: str, language: str | None) -> Iterator[Token]:
        """The tokens of a text in order. `language` is ISO 639-1 or None; other scripts than its own still stem."""
        for match in _WORD.finditer(text):
            word, stem = self.read(match.group(), language)
            if word:
                yield Token(text=word, stem=stem, start=match.start(), end=match.end())

    def columns(self, text: str, language: str | None) -> tuple[str, str]:
        """Two space-separated token strings: the folded words, and the stems with the character pairs of Chinese."""
        words: list[str] = []
        stems: list[str] = []
        previous_han_end = -1
        for match in _WORD.finditer(text):
            word, stem = self.read(match.group(), language)
            if not word:
                continue
            if stem is not None:
                stems.append(stem)
            elif len(word) == 1 and is_han(word):
                if previous_han_end == match.start():
                    stems.append(pair(words[-1], word))
                previous_han_end = match.end()
            words.append(word)
        stems += [stem for word, stem, _, _ in self.hidden(text, language) if stem is not None and word not in words]
        return " ".join(words), " ".join(stems)

    def hidden(self, text: str, language: str | None) -> Iterator[tuple[str, str | None, int, int]]:
        """Words in hidden spelling as they are meant: folded, their stem, and where they stand in the original."""
        for one in self._unmasker.find(text):
            word = self._fold(one.word)
            spoken = self._language_of(word, language) or self._language_of(word, None)
            yield word, self._stem(word, spoken) if spoken else None, one.start, one.end

    def words(self, text: str) -> list[str]:
        """The folded words of a text, without stems."""
        return [word for match in _WORD.finditer(text) if (word := self._fold(match.group()))]

    def stems(self, word: str) -> tuple[str, ...]:
        """The stems a folded word may be indexed under, when nobody said its language."""
        found = (self._stem(word, language) for language in languages_by_script(word))
        return tuple(stem for stem in found if stem is not None)


def pair(first: str, second: str) -> str:
    """The token of two neighbouring Chinese characters."""
    return f"zh:{first}{second}"


def _fold_word(word: str) -> str:
    folded = "".join(character for character in fold(word) if character.isalnum())[:LONGEST_TOKEN]
    if folded.isascii():
        return folded
    plain = folded.translate(_SIMPLIFIED)
    latin = plain.translate(_PLAIN_LATIN)
    mixed = latin.isascii() and _LATIN_LETTER.search(plain)  # letters of other alphabets among Latin ones
    return latin if mixed else plain


def has_words(text: str) -> bool:
    """Whether a text holds anything that can be searched."""
    return any(_fold_word(match.group()) for match in _WORD.finditer(text))


def is_one_word(text: str) -> bool:
    """Whether a text is read as one token."""
    return sum(1 for match in _WORD.finditer(text) if _fold_word(match.group())) == 1
