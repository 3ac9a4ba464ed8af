"""How a business speaks of itself, and one who has just bought: cues in words, each with what takes it back."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from attrs import frozen
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Iterable

_NEAR = 30
"""Characters before a cue in which a word takes it back: "we do not yet take any credit cards"."""
_STOP = re.compile(r"[.!?;\n。！？；]")
_Phrases = tuple[tuple[str, re.Pattern[str]], ...]
_UNSPACED = re.compile(r"[\u3400-\u9fff]")


@frozen
class Manner:
    """Phrases by cue, and what takes one back. Read the shipped ones with `Manner.shipped`."""

    cues: dict[str, _Phrases]
    bought: _Phrases
    again: _Phrases
    new: frozenset[str]
    denial: re.Pattern[str]

    @classmethod
    def shipped(cls) -> Manner:
        """Those that come with Tracemark (pipelines/sellers/manner.yaml), in eight languages; read once."""
        return _read()

    def find(self, text: str) -> frozenset[str]:
        """The cues that stand in a text and are not taken back; language plays no part, as with all words here."""
        folded = _fold(text)
        return frozenset(name for name, phrases in self.cues.items() if self._any(folded, phrases))

    def tells_purchase(self, text: str) -> bool:
        """Whether an offer says that the thing was bought only lately."""
        return self._any(_fold(text), self.bought)

    def tells_again(self, text: str) -> bool:
        """Whether an offer says of itself that the thing was offered before."""
        return self._any(_fold(text), self.again)

    def says_new(self, condition: str | None) -> bool:
        """Whether a page's field for the condition says new: `New`, not `like new`."""
        return condition is not None and " ".join(condition.casefold().split()) in self.new

    def _any(self, text: str, phrases: _Phrases) -> bool:
        return any(phrase in text and self._stands(text, pattern) for phrase, pattern in phrases)

    def _stands(self, text: str, pattern: re.Pattern[str]) -> bool:
        return any(
            not self.denial.search(_STOP.split(text[max(0, match.start() - _NEAR) : match.start()])[-1])
            for match in pattern.finditer(text)
        )


@cache
def _read() -> Manner:
    body = YAML(typ="safe").load(resources.files("pipelines.sellers").joinpath("manner.yaml").read_text("utf-8"))
    return Manner(
        {name: _phrases(phrases) for name, phrases in body["cues"].items()},
        _phrases(body["just bought"]),
        _phrases(body["again"]),
        frozenset(word for words in body["new"] for word in words),
        _whole(word for words in body["not"].values() for word in words),
    )


def _phrases(by_language: dict[str, list[str]]) -> _Phrases:
    return tuple((phrase, _whole([phrase])) for phrases in by_language.values() for phrase in phrases)


def _fold(text: str) -> str:
    return text.casefold().replace("\u2019", "'")


def _whole(phrases: Iterable[str]) -> re.Pattern[str]:
    """Any of some phrases as whole words; a script without spaces has no such thing."""
    parts = [re.escape(one) if _UNSPACED.search(one) else rf"(?<!\w){re.escape(one)}(?!\w)" for one in phrases]
    return re.compile("|".join(parts))
