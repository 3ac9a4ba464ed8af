"""Time lines drawn on the server: geometry in SVG units, which a template writes with a table beside it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LINE_WIDTH = 1180.0
_ROW = 16.0
_LABEL = 80.0


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
    """A day on the axis; `anchor` is the side of `x` on which its label ends."""

    x: float
    label: str
    anchor: str = "start"


@frozen(kw_only=True)
class Span:
    """A stretch of time that something rests on: a window, or the offers behind a rule that fired."""

    label: str
    start: datetime
    end: datetime
    kind: str


@frozen(kw_only=True)
class TimeLine:
    """Things offered over time, `width` by `height` units; `bars` are the spans, drawn above the things."""

    width: float
    height: float
    bars: tuple[Strip, ...]
    strips: tuple[Strip, ...]
    ticks: tuple[Tick, ...]


def draw_time_line(offered: Sequence[Offered], spans: Sequence[Span] = (), *, most: int = 40) -> TimeLine | None:
    """A strip for each of the first `most` things, oldest first, below a bar for each span; None without things.

    The axis ends a quarter after the last of them began: how long a thing was still seen then says little.
    """
    if not offered:
        return None
    begin = min(one.start for one in offered)
    begun = max([one.start for one in offered] + [span.end for span in spans])
    last = min(max([one.end for one in offered] + [span.end for span in spans]), begun + (begun - begin) / 4)
    length = max((last - begin).total_seconds(), 86_400.0)

    def place(moment: datetime) -> float:
        return round(min(max((moment - begin).total_seconds() / length, 0.0), 1.0) * _LINE_WIDTH, 2)

    shown = sorted(offered, key=lambda one: (one.start, one.end))[:most]
    rows: list[Offered | Span] = [*spans, *shown]
    drawn = tuple(_strip(one, place, row) for row, one in enumerate(rows))
    return TimeLine(
        width=_LINE_WIDTH,
        height=len(rows) * _ROW + 8,
        bars=drawn[: len(spans)],
        strips=drawn[len(spans) :],
        ticks=tuple(_ticks(begin, last, place)),
    )


def _strip(one: Offered | Span, place: Callable[[datetime], float], row: int) -> Strip:
    return Strip(
        x=place(one.start),
        y=round(row * _ROW + 4, 2),
        width=round(max(place(one.end) - place(one.start), 4.0), 2),
        label=one.label,
        kind=one.kind,
        days=f"{one.start:%Y-%m-%d} to {one.end:%Y-%m-%d} UTC",
    )


def _ticks(first: datetime, last: datetime, place: Callable[[datetime], float]) -> list[Tick]:
    """The first and the last day, and the first days of months between them where there is room."""
    months = []
    year, month = first.year, first.month
    while (year, month) < (last.year, last.month):
        year, month = year + month // 12, month % 12 + 1
        months.append(datetime(year, month, 1, tzinfo=first.tzinfo))
    thinned = months[:: -(-len(months) // 12) or 1]
    between = [Tick(x=place(one), label=f"{one:%Y-%m}") for one in thinned]
    ends = [Tick(x=0.0, label=f"{first:%Y-%m-%d}")]
    if place(last) > 2 * _LABEL:
        ends.append(Tick(x=place(last), label=f"{last:%Y-%m-%d}", anchor="end"))
    return ends[:1] + [one for one in between if _LABEL < one.x < place(last) - 1.7 * _LABEL] + ends[1:]
