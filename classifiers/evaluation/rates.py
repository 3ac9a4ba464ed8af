"""Counts of right and wrong, and the rates that follow, with intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from attrs import field, mutable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MEASURED = 50
"""Labelled cases under which a rate is "not measured" (SIGNALS.md, "What to get right above all", 4)."""
_Z = 1.959964  # the 97.5th percentile of the normal distribution: intervals of 95 %

JsonObject = dict[str, Any]


def wilson(right: int, of: int) -> JsonObject:
    """A share with its 95 % interval: `{value, low, high, right, of}`; value, low and high are None of nothing.

    Wilson, E. B. (1927), Journal of the American Statistical Association 22 (158): it stays within 0 to 1 and holds
    its level for small numbers, where the usual one does not.
    """
    if not of:
        return {"value": None, "low": None, "high": None, "right": 0, "of": 0}
    share, square = right / of, _Z * _Z
    centre = (share + square / (2 * of)) / (1 + square / of)
    reach = _Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    low, high = max(0.0, centre - reach), min(1.0, centre + reach)
    return {"value": round(share, 4), "low": round(low, 4), "high": round(high, 4), "right": right, "of": of}


@mutable(kw_only=True)
class Tally:
    """Of one name: how often it was rightly found, wrongly found, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    cases: int = field(init=False, default=0)

    def add(self, *, found: bool, labelled: bool) -> None:
        """One ad."""
        self.right += found and labelled
        self.wrong += found and not labelled
        self.missed += labelled and not found
        self.cases += labelled

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None where there was nothing to find and nothing found."""
        total = 2 * self.right + self.wrong + self.missed
        return round(2 * self.right / total, 4) if total else None

    def to_json(self) -> JsonObject:
        """`{n, measured, precision, recall, f1}`: n counts the labelled cases."""
        return {
            "n": self.cases,
            "measured": self.cases >= MEASURED,
            "precision": wilson(self.right, self.right + self.wrong),
            "recall": wilson(self.right, self.right + self.missed),
            "f1": self.f1,
        }


def pooled(tallies: Iterable[Tally]) -> Tally:
    """All cases together (micro)."""
    total = Tally()
    for one in tallies:
        total.right += one.right
        total.wrong += one.wrong
        total.missed += one.missed
        total.cases += one.cases
    return total


def mean_f1(tallies: Iterable[Tally]) -> float | None:
    """The mean over names that have a case (macro)."""
    values = [one.f1 or 0.0 for one in tallies if one.cases]
    return round(sum(values) / len(values), 4) if values else None


def calibration_error(probabilities: Sequence[float], labels: Sequence[bool], *, bins: int = 10) -> float | None:
    """Expected calibration error: the mean distance of probability and frequency over equal bins, by their size."""
    if not probabilities:
        return None
    sums = [[0.0, 0.0] for _ in range(bins)]
    for probability, label in zip(probabilities, labels, strict=True):
        place = sums[min(int(probability * bins), bins - 1)]
        place[0] += probability
        place[1] += label
    return round(sum(abs(said - seen) for said, seen in sums) / len(probabilities), 4)
