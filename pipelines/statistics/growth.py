"""Whether a count is more than what came before lets expect: a gamma-Poisson model, and how many tests were made.

A thing's weekly rate is drawn from a gamma distribution whose mean is that of all things of its kind; what was seen
before sharpens it. The week's count then follows a negative binomial: a name seen twice for the first time is no
surprise, twelve where one a week was usual are. (Gelman et al., Bayesian Data Analysis, 3rd ed., 2.6 and 2.7.)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

PRIOR = 1.0
"""How many counts the mean of its kind stands for: one, which leaves a thing its own rate once it has one."""


@frozen(kw_only=True)
class Growth:
    """A count of this week beside what was to be expected, and the chance of as many or more without any change."""

    count: int
    expected: float
    probability: float


def measure_growth(count: int, before: int, weeks: float, usual: float) -> Growth:
    """`before` counts in `weeks` (observed ones), where things of the kind have `usual` counts a week."""
    if weeks < 0 or usual <= 0:
        raise ValueError("weeks may not be below zero, and a usual rate is above it")
    shape, rate = PRIOR + before, PRIOR / usual + weeks
    return Growth(count=count, expected=shape / rate, probability=tail(count, shape, rate / (rate + 1.0)))


def tail(count: int, shape: float, chance: float) -> float:
    """P(X >= count) of the negative binomial with `shape` and success `chance` (0 to 1): 0 to 1."""
    if count <= 0:
        return 1.0
    term = math.exp(
        math.lgamma(count + shape) - math.lgamma(shape) - math.lgamma(count + 1)
        + shape * math.log(chance) + count * math.log1p(-chance)
    )  # fmt: skip
    below = shape * (1 - chance) / chance > count
    if below:  # the smaller part is the one under the count
        return max(0.0, 1.0 - sum(_down(count, term, shape, chance)))
    total, at = 0.0, count
    while term > total * 1e-15 and term > 0.0:
        total += term
        term *= (at + shape) / (at + 1) * (1 - chance)
        at += 1
    return min(1.0, total)


def _down(count: int, term: float, shape: float, chance: float) -> list[float]:
    """The probabilities of everything under `count`, from that of `count`."""
    found = []
    for at in range(count, 0, -1):
        term *= at / ((at - 1 + shape) * (1 - chance))
        found.append(term)
    return found


def stand_out(probabilities: Sequence[float], tests: int, rate: float) -> float:
    """The largest probability that stands out when `tests` were made and `rate` of those told may be false.

    Benjamini and Hochberg, "Controlling the false discovery rate", 1995. -1 where none stands out.
    """
    best = -1.0
    for rank, one in enumerate(sorted(probabilities), start=1):
        if one <= rate * rank / tests:
            best = one
    return best
