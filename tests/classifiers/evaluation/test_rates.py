from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.evaluation.rates import Tally, calibration_error, mean_f1, pooled, wilson


def test_a_share_carries_its_interval() -> None:
    # 81 of 263: the worked example of Newcombe (1998), Statistics in Medicine 17, method 3.
    assert wilson(81, 263) == {"value": 0.308, "low": 0.2553, "high": 0.3662, "right": 81, "of": 263}
    assert wilson(0, 0)["value"] is None


@given(st.integers(0, 400), st.integers(1, 400))
def test_an_interval_holds_its_share_and_stays_within_bounds(right: int, of: int) -> None:
    right = min(right, of)
    rate = wilson(right, of)
    assert 0 <= rate["low"] <= rate["value"] <= rate["high"] <= 1
    more = wilson(right * 10, of * 10)
    assert more["high"] - more["low"] <= rate["high"] - rate["low"]


def test_right_wrong_and_missed_make_the_rates() -> None:
    tally = Tally()
    for found, labelled in [(True, True), (True, True), (True, False), (False, True), (False, False)]:
        tally.add(found=found, labelled=labelled)
    told = tally.to_json()
    assert (told["n"], told["measured"]) == (3, False)
    assert told["precision"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert told["recall"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert told["f1"] == pytest.approx(2 / 3, abs=1e-4)
    assert Tally().f1 is None
    assert pooled([tally, tally]).right == 4
    assert mean_f1([tally, Tally()]) == tally.f1


def test_fifty_cases_are_measured_and_forty_nine_are_not() -> None:
    tally = Tally()
    for _ in range(49):
        tally.add(found=True, labelled=True)
    assert tally.to_json()["measured"] is False
    tally.add(found=True, labelled=True)
    assert tally.to_json()["measured"] is True


def test_calibration_error_is_the_distance_of_what_is_said_and_what_is_so() -> None:
    assert calibration_error([], []) is None
    assert calibration_error([0.25] * 4, [True, False, False, False]) == 0
    assert calibration_error([0.9] * 10, [True] * 5 + [False] * 5) == pytest.approx(0.4)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_calibration_error_is_a_distance(pairs: list[tuple[float, bool]]) -> None:
    error = calibration_error([one for one, _ in pairs], [label for _, label in pairs])
    assert error is not None
    assert 0 <= error <= 1
    assert not math.isnan(error)
