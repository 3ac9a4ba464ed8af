"""The clock of this machine against what the store has recorded: told where it was set back, or had run ahead.

What follows what is kept by numbers (journal, custody log, runs), never by times; so a clock that jumps loses nothing.
But times are evidence, and one that is wrong has to be known as such.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.tables import custody, runs

if TYPE_CHECKING:
    from datetime import datetime

SLACK = timedelta(minutes=10)
"""What the clocks of several machines may differ by; custody heads allow as much."""

_DATED_BY_OTHERS = ("capture", "receive")
"""Rows whose time is that of a page or a feed, which may be years old, or tomorrow's."""

_ROWS = 200
"""Rows from the end of the custody log that are looked at."""


def clock_lag(connection: sa.Connection, now: datetime) -> timedelta | None:
    """By how much `now` lies behind the newest time that the store has of what was done here; None within the slack."""
    recent = sa.select(custody.c.at, custody.c.action).order_by(custody.c.sequence.desc()).limit(_ROWS).subquery()
    times = [
        connection.scalar(sa.select(sa.func.max(recent.c.at)).where(recent.c.action.not_in(_DATED_BY_OTHERS))),
        connection.scalar(sa.select(sa.func.max(runs.c.started))),
    ]
    newest = max((one for one in times if one is not None), default=now)
    return newest - now if newest - now > SLACK else None


def say_lag(lag: timedelta) -> str:
    """The same in words."""
    hours, rest = divmod(round(lag.total_seconds()), 3600)
    return (
        f"this machine's clock is {hours} h {rest // 60:02} min behind what the store has recorded: "
        "it was set back, or had run ahead"
    )


def note_clock(connection: sa.Connection, now: datetime, *, subject: str) -> None:
    """Record in the custody log that `subject` began by a clock that lies behind; nothing where it does not."""
    lag = clock_lag(connection, now)
    if lag is not None:
        detail = {"behind_seconds": round(lag.total_seconds())}
        event = CustodyEvent(at=now, actor="tracemark", action="clock", subject=subject, detail=detail)
        append_custody(connection, [event])
