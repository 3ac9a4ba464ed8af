"""Cuts a field into clauses, and says what a clause shows: its words, and the lexicon's concepts in their order.

Concepts have one name in every language (`<check>`, `<no>`, `<ship>`), so that what was learnt of one language's
clauses carries over to another's.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from classifiers.matching import Matcher
    from classifiers.reading import FieldReading

PAUSES = frozenset({",", "(", ")", "/", "|", ":", "-", "、", "،"})
LONGEST = 40  # tokens: a longer run without a pause is cut there
SHORT = 4  # tokens: a clause that short is a feature of its own ("cash", "no papers")
REACH = 4  # tokens between two concepts that are still read together
PREFIX = 5  # letters that stand for a word's stem, in languages with many endings
_NAMES = (("make/", "<make>"), ("model/", "<model>"), ("calibre/", "<calibre>"))


@frozen
class Clause:
    """Tokens `start:end` of a field."""

    start: int
    end: int


def cut_clauses(field: FieldReading) -> Iterator[Clause]:
    """The clauses of a field in order: between sentence ends and pauses, at most 40 tokens each."""
    start = 0
    keys, breaks = field.tokens.keys, field.tokens.breaks
    for place, key in enumerate(keys):
        ends = place in breaks or key in PAUSES
        if ends or place - start == LONGEST:
            if place > start:
                yield Clause(start, place)
            start = place + 1 if ends else place
    if start < len(keys):
        yield Clause(start, len(keys))


class ClauseReader:
    """Says what is in a clause, as names of features."""

    def __init__(self, matcher: Matcher) -> None:
        self._concepts = {number: names for number, names in _named(matcher) if names}

    def features(self, field: FieldReading, clause: Clause) -> set[str]:
        """Words, pairs and triples of them, stems, both ends, concepts, and concepts near each other in their order."""
        keys = field.tokens.keys[clause.start : clause.end]
        found = set(keys)
        found.update(f"{one}_{two}" for one, two in pairwise(keys))
        found.update(f"{one}_{two}_{three}" for one, two, three in zip(keys, keys[1:], keys[2:], strict=False))
        found.update((f"^{keys[0]}", f"{keys[-1]}$"))
        if len(keys) <= SHORT:
            found.add(f"^{' '.join(keys)}$")
        found.update(f"{key[:PREFIX]}*" for key in keys if len(key) > PREFIX and key.isalpha())
        found.update(self._concepts_in(field, clause))
        return found

    def _concepts_in(self, field: FieldReading, clause: Clause) -> Iterator[str]:
        at, keys = field.phrases.at, field.tokens.keys
        seen = sorted(
            {
                (place, end, name)
                for place in range(clause.start, clause.end)
                for number, end in at.get(place, ())
                if end <= clause.end
                for name in self._concepts.get(number, ())
            }
        )
        for number, (place, end, name) in enumerate(seen):
            yield name
            if end < clause.end:
                yield f"{name}>={keys[end]}"
            if place > clause.start:
                yield f"={keys[place - 1]}>{name}"
            for later, _, other in seen[number + 1 :]:
                if later - end > REACH:
                    break
                if later >= end and other != name:
                    yield f"{name}>{other}"


def _named(matcher: Matcher) -> Iterator[tuple[int, tuple[str, ...]]]:
    for number, concepts in matcher.concepts_of.items():
        names = {name for concept in concepts if (name := _name(concept))}
        yield number, tuple(sorted(names))


def _name(concept: str) -> str | None:
    for prefix, name in _NAMES:
        if concept.startswith(prefix):
            return name
    _, _, kind = concept.partition(":")
    if not kind or kind.startswith("="):
        return None
    return kind if kind.startswith("object/") else f"<{kind}>"
