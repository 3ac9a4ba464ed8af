"""What people decided, beside what the machine had made of the same listings."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.store.tables import assessments, decisions, listings, seller_assessments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

ORDER = {"none": 0, "idle": 1, "review": 2}
BLIND = ("second", "audit")
SETTLED = "settled"


@frozen(kw_only=True)
class Verdict:
    """One decision; `way` says what was shown when it was made (`pipelines.store.tables.desk`)."""

    at: datetime
    actor: str
    decision: str
    reason: str
    way: str


@frozen(kw_only=True)
class Reviewed:
    """A listing that somebody decided on: what the machine says of it now, and every decision, oldest first."""

    row: int
    site: str
    id: str
    first_seen: datetime
    level: str
    score: float
    language: str
    signals: frozenset[str]
    verdicts: tuple[Verdict, ...]

    @property
    def wanted(self) -> bool | None:
        """What stands: the last decision; None where that is "unsure"."""
        return {"relevant": True, "not_relevant": False}.get(self.verdicts[-1].decision)

    @property
    def audited(self) -> bool | None:
        """What the last audit said; None where there was none, or it was unsure."""
        found = [one.decision for one in self.verdicts if one.way == "audit"]
        return {"relevant": True, "not_relevant": False}.get(found[-1]) if found else None

    def blind_pair(self) -> tuple[str, str] | None:
        """The first decision of one person and that of the first other who decided blind; None where there is none."""
        first = self.verdicts[0]
        second = next((one for one in self.verdicts if one.actor != first.actor and one.way in BLIND), None)
        return None if second is None else (first.decision, second.decision)

    @property
    def disputed(self) -> bool:
        """Whether the last words of two people differ, and nobody has settled it since."""
        since = [one for one in self.verdicts if one.way == SETTLED]
        last = {one.actor: one.decision for one in self.verdicts}
        opposed = {"relevant", "not_relevant"} <= set(last.values())
        return opposed and (not since or self.verdicts.index(since[-1]) != len(self.verdicts) - 1)


def read_reviewed(connection: sa.Connection) -> list[Reviewed]:
    """Every listing with a decision and an assessment, in the order of listings."""
    query = (
        sa.select(
            decisions,
            listings.c.site,
            listings.c.native_id,
            listings.c.first_seen,
            assessments.c.body,
            seller_assessments.c.review,
        )
        .join(listings, listings.c.id == decisions.c.listing)
        .join(assessments, assessments.c.id == listings.c.assessment)
        .outerjoin(seller_assessments, seller_assessments.c.seller == listings.c.seller)
        .order_by(decisions.c.listing, decisions.c.id)
    )
    rows = connection.execute(query).all()
    return [_reviewed(list(group)) for _, group in groupby(rows, key=lambda row: row.listing)]


def _reviewed(rows: Sequence[sa.Row[tuple[object, ...]]]) -> Reviewed:
    first, body = rows[0], rows[0].body
    return Reviewed(
        row=first.listing,
        site=first.site,
        id=first.native_id,
        first_seen=first.first_seen,
        level=max(body["review"], first.review or "none", key=ORDER.__getitem__),
        score=max(body["scores"].values(), default=0.0),
        language=body["language"],
        signals=frozenset(one["name"] for one in body["signals"] if one["polarity"] == "for"),
        verdicts=tuple(
            Verdict(at=row.at, actor=row.actor, decision=row.decision, reason=row.reason, way=row.way or "open")
            for row in rows
        ),
    )
