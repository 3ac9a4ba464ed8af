"""Which sites were looked at how much: a week is compared only where both it and what came before were observed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.models import JsonObject
    from pipelines.sellers.rates import Observed

WEEK = 7
BASELINE = 56
"""Days before the week: eight weeks, which have every day of the week equally often and are still the same season."""
LEAST_DAYS = 14
"""Observed days that a baseline must have."""


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
    """How many days of a site were observed in the week and in the baseline."""

    week: int
    baseline: int

    @property
    def compared(self) -> bool:
        """Whether there is enough of both to compare."""
        return self.week > 0 and self.baseline >= LEAST_DAYS

    @property
    def weeks(self) -> float:
        """The baseline's length, with the observed part of the week as its unit."""
        return self.baseline / self.week


def spans_until(last: date) -> tuple[Span, Span]:
    """The week that ends on `last`, and the baseline before it."""
    first = last - timedelta(days=WEEK - 1)
    before = first - timedelta(days=1)
    return Span(first=first, last=last), Span(first=before - timedelta(days=BASELINE - 1), last=before)


def observe(observed: Mapping[str, Observed], began: Mapping[str, date], last: date) -> dict[str, SiteDays]:
    """Of each site; what lies before its first sight (`began`) was not observed, though a feed may reach back."""
    week, baseline = spans_until(last)
    found = {}
    for site, days in sorted(observed.items()):
        first = began.get(site)
        if first is not None:
            found[site] = SiteDays(week=_count(days, week, first), baseline=_count(days, baseline, first))
    return found


def _count(days: Observed, span: Span, first: date) -> int:
    return days.count(max(span.first, first), span.last)


def observed_to_json(found: Mapping[str, SiteDays]) -> list[JsonObject]:
    """The sites, and whether they could be compared."""
    return [
        {"site": site, "week_days": one.week, "baseline_days": one.baseline, "compared": one.compared}
        for site, one in found.items()
    ]
