"""Sites that a person told the watch to leave alone for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.errors import BadInput
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.tables import site_pauses

if TYPE_CHECKING:
    from datetime import datetime


@frozen(kw_only=True)
class Pause:
    """Until when a site is left alone, on whose word, and why."""

    site: str
    until: datetime
    actor: str
    reason: str


def read_pauses(connection: sa.Connection, now: datetime) -> dict[str, Pause]:
    """The pauses that hold at `now`, by site."""
    query = sa.select(site_pauses).where(site_pauses.c.until > now)
    return {row["site"]: Pause(**row) for row in connection.execute(query).mappings()}


def pause_site(connection: sa.Connection, pause: Pause, now: datetime) -> None:
    """Leave a site alone; in the place of an earlier pause. BadInput where it has no reason or is over already."""
    if not pause.reason.strip():
        raise BadInput("a pause needs its reason")
    if pause.until <= now:
        raise BadInput(f"{pause.until:%Y-%m-%d %H:%M} UTC is over already", hint="a pause ends in the future")
    connection.execute(sa.delete(site_pauses).where(site_pauses.c.site == pause.site))
    values = {"site": pause.site, "until": pause.until, "actor": pause.actor, "reason": pause.reason}
    connection.execute(sa.insert(site_pauses).values(values))
    _note(connection, pause.site, pause.actor, now, {"until": pause.until.isoformat(), "reason": pause.reason})


def end_pause(connection: sa.Connection, site: str, actor: str, now: datetime) -> None:
    """Let a site be visited again."""
    if connection.execute(sa.delete(site_pauses).where(site_pauses.c.site == site)).rowcount:
        _note(connection, site, actor, now, {"ended": True})


def _note(connection: sa.Connection, site: str, actor: str, at: datetime, detail: dict[str, object]) -> None:
    append_custody(
        connection, [CustodyEvent(at=at, actor=actor, action="pause", subject=f"site:{site}", detail=detail)]
    )
