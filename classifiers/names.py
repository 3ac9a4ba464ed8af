"""Words that name a weapon, its maker or its calibre: what keeps a text from being let go at first sight."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from classifiers.reading import Reader

THINGS = frozenset(
    {
        "gun", "firearm_handgun", "firearm_long", "essential_component", "ammunition", "conversion_device",
        "suppressor", "light_weapon", "blank_alarm_signal", "deactivated", "antique", "air_or_gas",
        "airsoft_replica_toy", "knife_or_other_weapon",
    }
)  # fmt: skip
LEAST_WORD = 3  # letters of a name that stands by itself: shorter ones are other languages' everyday words


class WeaponNames:
    """The first word, or the first two, of every phrase that names a thing we look for or the law about it."""

    def __init__(self, reader: Reader) -> None:
        everyday = frozenset().union(*reader.everyday.values())
        keys = set(_keys(reader))
        self._words = {key[0] for key in keys if len(key) == 1 and len(key[0]) >= LEAST_WORD and key[0] not in everyday}
        self._pairs = {
            (key[0], key[1])
            for key in keys
            if len(key) > 1 and self._words.isdisjoint(key[:2]) and everyday.isdisjoint(key[:2])
        }

    def stand_in(self, keys: Sequence[str]) -> bool:
        """Whether one of them stands in a text's tokens."""
        return not self._words.isdisjoint(keys) or not self._pairs.isdisjoint(pairwise(keys))


def _keys(reader: Reader) -> Iterator[tuple[str, ...]]:
    phrases = {number: key for key, number in reader.matcher.phrase_keys()}
    for concept, numbers in reader.matcher.members.items():
        names = concept.startswith(("make/", "model/", "calibre/")) or concept.endswith(":gunlaw")
        if names or concept.partition(":object/")[2] in THINGS:
            yield from (phrases[number] for number in numbers)
