"""Which sites were looked at how much: a week is compared only where both it and what came before were observed."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.models import JsonObject
    from pipelines.sellers.rates import Observed

WEEK = 7
BASELINE = 56
"""Days before the week: eight weeks, which have every day of the week equally often and are still the same season."""
LEAST_DAYS = 14
"""Observed days that a baseline must have."""
JUMP, LEAST_JUMP = 5.0, 30
"""So many times the usual, and at least so many items: then the site is read otherwise than before, or only what was
still up was received of earlier weeks, and nothing on it can be said to grow."""


@frozen(kw_only=True)
class Span:
    """Days from `first` to `last`, both counted."""

    first: date
    last: date

    def has(self, day: date) -> bool:
        """Whether `day` lies in it."""
        return self.first <= day <= self.last


@frozen(kw_only=True)
class SiteDays:
    """How many days of a site were observed in the week and in the baseline, and how many items began in each."""

    week: int
    baseline: int
    week_items: int = 0
    baseline_items: int = 0

    @property
    def why_not(self) -> str | None:
        """Why the site is not compared; None where it is."""
        if self.week == 0 or self.baseline < LEAST_DAYS:
            return "observed too little"
        usual = (self.baseline_items + 1.0) / self.weeks
        if self.week_items > JUMP * usual and self.week_items >= LEAST_JUMP:
            return "the whole site jumped"
        return None

    @property
    def compared(self) -> bool:
        """Whether there is enough of both to compare."""
        return self.why_not is None

    @property
    def weeks(self) -> float:
        """The baseline's length, with the observed part of the week as its unit."""
        return self.baseline / self.week


def spans_until(last: date) -> tuple[Span, Span]:
    """The week that ends on `last`, and the baseline before it."""
    first = last - timedelta(days=WEEK - 1)
    before = first - timedelta(days=1)
    return Span(first=first, last=last), Span(first=before - timedelta(days=BASELINE - 1), last=before)


def observe(
    observed: Mapping[str, Observed], began: Mapping[str, date], offered: Iterable[tuple[str, date]], last: date
) -> dict[str, SiteDays]:
    """Of each site. What lies before its first sight (`began`) was not observed, though a feed may reach back.

    `offered` has the site and the first day of each item.
    """
    week, baseline = spans_until(last)
    now, before = Counter[str](), Counter[str]()
    for site, day in offered:
        now[site] += week.has(day)
        before[site] += baseline.has(day)
    return {
        site: SiteDays(
            week=_count(days, week, began[site]),
            baseline=_count(days, baseline, began[site]),
            week_items=now[site],
            baseline_items=before[site],
        )
        for site, days in sorted(observed.items())
        if site in began
    }


def _count(days: Observed, span: Span, first: date) -> int:
    return days.count(max(span.first, first), span.last)


def observed_to_json(found: Mapping[str, SiteDays]) -> list[JsonObject]:
    """The sites, what was observed of them, and why one was left out."""
    return [
        {
            "site": site,
            "week_days": one.week,
            "baseline_days": one.baseline,
            "week_items": one.week_items,
            "baseline_items": one.baseline_items,
            "compared": one.compared,
            "why_not": one.why_not,
        }
        for site, one in found.items()
    ]
