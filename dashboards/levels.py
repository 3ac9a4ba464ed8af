"""The level that is shown for a listing: the higher of its own words' and its seller's history's, and which it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.people.covering import shown_line
from dashboards.wording import printable
from pipelines.store.lines import listing_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    from pipelines.models import JsonObject

ORDER = {"none": 0, "idle": 1, "review": 2}
WORDS, HISTORY, UNREAD = "the listing's own words", "the seller's history", "not assessed yet"


def shown_level(own: str | None, of_seller: str | None) -> tuple[str | None, str]:
    """The level and where it comes from; None where neither has been assessed."""
    if of_seller is not None and ORDER[of_seller] > ORDER[own or "none"]:
        return of_seller, HISTORY
    return own, WORDS if own is not None else UNREAD


def read_lines(connection: sa.Connection, rows: Sequence[int]) -> list[JsonObject]:
    """The export lines of listings by row id, in their order, each with `level` and `level_from`."""
    found = []
    for record in listing_records(connection, rows):
        own = record.line["assessment"]["review"] if record.line["assessment"] else None
        level, origin = shown_level(own, record.seller_review)
        found.append({**printable(shown_line(record.line)), "level": level, "level_from": origin})
    return found
