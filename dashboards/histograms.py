"""Histograms drawn on the server, over days and over prices: geometry in SVG units, with a table beside it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.index.port import Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipelines.index.port import Bar

WIDTH = 560.0
STEPS = (25, 100, 500, 2_500)
"""How wide the bars of prices can be asked for."""
_HEIGHT = 72.0
_MOST_DAYS = 120
_MOST_PRICES = 40
_MOST_FILLED = 2_000


@frozen(kw_only=True)
class Stretch:
    """Days or prices that one bar stands for.

    `first` and `last` are days, both within it, or prices, of which `last` is the first beyond; "" is no bound.
    """

    label: str
    first: str
    last: str
    count: int


@frozen(kw_only=True)
class Column:
    """One bar of a histogram. `address` is the search narrowed to it."""

    x: float
    y: float
    width: float
    height: float
    stretch: Stretch
    address: str


@frozen(kw_only=True)
class Columns:
    """A histogram, `width` by `height` units."""

    width: float
    height: float
    columns: tuple[Column, ...]

    @property
    def counted(self) -> int:
        """How many listings its bars hold."""
        return sum(column.stretch.count for column in self.columns)


def fill_days(bars: Sequence[Bar], interval: Interval) -> list[Stretch]:
    """The newest bars, with those in between that hold nothing: time has no holes."""
    counts = {date.fromisoformat(bar.start): bar.count for bar in bars}
    starts = sorted(counts)
    if counts:
        filled = [starts[0]]
        while filled[-1] < starts[-1] and len(filled) <= _MOST_FILLED:
            filled.append(_after(filled[-1], interval))
        starts = filled if filled[-1] == starts[-1] else starts
    return [_days(start, interval, counts.get(start, 0)) for start in starts[-_MOST_DAYS:]]


def _days(start: date, interval: Interval, count: int) -> Stretch:
    first, last = start.isoformat(), (_after(start, interval) - timedelta(days=1)).isoformat()
    label = {Interval.MONTH: first[:7], Interval.YEAR: first[:4]}.get(interval, first)
    return Stretch(label=label, first=first, last=last, count=count)


def _after(day: date, interval: Interval) -> date:
    if day.year == date.max.year:
        return date.max
    if interval is Interval.YEAR:
        return day.replace(year=day.year + 1)
    if interval is Interval.MONTH:
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day + timedelta(days=7 if interval is Interval.WEEK else 1)


def fill_prices(bars: Sequence[Bar], step: int) -> list[Stretch]:
    """The bars from the lowest price on, with those in between that hold nothing, and all that is dearer in one."""
    counts = {round(float(bar.start) / step): bar.count for bar in bars}
    if not counts:
        return []
    lowest = min(counts)
    edges = range(lowest, min(max(counts), lowest + _MOST_PRICES) + 1)
    found = [
        Stretch(
            label=f"{step * edge:,}", first=str(step * edge), last=str(step * (edge + 1)), count=counts.get(edge, 0)
        )
        for edge in edges
    ]
    dearer = sum(count for edge, count in counts.items() if edge > edges[-1])
    if dearer:
        end = step * (edges[-1] + 1)
        found.append(Stretch(label=f"{end:,} and more", first=str(end), last="", count=dearer))
    return found


def draw_columns(stretches: Sequence[Stretch], address: Callable[[Stretch], str]) -> Columns | None:
    """A histogram in the order given; None where there is nothing to draw."""
    if not stretches:
        return None
    most = max(one.count for one in stretches)
    step = min(WIDTH / len(stretches), 64.0)
    columns = []
    for position, one in enumerate(stretches):
        height = 0.0 if most == 0 else max(_HEIGHT * one.count / most, 2.0 if one.count else 0.0)
        columns.append(
            Column(
                x=round(position * step, 2),
                y=round(_HEIGHT - height, 2),
                width=round(max(step - 2, step * 0.7), 2),
                height=round(height, 2),
                stretch=one,
                address=address(one),
            )
        )
    return Columns(width=round(step * len(stretches), 2), height=_HEIGHT, columns=tuple(columns))
