"""Rates drawn with their intervals: geometry in SVG units, which a template writes with a table beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.models import JsonObject
    from pipelines.store.runs import Run

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


@frozen(kw_only=True)
class Canary:
    """One expectation over runs: shares or counts found, each `x` and `y`, and where the expectation lies."""

    name: str
    width: float
    height: float
    points: tuple[tuple[float, float, str, bool], ...]
    expected: float | None


def draw_canaries(runs: Sequence[Run]) -> tuple[Canary, ...]:
    """What runs were expected to find, run by run, the oldest first; a point says whether it fell short."""
    oldest = [run for run in reversed(runs) if run.expected and run.found]
    names = list(dict.fromkeys(name for run in oldest for name in run.expected))
    return tuple(_canary(name, [run for run in oldest if name in run.found and name in run.expected]) for name in names)


def _canary(name: str, runs: Sequence[Run]) -> Canary:
    top = max([1.0, *(float(run.found[name]) for run in runs), *(float(run.expected[name]) for run in runs)])
    height = SIZE / 3

    def up(value: float) -> float:
        return round(height * (1 - value / top), 2)

    points = tuple(
        (
            round((number + 0.5) * _STEP, 2),
            up(float(run.found[name])),
            f"{run.started:%Y-%m-%d %H:%M} UTC: found {run.found[name]}, expected {run.expected[name]}",
            float(run.found[name]) < float(run.expected[name]),
        )
        for number, run in enumerate(runs)
    )
    line = up(float(runs[-1].expected[name])) if runs else None
    return Canary(name=name, width=max(len(runs), 1) * _STEP, height=height, points=points, expected=line)


def _point(row: JsonObject, x: float, label: str, height: float) -> Point:
    def up(share: float) -> float:
        return round(height * (1 - share), 2)

    words = f"{label}: {row['value']:.0%} relevant ({row['low']:.0%} to {row['high']:.0%}, n = {row['of']})"
    return Point(
        x=round(x, 2), y=up(row["value"]), low=up(row["low"]), high=up(row["high"]), label=words, faint=row["too_few"]
    )
