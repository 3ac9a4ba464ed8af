"""Reads a text's fields once: folded, tokenised, with all phrases found; everything after works on this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from classifiers.disguise import Revealer
from classifiers.folding import Folder
from classifiers.matching import Matcher, Phrases
from classifiers.tokens import Tokenizer, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from classifiers.lexicon import Lexicon


@frozen
class FieldReading:
    """One field: its name, its original text, its tokens and the phrases in them."""

    name: str
    text: str
    tokens: Tokens
    phrases: Phrases

    def span(self, start: int, end: int) -> tuple[int, int, str]:
        """Tokens `start:end` as a span of the original field, and its words."""
        first, last = self.tokens.span(start, end)
        return first, last, self.text[first:last]


class Reader:
    """Folds, tokenises and finds phrases, by one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.folder = Folder()
        self.tokenizer = Tokenizer()
        self.everyday = {
            language: frozenset(self.tokenizer.keys(self.folder.fold(words)))
            for language, words in lexicon.common.items()
        }
        self.matcher = Matcher(lexicon, self.folder, self.tokenizer, frozenset().union(*self.everyday.values()))
        self.never_makes = lexicon.never_makes
        self._revealer = Revealer(self._telling_words(lexicon))

    def _telling_words(self, lexicon: Lexicon) -> set[str]:
        """Single words for regulated things and for the terms around them, worth restoring from disguise."""
        words: set[str] = set()
        for concept, phrases in lexicon.concepts.items():
            if concept.startswith("make/") or concept.split(":")[-1] in TELLING:
                words.update(phrases)
        keys = (self.tokenizer.keys(self.folder.fold(word)) for word in words if " " not in word)
        return {key[0] for key in keys if len(key) == 1 and len(key[0]) >= 3 and key[0].isalpha()}

    def tokens(self, text: str) -> Tokens:
        """Folded and revealed tokens of a text."""
        return self.tokenizer.split(self._revealer.reveal(self.folder.fold(text)))

    def read(self, name: str, text: str, tokens: Tokens | None = None) -> FieldReading:
        """A field with its phrases."""
        own = tokens or self.tokens(text)
        return FieldReading(name, text, own, self.matcher.find(own))

    def phrases_of(self, concepts: Iterable[str]) -> frozenset[int]:
        """The phrase numbers of several concepts; unknown concepts have none."""
        return frozenset().union(*(self.matcher.members.get(concept, frozenset()) for concept in concepts))


TELLING = frozenset(
    {
        "object/gun",
        "object/firearm_handgun",
        "object/firearm_long",
        "object/ammunition",
        "object/suppressor",
        "object/conversion_device",
        "object/light_weapon",
        "check",
        "paper",
        "serial",
        "crypto",
    }
)
