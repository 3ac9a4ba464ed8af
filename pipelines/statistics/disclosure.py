"""Which counts may be shown: none that is small, and none from which a small one follows by subtraction.

The counts form one tree: all, then each value of the first dimension, then of the second within it… A part is shown
where it holds at least `LEAST` items of at least `LEAST_SELLERS` sellers; the small ones beside it are put together as
one rest, and where that is still small, the next smallest joins it. So whatever is shown is the sum of its parts that
are shown, or has none, and every difference of shown counts is again a union of parts that are large enough.

A signal splits a part in two, with and without it: both sides must be large enough, or empty.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LEAST = 10
"""Items in a cell: the bound of the rules of conduct for aggregates that are kept for good (k of ten)."""
LEAST_SELLERS = 3
"""Sellers in a cell: one who sells much would be told by a count of their own."""
ALL, REST = "(all)", "(rest)"


@frozen(kw_only=True)
class Unit:
    """One item in the table: its value on each dimension, whose it is, and whether it is counted."""

    values: tuple[str, ...]
    seller: str
    inside: bool = True


@frozen
class Cell:
    """A count that may be shown: `values` name the part, with `ALL` where a dimension is not split."""

    values: tuple[str, ...]
    count: int


def publishable(units: Sequence[Unit], dimensions: int) -> list[Cell]:
    """Every count of those inside that may be shown, in the order of their values; none where all are too few."""
    if not _is_large(units):
        return []
    return list(_cells(units, (), dimensions))


def _cells(units: Sequence[Unit], path: tuple[str, ...], dimensions: int) -> Iterator[Cell]:
    count = sum(unit.inside for unit in units)
    if count:
        yield Cell((*path, *[ALL] * (dimensions - len(path))), count)
    if len(path) == dimensions:
        return
    shown, rest = _split(units, len(path))
    for value in sorted(shown):
        yield from _cells(shown[value], (*path, value), dimensions)
    inside = sum(unit.inside for unit in rest)
    if 0 < inside < count:
        yield Cell((*path, REST, *[ALL] * (dimensions - len(path) - 1)), inside)


def _split(units: Sequence[Unit], at: int) -> tuple[dict[str, list[Unit]], list[Unit]]:
    """The parts that may be shown by their value, and the rest; no parts where they cannot be told apart safely."""
    parts: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        parts[unit.values[at]].append(unit)
    shown = {value: part for value, part in parts.items() if _is_large(part)}
    rest = [unit for value, part in parts.items() if value not in shown for unit in part]
    while rest and not _is_large(rest):
        if not shown:
            return {}, list(units)
        least = min(shown, key=lambda value: (len(shown[value]), value))
        rest += shown.pop(least)
    return shown, rest


def _is_large(units: Sequence[Unit]) -> bool:
    return all(
        not side or (len(side) >= LEAST and len({unit.seller for unit in side}) >= LEAST_SELLERS)
        for side in ([unit for unit in units if unit.inside], [unit for unit in units if not unit.inside])
    )
