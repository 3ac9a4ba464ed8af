"""The fullest window of each length, against looking at every window there is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seller_samples import START, history, offer, piece

from pipelines.sellers.items import find_items
from pipelines.sellers.windows import firearms_of, fullest_window, fullest_windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.sellers.items import Item

LENGTHS = st.sampled_from([(7, None), (30, None), (90, None), (365, None), (1, None), (None, 5), (None, 1), (None, 12)])


def guns(days: Sequence[float]) -> list[Item]:
    offers = [offer(number, day, f"unlike {number}", piece(f"model {number}")) for number, day in enumerate(days)]
    return firearms_of(find_items(history(offers)))


def most_in_any_window(items: Sequence[Item], days: int | None, business_days: int | None) -> int:
    """Every day may be a window's first. Business days are Monday to Friday, and the window ends with the last."""
    first_days = {item.offered.date() for item in items}
    most = 0
    for first in first_days:
        inside = {first + timedelta(days=number) for number in range(days or 0)}
        day, left = first, business_days or 0
        while left:
            inside.add(day)
            left -= day.weekday() < 5
            day += timedelta(days=1)
        most = max(most, sum(1 for item in items if item.offered.date() in inside))
    return most


@settings(max_examples=300, deadline=None)
@given(st.lists(st.floats(0, 800), min_size=1, max_size=25), LENGTHS)
def test_no_window_is_fuller(days: list[float], length: tuple[int | None, int | None]) -> None:
    items = guns(days)
    found = fullest_window(items, *length)
    assert len(found.items) == most_in_any_window(items, *length)
    assert {item.offered.date() for item in found.items} <= {item.offered.date() for item in items}
    assert (found.start, found.end) == (found.items[0].offered.date(), found.items[-1].offered.date())
    if length[0] is not None:
        assert (found.end - found.start).days < length[0]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=20))
def test_a_longer_window_is_never_emptier(days: list[float]) -> None:
    counts = [len(window.items) for window in fullest_windows(guns(days))][1:]
    assert counts == sorted(counts)


@pytest.mark.parametrize(
    ("days", "count"),
    [
        ([0, 1, 2, 3, 4], 5),  # Monday to Friday
        ([4, 7, 8, 9, 10], 5),  # Friday, then Monday to Thursday: five business days
        ([4, 7, 8, 9, 11], 4),  # Friday to the next Friday would be six
        ([5, 6, 7, 8, 9, 10, 11], 7),  # Saturday and Sunday are none
        ([0, 5, 6], 2),  # Monday's five end on Friday
    ],
)
def test_business_days_are_monday_to_friday(days: list[float], count: int) -> None:
    assert len(fullest_window(guns(days), None, 5).items) == count


def test_the_earliest_of_several_is_told() -> None:
    window = fullest_window(guns([0, 1, 40, 41]), 7, None)
    assert (window.start, window.end) == (date(2026, 1, 5), date(2026, 1, 6))


def test_nothing_to_count_has_no_windows() -> None:
    accessory = {"class": "accessory", "make": None, "model": None, "calibre": None, "quantity": 1}
    assert fullest_windows(firearms_of(find_items(history([offer(1, 0, "a holster", accessory)])))) == []
    assert fullest_windows([]) == []


def test_handguns_are_counted_apart() -> None:
    offers = [offer(1, 0, "one", piece("19")), offer(2, 1, "two", piece("700", make="Remington", long=True))]
    week = fullest_windows(firearms_of(find_items(history(offers))))[1]
    assert (len(week.items), week.handguns, week.start) == (2, 1, START.date())
