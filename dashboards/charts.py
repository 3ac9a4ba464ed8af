"""Charts drawn on the server: geometry in SVG units, which a template writes with a table beside it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 720.0
_HEIGHT = 72.0
_ROW = 16.0


@frozen(kw_only=True)
class Column:
    """One bar of a histogram. `query` is what narrows a search to it."""

    x: float
    y: float
    width: float
    height: float
    label: str
    count: int
    query: str


@frozen(kw_only=True)
class Columns:
    """A histogram, `width` by `height` units."""

    width: float
    height: float
    columns: tuple[Column, ...]
    most: int


@frozen(kw_only=True)
class Offered:
    """One thing on a time line: from when to when it was offered."""

    label: str
    start: datetime
    end: datetime
    kind: str


@frozen(kw_only=True)
class Strip:
    """An `Offered`, drawn."""

    x: float
    y: float
    width: float
    label: str
    kind: str
    days: str


@frozen(kw_only=True)
class Tick:
    """A month's first day on the axis."""

    x: float
    label: str


@frozen(kw_only=True)
class TimeLine:
    """Things offered over time, `width` by `height` units; `shade` is the window that counts (x, width), if any."""

    width: float
    height: float
    strips: tuple[Strip, ...]
    ticks: tuple[Tick, ...]
    shade: tuple[float, float] | None


def draw_columns(bars: Sequence[tuple[str, int, str]]) -> Columns | None:
    """A histogram of (label, count, query), in the order given; None where there is nothing to draw."""
    if not bars:
        return None
    most = max(count for _, count, _ in bars)
    step = min(WIDTH / len(bars), 48.0)
    columns = []
    for position, (label, count, query) in enumerate(bars):
        height = 0.0 if most == 0 else max(_HEIGHT * count / most, 2.0 if count else 0.0)
        columns.append(
            Column(
                x=round(position * step, 2),
                y=round(_HEIGHT - height, 2),
                width=round(max(step - 2, step * 0.7), 2),
                height=round(height, 2),
                label=label,
                count=count,
                query=query,
            )
        )
    return Columns(width=round(step * len(bars), 2), height=_HEIGHT, columns=tuple(columns), most=most)


def draw_time_line(
    offered: Sequence[Offered], window: tuple[datetime, datetime] | None, *, most: int = 40
) -> TimeLine | None:
    """A strip for each of the first `most` things, oldest first; None where there are none."""
    if not offered:
        return None
    first = min(one.start for one in offered).timestamp()
    last = max(max(one.end for one in offered).timestamp(), first + 86_400)

    def place(moment: datetime) -> float:
        return round((moment.timestamp() - first) / (last - first) * WIDTH, 2)

    shown = sorted(offered, key=lambda one: (one.start, one.end))[:most]
    strips = tuple(
        Strip(
            x=place(one.start),
            y=round(row * _ROW + 4, 2),
            width=round(max(place(one.end) - place(one.start), 4.0), 2),
            label=one.label,
            kind=one.kind,
            days=f"{one.start:%Y-%m-%d} to {one.end:%Y-%m-%d} UTC",
        )
        for row, one in enumerate(shown)
    )
    shade = None
    if window is not None:
        start, end = max(place(window[0]), 0.0), min(place(window[1]), WIDTH)
        shade = (start, round(max(end - start, 4.0), 2))
    return TimeLine(
        width=WIDTH,
        height=len(shown) * _ROW + 8,
        strips=strips,
        ticks=tuple(Tick(x=place(one), label=f"{one:%Y-%m}") for one in _months(offered)),
        shade=shade,
    )


def _months(offered: Sequence[Offered]) -> list[datetime]:
    """The first days of months between the first and the last day, thinned to at most twelve."""
    first, last = min(one.start for one in offered), max(one.end for one in offered)
    months = []
    year, month = first.year, first.month
    while (year, month) < (last.year, last.month):
        year, month = year + month // 12, month % 12 + 1
        months.append(datetime(year, month, 1, tzinfo=first.tzinfo))
    return months[:: -(-len(months) // 12) or 1]
