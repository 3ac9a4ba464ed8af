"""Listings that are like another: the same item, and what is near to it in words and meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from dashboards.levels import read_lines
from pipelines.errors import BadInput, TracemarkError
from pipelines.index.port import Search
from pipelines.store.lines import rows_of
from pipelines.store.tables import item_listings

if TYPE_CHECKING:
    from dashboards.desk import Desk
    from pipelines.models import JsonObject

_MOST = 6


def like_listings(desk: Desk, site: str, native_id: str) -> list[JsonObject]:
    """The lines of at most a dozen listings, each with `like`: why it is shown. The item's own come first."""
    with desk.database.read() as connection:
        row = rows_of(connection, [(site, native_id)])[site, native_id]
        mine = sa.select(item_listings.c.item).where(item_listings.c.listing == row)
        others = sa.select(item_listings.c.listing).where(
            item_listings.c.item.in_(mine), item_listings.c.listing != row
        )
        same = list(connection.scalars(others.distinct().order_by(item_listings.c.listing.desc()).limit(_MOST)))
        places = _near(desk, f"{site}/{native_id}")
        near = [one for one in rows_of(connection, places).values() if one not in same and one != row]
        found = read_lines(connection, [*same, *near])
    return [
        {**line, "like": "the same item" if number < len(same) else "alike in words and meaning"}
        for number, line in enumerate(found)
    ]


def _near(desk: Desk, key: str) -> list[tuple[str, str]]:
    try:
        results = desk.search.search(Search(more_like=key, limit=_MOST))
    except (BadInput, TracemarkError):
        return []  # the page of a listing does not wait for an index
    return [(hit.line["site"], hit.line["id"]) for hit in results.hits]
