"""Rates drawn with their intervals: geometry in SVG units, which a template writes with a table beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.models import JsonObject

SIZE = 220.0
_STEP = 26.0


@frozen(kw_only=True)
class Point:
    """A rate at (`x`, `y`), its interval from `low` to `high` on the same axis; `label` says it in words."""

    x: float
    y: float
    low: float
    high: float
    label: str
    faint: bool


@frozen(kw_only=True)
class Plot:
    """Points on `width` by `height` units, upwards from 0 to 1."""

    width: float
    height: float
    points: tuple[Point, ...]


def draw_calibration(rows: Sequence[JsonObject]) -> Plot | None:
    """What scores said against what people found; None where nothing was decided."""
    found = [row for row in rows if row["value"] is not None]
    if not found:
        return None
    points = tuple(_point(row, row["said"] * SIZE, f"score {row['said']:.2f}", SIZE) for row in found)
    return Plot(width=SIZE, height=SIZE, points=points)


def draw_series(rows: Sequence[JsonObject], name: str) -> Plot | None:
    """Rates one after the other, `name` the key of each one's label; None where there are none."""
    if not rows:
        return None
    points = tuple(
        _point(row, (number + 0.5) * _STEP, str(row[name]), SIZE / 2)
        for number, row in enumerate(rows)
        if row["value"] is not None
    )
    return Plot(width=len(rows) * _STEP, height=SIZE / 2, points=points)


def _point(row: JsonObject, x: float, label: str, height: float) -> Point:
    def up(share: float) -> float:
        return round(height * (1 - share), 2)

    words = f"{label}: {row['value']:.0%} relevant ({row['low']:.0%} to {row['high']:.0%}, n = {row['of']})"
    return Point(
        x=round(x, 2), y=up(row["value"]), low=up(row["low"]), high=up(row["high"]), label=words, faint=row["too_few"]
    )
