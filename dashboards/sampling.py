"""Listings to decide without seeing what the machine or anybody else made of them: second opinions and audit samples.

A second opinion is wanted of every listing that one other person found relevant or was unsure of, and of a fifth of
the others, so that being asked tells nothing. The audit sample of a month draws from every level, chosen by chance; it
is drawn anew once an hour, since drawing reads every listing's level.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import field, frozen

from dashboards.decisions import AUDIT, SECOND
from pipelines.store.tables import assessments, decisions, listings, seller_assessments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pipelines.store.database import Database

AUDIT_SIZES = {"review": 30, "idle": 30, "none": 40}
"""How many listings of each level a month's audit draws: fewer than 30 would give no rate worth printing."""
_MIXER, _MODULUS = 2_654_435_761, 2**32  # Knuth's multiplicative hash: the same order on every store
_SLICES = (0, 0.02, 0.1, 0.4, 1)
"""Levels are read slice by slice of the order of chance: most workspaces fill their sample from the first."""
_ONE_IN = 5
_DRAWN_FOR = timedelta(hours=1)
COUNTED_FOR = timedelta(seconds=20)


@frozen(kw_only=True)
class Drawn:
    """The listing to decide next, those before and after it, and how many are left in all."""

    row: int
    left: int
    before: int | None
    after: int | None


@frozen(kw_only=True)
class Left:
    """How many were left to decide, at a moment."""

    count: int
    at: datetime


@frozen
class Samples:
    """What one person is asked to decide blind."""

    database: Database
    _audits: dict[int, tuple[datetime, list[int]]] = field(factory=dict, init=False)  # by month: when drawn, and what
    _counted: dict[str, Left] = field(factory=dict, init=False)  # second opinions, by person
    _lock: Lock = field(factory=Lock, init=False)

    def draw(
        self,
        way: str,
        actor: str,
        now: datetime,
        *,
        row: int | None = None,
        without: Mapping[int, object] | None = None,
    ) -> Drawn | None:
        """The one at `row`, or the first; None where nothing is left."""
        every = self._rows(way, actor, now)
        self._count(way, actor, now, every)
        rows = [one for one in every if not without or one not in without]
        if not rows:
            return None
        at = rows.index(row) if row in rows else 0
        return Drawn(
            row=rows[at],
            left=len(rows),
            before=rows[at - 1] if at else None,
            after=rows[at + 1] if at + 1 < len(rows) else None,
        )

    def count(self, way: str, actor: str, now: datetime) -> Left:
        """How many are left. Second opinions within `COUNTED_FOR`: that reads every decision, and each page asks."""
        known = self._counted.get(actor) if way == SECOND else None
        if known is not None and timedelta() <= now - known.at < COUNTED_FOR:
            return known
        return self._count(way, actor, now, self._rows(way, actor, now))

    def _count(self, way: str, actor: str, now: datetime, rows: Sequence[int]) -> Left:
        left = Left(count=len(rows), at=now)
        if way == SECOND:
            self._counted[actor] = left
        return left

    def _rows(self, way: str, actor: str, now: datetime) -> list[int]:
        with self.database.read() as connection:
            if way == SECOND:
                return _second(connection, actor)
            if way != AUDIT:
                return []
            sample, done = self._sample(connection, now), _audited(connection, now)
            there = set(connection.scalars(sa.select(listings.c.id).where(listings.c.id.in_(sample))))
            return [row for row in sample if row in there and row not in done]

    def _sample(self, connection: sa.Connection, now: datetime) -> list[int]:
        month = now.year * 12 + now.month
        with self._lock:
            drawn, rows = self._audits.get(month, (now - 2 * _DRAWN_FOR, []))
            if now - drawn >= _DRAWN_FOR:
                rows = draw_audit(connection, month)
                self._audits.clear()
                self._audits[month] = (now, rows)
            return rows


def _chance(salt: int) -> sa.ColumnElement[int]:
    row = sa.cast(listings.c.id, sa.BigInteger)
    return ((row + salt) * _MIXER) % _MODULUS


def _second(connection: sa.Connection, actor: str) -> list[int]:
    last = sa.select(sa.func.max(decisions.c.id)).group_by(decisions.c.listing)
    by_one = sa.select(decisions.c.listing).group_by(decisions.c.listing)
    by_one = by_one.having(sa.func.count(decisions.c.actor.distinct()) == 1)
    query = (
        sa.select(listings.c.id)
        .join(decisions, decisions.c.listing == listings.c.id)
        .where(
            decisions.c.id.in_(last),
            decisions.c.actor != actor,
            listings.c.id.in_(by_one),
            sa.or_(decisions.c.decision != "not_relevant", _chance(0) % _ONE_IN == 0),
        )
        .order_by(_chance(0), listings.c.id)
    )
    return list(connection.scalars(query))


def _audited(connection: sa.Connection, now: datetime) -> set[int]:
    """What was decided in an audit this month."""
    begin = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return set(
        connection.scalars(sa.select(decisions.c.listing).where(decisions.c.way == AUDIT, decisions.c.at >= begin))
    )


def draw_audit(connection: sa.Connection, month: int) -> list[int]:
    """The sample of a month, each level's share of it, in an order of chance."""
    found: list[int] = []
    left = dict(AUDIT_SIZES)
    for low, high in pairwise(int(part * _MODULUS) for part in _SLICES):
        query = (
            sa.select(listings.c.id, level_column().label("level"))
            .join(assessments, assessments.c.id == listings.c.assessment)
            .outerjoin(seller_assessments, seller_assessments.c.seller == listings.c.seller)
            .where(_chance(month) >= low, _chance(month) < high, level_column().in_([one for one in left if left[one]]))
            .order_by(_chance(month), listings.c.id)
        )
        for row in connection.execute(query):
            if left[row.level]:
                left[row.level] -= 1
                found.append(row.id)
        if not any(left.values()):
            break
    return found


def level_column() -> sa.ColumnElement[str]:
    """The level that is shown for a listing, in a query that joins its assessment and its seller's."""
    own, history = assessments.c.body["review"].as_string(), seller_assessments.c.review
    return sa.case(
        (sa.or_(own == "review", history == "review"), "review"),
        (sa.or_(own == "idle", history == "idle"), "idle"),
        else_="none",
    )
