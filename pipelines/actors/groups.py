"""Actors out of links: accounts joined by what holds, never over what a person cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Iterable

Pair = tuple[int, int]
"""Two accounts by their row ids, the lower first."""


@define
class _Groups:
    """Accounts in groups; two groups are joined unless a cut lies between them."""

    cut: set[Pair]
    of: dict[int, int] = field(factory=dict)
    members: dict[int, set[int]] = field(factory=dict)

    def join(self, one: int, other: int) -> None:
        left, right = self._find(one), self._find(other)
        if left == right or any(
            pair(ours, theirs) in self.cut for ours in self.members[left] for theirs in self.members[right]
        ):
            return
        for row in self.members[right]:
            self.of[row] = left
        self.members[left] |= self.members.pop(right)

    def _find(self, row: int) -> int:
        if row not in self.of:
            self.of[row] = row
            self.members[row] = {row}
        return self.of[row]


def pair(one: int, other: int) -> Pair:
    """The pair of two accounts."""
    return (one, other) if one < other else (other, one)


def find_groups(links: Iterable[tuple[float, Pair]], confirmed: Iterable[Pair], cut: Iterable[Pair]) -> list[set[int]]:
    """The groups of two accounts and more: what people confirmed first, then links from the strongest on.

    `links` are (weight, pair). The result does not depend on their order.
    """
    groups = _Groups(set(cut))
    for one, other in sorted(set(confirmed)):
        groups.join(one, other)
    for _, (one, other) in sorted(links, key=lambda link: (-link[0], link[1])):
        groups.join(one, other)
    found = [members for members in groups.members.values() if len(members) > 1]
    return sorted(found, key=min)
