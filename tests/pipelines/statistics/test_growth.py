from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.statistics.growth import measure_growth, stand_out, tail


def _by_hand(count: int, shape: float, chance: float) -> float:
    below = sum(
        math.exp(math.lgamma(at + shape) - math.lgamma(shape) - math.lgamma(at + 1))
        * chance**shape
        * (1 - chance) ** at
        for at in range(count)
    )
    return 1.0 - below


@given(st.integers(0, 60), st.floats(0.5, 80.0), st.floats(0.05, 0.95))
def test_the_tail_is_what_adding_up_gives(count: int, shape: float, chance: float) -> None:
    assert tail(count, shape, chance) == pytest.approx(_by_hand(count, shape, chance), abs=1e-9)


def test_a_tail_far_out_is_small_and_not_nothing() -> None:
    assert 0.0 < tail(400, 2.0, 0.5) < 1e-100


def test_two_for_the_first_time_are_no_surprise_and_twelve_instead_of_one_are() -> None:
    first = measure_growth(2, 0, 8.0, 0.5)
    assert stand_out([first.probability], 100, 0.05) == -1.0
    grown = measure_growth(12, 8, 8.0, 0.5)
    assert grown.probability < 1e-5
    assert grown.expected == pytest.approx(0.9)


def test_a_count_as_usual_does_not_stand_out() -> None:
    assert measure_growth(5, 40, 8.0, 3.0).probability > 0.3


@given(st.integers(0, 40), st.integers(0, 200), st.floats(0.5, 20.0), st.floats(0.01, 50.0))
def test_more_is_never_more_likely(count: int, before: int, weeks: float, usual: float) -> None:
    less, more = (measure_growth(one, before, weeks, usual).probability for one in (count, count + 1))
    assert 0.0 <= more <= less <= 1.0


def test_rates_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="above it"):
        measure_growth(1, 1, 1.0, 0.0)


def test_what_stands_out_depends_on_how_much_was_looked_at() -> None:
    assert stand_out([0.001, 0.2, 0.9], 3, 0.05) == 0.001
    assert stand_out([0.001, 0.2, 0.9], 1000, 0.05) == -1.0
    assert stand_out([0.01, 0.012, 0.013], 3, 0.05) == 0.013
    assert stand_out([], 0, 0.05) == -1.0
