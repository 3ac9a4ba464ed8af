"""What is deleted by its age: how long each kind of listing is kept, and which are past that.

Ages count from when a listing was last seen. Nothing has an age limit until the workspace's settings give it one, and
nothing goes that is held, that lies in a case, or that somebody found relevant, unless its own limit says so.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import define, field, frozen

from pipelines.models import CaptureMethod
from pipelines.retention.erasure import Erased, erase_captures, erase_listings
from pipelines.retention.holds import reasons_to_keep
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.tables import (
    assessments,
    capture_listings,
    captures,
    decisions,
    listings,
    seller_assessments,
    versions,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pipelines.models import JsonObject
    from pipelines.settings import Retention
    from pipelines.store.database import Database

_RANK = {"none": 0, "idle": 1, "review": 2}
_AT_ONCE = 200


@frozen(kw_only=True)
class Due:
    """What is past its age: listings by kind, captures that show no listing, and what is kept all the same and why."""

    listings: dict[str, list[int]]
    pages: list[str]
    kept: dict[str, int]

    def to_json(self) -> JsonObject:
        """Counts, as `tracemark retention --json` prints them."""
        return {
            "listings": {kind: len(rows) for kind, rows in self.listings.items()},
            "pages": len(self.pages),
            "kept": self.kept,
        }


@define
class _Sorted:
    listings: dict[str, list[int]] = field(factory=dict)
    kept: dict[str, int] = field(factory=dict)


def find_due(connection: sa.Connection, limits: Retention, now: datetime) -> Due:
    """What `limits` (days, by kind of listing) let go on `now`."""
    found = _Sorted()
    for kind, row, seen in _kinds(connection):
        days: int | None = getattr(limits, kind)
        if days is not None and seen < now - timedelta(days=days):
            found.listings.setdefault(kind, []).append(row)
    keep = reasons_to_keep(connection, [row for rows in found.listings.values() for row in rows])
    for reason in keep.values():
        found.kept[reason] = found.kept.get(reason, 0) + 1
    chosen = {kind: [row for row in rows if row not in keep] for kind, rows in found.listings.items()}
    pages = [] if limits.pages is None else _pages(connection, now - timedelta(days=limits.pages))
    return Due(listings=chosen, pages=pages, kept=dict(sorted(found.kept.items())))


def apply_limits(database: Database, limits: Retention, *, actor: str, now: datetime) -> Erased:
    """Delete what is due, a few listings in each transaction: stopped anywhere, the rest is due the next time."""
    with database.read() as connection:
        due = find_due(connection, limits, now)
    total = Erased()
    for kind, rows in due.listings.items():
        reason = f"retention: {kind} listings are kept {getattr(limits, kind)} days"
        for start in range(0, len(rows), _AT_ONCE):
            with database.write() as connection:
                part = rows[start : start + _AT_ONCE]
                held = reasons_to_keep(connection, part)  # one may have been held since
                part = [row for row in part if row not in held]
                total += erase_listings(connection, part, reason=reason, actor=actor, now=now)
    if due.pages:
        with database.write() as connection:
            erase_captures(connection, due.pages, now=now)
            detail = {"reason": f"retention: pages are kept {limits.pages} days", "captures": len(due.pages)}
            event = CustodyEvent(at=now, actor=actor, action="delete", subject="pages", detail=detail)
            append_custody(connection, [event])
        total += Erased(captures=len(due.pages))
    return total


def _kinds(connection: sa.Connection) -> Iterator[tuple[str, int, datetime]]:
    """Each listing's kind (a field of the settings), row and last sight."""
    latest = sa.select(sa.func.max(decisions.c.id)).group_by(decisions.c.listing)
    decided = sa.select(decisions.c.listing, decisions.c.decision).where(decisions.c.id.in_(latest)).subquery()
    query = (
        sa.select(
            listings.c.id,
            listings.c.last_seen,
            assessments.c.body["review"].as_string().label("review"),
            seller_assessments.c.review.label("seller_review"),
            decided.c.decision,
        )
        .outerjoin(assessments, assessments.c.id == listings.c.assessment)
        .outerjoin(seller_assessments, seller_assessments.c.seller == listings.c.seller)
        .outerjoin(decided, decided.c.listing == listings.c.id)
        .order_by(listings.c.id)
    )
    for row in connection.execute(query):
        if row.decision == "not_relevant":
            kind = "dismissed"
        elif row.decision is not None:
            kind = "relevant"
        elif max(_RANK.get(row.review, 0), _RANK.get(row.seller_review, 0)) > 0:
            kind = "flagged"
        else:
            kind = "ordinary"
        yield kind, row.id, row.last_seen


def _pages(connection: sa.Connection, before: datetime) -> list[str]:
    """Captures older than `before` that show no listing, and that no capture which stays repeats."""
    repeats = captures.alias()
    query = sa.select(captures.c.id).where(
        captures.c.at < before,
        captures.c.method != CaptureMethod.FEED.value,
        captures.c.listing.is_(None),
        captures.c.id.not_in(sa.select(capture_listings.c.capture)),
        captures.c.id.not_in(sa.select(versions.c.capture)),
        captures.c.id.not_in(
            sa.select(repeats.c.revisit_of).where(repeats.c.revisit_of.is_not(None), repeats.c.at >= before)
        ),
    )
    return list(connection.scalars(query.order_by(captures.c.id)))
