"""Saved searches in the store."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pipelines.alerts.models import Channel, ChannelKind, QuietHours, Rhythm, SavedSearch
from pipelines.errors import BadInput
from pipelines.store.tables.alerts import alert_deliveries, alert_digests, alert_hits, saved_searches

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipelines.models import JsonObject


def keep_search(connection: sa.Connection, search: SavedSearch) -> int:
    """Keep a new saved search; its id. BadInput where the name is taken."""
    taken = sa.select(saved_searches.c.id).where(saved_searches.c.name == search.name)
    if connection.scalar(taken) is not None:
        raise BadInput(f"there is a saved search {search.name} already", hint=f"tracemark alert show {search.name}")
    row = {
        "name": search.name,
        "query": search.query,
        "owner": search.owner,
        "created": search.created,
        "channels": [{"kind": channel.kind.value, "target": channel.target} for channel in search.channels],
        "rhythm": search.rhythm.value,
        "quiet": _quiet_json(search.quiet),
        "muted_until": search.muted_until,
        "sequence": search.sequence,
    }
    return int(connection.scalar(sa.insert(saved_searches).returning(saved_searches.c.id), row) or 0)


def read_searches(connection: sa.Connection) -> list[SavedSearch]:
    """All saved searches by name."""
    query = sa.select(saved_searches).order_by(saved_searches.c.name)
    return [_search(row) for row in connection.execute(query).mappings()]


def read_search(connection: sa.Connection, name: str) -> SavedSearch:
    """One saved search. BadInput where there is none."""
    query = sa.select(saved_searches).where(saved_searches.c.name == name)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise BadInput(f"there is no saved search {name}", hint="tracemark alert list")
    return _search(row)


def change_search(connection: sa.Connection, search: SavedSearch, **values: Any) -> None:
    """Set columns of a saved search."""
    connection.execute(sa.update(saved_searches).where(saved_searches.c.id == search.id).values(**values))


def remove_search(connection: sa.Connection, search: SavedSearch) -> None:
    """Remove a saved search, what it found and what was told of it."""
    digests = sa.select(alert_digests.c.id).where(alert_digests.c.search == search.id)
    connection.execute(sa.delete(alert_deliveries).where(alert_deliveries.c.digest.in_(digests)))
    connection.execute(sa.delete(alert_hits).where(alert_hits.c.search == search.id))
    connection.execute(sa.delete(alert_digests).where(alert_digests.c.search == search.id))
    connection.execute(sa.delete(saved_searches).where(saved_searches.c.id == search.id))


def read_digests(connection: sa.Connection, search: SavedSearch, most: int) -> list[tuple[int, datetime, JsonObject]]:
    """The newest digests of a search, newest first: number, when it was made, body."""
    query = (
        sa.select(alert_digests.c.id, alert_digests.c.made, alert_digests.c.body)
        .where(alert_digests.c.search == search.id)
        .order_by(alert_digests.c.id.desc())
        .limit(most)
    )
    return [(row.id, row.made, row.body) for row in connection.execute(query)]


def make_digest(
    connection: sa.Connection, search: SavedSearch, body: JsonObject, now: datetime, told: Sequence[int] = ()
) -> int:
    """Keep a digest over the hits on the listings `told` and put its deliveries into the queue; its number."""
    values = {"search": search.id, "made": now, "body": body}
    digest = int(connection.scalar(sa.insert(alert_digests).returning(alert_digests.c.id), values) or 0)
    for listing in told:
        mine = (alert_hits.c.search == search.id, alert_hits.c.listing == listing)
        connection.execute(sa.update(alert_hits).where(*mine).values(digest=digest))
    rows = [
        {"digest": digest, "kind": channel.kind.value, "target": channel.target}
        | {"state": "waiting", "attempts": 0, "due": now}
        for channel in search.channels
        if channel.kind is not ChannelKind.FEED
    ]
    if rows:
        connection.execute(sa.insert(alert_deliveries), rows)
    return digest


def _search(row: sa.RowMapping) -> SavedSearch:
    quiet = row["quiet"]
    return SavedSearch(
        id=row["id"],
        name=row["name"],
        query=row["query"],
        owner=row["owner"],
        created=row["created"],
        channels=tuple(Channel(kind=ChannelKind(one["kind"]), target=one["target"]) for one in row["channels"]),
        rhythm=Rhythm(row["rhythm"]),
        quiet=quiet
        and QuietHours(
            start=time.fromisoformat(quiet["start"]), end=time.fromisoformat(quiet["end"]), zone=quiet["zone"]
        ),
        muted_until=row["muted_until"],
        sequence=row["sequence"],
        told=row["told"],
        trouble=row["trouble"],
    )


def _quiet_json(quiet: QuietHours | None) -> JsonObject | None:
    if quiet is None:
        return None
    return {"start": f"{quiet.start:%H:%M}", "end": f"{quiet.end:%H:%M}", "zone": quiet.zone}
