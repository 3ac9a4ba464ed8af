"""Saved searches for the first page: what each has found since a moment, and what keeps one from being asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.alerts.records import read_searches
from pipelines.store.tables import alert_hits

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.alerts.models import SavedSearch


@frozen(kw_only=True)
class Told:
    """A saved search, how many listings it found for the first time after a moment, and in all."""

    search: SavedSearch
    fresh: int
    total: int


def read_told(connection: sa.Connection, since: datetime | None) -> list[Told]:
    """Every saved search, those with new hits first. Reposts do not count."""
    counted = sa.select(alert_hits.c.search, sa.func.count()).where(~alert_hits.c.repost).group_by(alert_hits.c.search)
    total = {row[0]: row[1] for row in connection.execute(counted)}
    later = counted.where(alert_hits.c.found > since) if since is not None else counted
    fresh = {row[0]: row[1] for row in connection.execute(later)}
    found = [
        Told(search=search, fresh=fresh.get(search.id or 0, 0), total=total.get(search.id or 0, 0))
        for search in read_searches(connection)
    ]
    return sorted(found, key=lambda one: (-one.fresh, one.search.name))
