"""Distinct firearms per rolling window: the fullest window of each length."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from pipelines.sellers.items import Item

LENGTHS: tuple[tuple[int | None, int | None], ...] = ((None, 5), (7, None), (30, None), (90, None), (365, None))
"""(days, business days): business days are Monday to Friday."""


@frozen(kw_only=True)
class Window:
    """The fullest window of one length. `start` and `end` are its first and last day with a first offer."""

    days: int | None
    business_days: int | None
    start: date
    end: date
    items: tuple[Item, ...]

    @property
    def handguns(self) -> int:
        """How many of them are handguns."""
        return sum(1 for item in self.items if item.item_class == "firearm_handgun")

    @property
    def sold(self) -> int:
        """How many of them were seen as sold."""
        return sum(1 for item in self.items if item.sold)

    @property
    def relisted(self) -> int:
        """How many of them were put up more than once."""
        return sum(1 for item in self.items if len(item.offers) > 1)


def firearms_of(items: Sequence[Item]) -> list[Item]:
    """The firearms among `items`, in the order of the days on which they were first offered."""
    return sorted((item for item in items if item.is_firearm), key=lambda item: (item.offered, item.id))


def fullest_windows(firearms: Sequence[Item]) -> list[Window]:
    """The fullest window of each length over the firearms' first days; none where no firearm was offered."""
    return [fullest_window(firearms, days, business) for days, business in LENGTHS] if firearms else []


def fullest_window(firearms: Sequence[Item], days: int | None, business_days: int | None) -> Window:
    """The fullest window of one length; the earliest of several. `firearms` are in the order of their first days."""
    best = (0, 0)
    end = 0
    for start, first in enumerate(firearms):
        last_day = last_day_of(first.offered.date(), days, business_days)
        end = max(end, start)
        while end < len(firearms) and firearms[end].offered.date() <= last_day:
            end += 1
        if end - start > best[1] - best[0]:
            best = (start, end)
    chosen = tuple(firearms[best[0] : best[1]])
    return Window(
        days=days,
        business_days=business_days,
        start=chosen[0].offered.date(),
        end=chosen[-1].offered.date(),
        items=chosen,
    )


def last_day_of(first: date, days: int | None, business_days: int | None) -> date:
    """The last day of the window that begins on `first`."""
    if days is not None:
        return first + timedelta(days=days - 1)
    day, left = first, (business_days or 1) - (1 if first.weekday() < 5 else 0)
    while left > 0:
        day += timedelta(days=1)
        if day.weekday() < 5:
            left -= 1
    return day
