"""What people decided about items and actors: kept, undone, and read back. They win over what the machine finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.errors import BadInput
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.tables import seller_assessments
from pipelines.store.tables.linking import hand_decisions, hand_subjects

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from pipelines.models import JsonObject

_MOST_IN = 400


@frozen(kw_only=True)
class HandDecision:
    """One decision: merge or split (items), cut or confirm (accounts). `undone` is when somebody took it back."""

    id: int
    at: datetime
    person: str
    action: str
    body: JsonObject
    reason: str
    undone: datetime | None

    def to_json(self) -> JsonObject:
        """As commands print it."""
        return {
            "id": self.id,
            "at": self.at.isoformat(),
            "person": self.person,
            "action": self.action,
            **self.body,
            "reason": self.reason,
            "undone": None if self.undone is None else self.undone.isoformat(),
        }


def keep_decision(
    connection: sa.Connection,
    *,
    action: str,
    body: JsonObject,
    sellers: Sequence[int],
    subject: str,
    reason: str,
    person: str,
    at: datetime,
) -> int:
    """Keep a decision with its custody row, and have the accounts it touches assessed again; its number."""
    if not reason.strip():
        raise BadInput("a decision needs its reason", hint="--reason 'why you decided so'")
    values = {"at": at, "person": person, "action": action, "body": body, "reason": reason}
    made: int = connection.execute(sa.insert(hand_decisions).values(values).returning(hand_decisions.c.id)).scalar_one()
    touched = sorted(set(sellers))
    connection.execute(sa.insert(hand_subjects), [{"decision": made, "seller": seller} for seller in touched])
    _assess_again(connection, touched)
    detail = {"decision": made, "reason": reason, **body}
    append_custody(connection, [CustodyEvent(at=at, actor=person, action=action, subject=subject, detail=detail)])
    return made


def undo_decision(
    connection: sa.Connection, number: int, actions: Collection[str], *, person: str, at: datetime
) -> HandDecision:
    """Take a decision back; what it was stays in the log. BadInput where there is none of `actions` to take back."""
    row = connection.execute(sa.select(hand_decisions).where(hand_decisions.c.id == number)).mappings().one_or_none()
    if row is None or row["action"] not in actions:
        raise BadInput(f"there is no decision {number} to {' or '.join(sorted(actions))}")
    if row["undone"] is not None:
        raise BadInput(f"decision {number} was undone on {row['undone']:%Y-%m-%d %H:%M} UTC")
    connection.execute(sa.update(hand_decisions).where(hand_decisions.c.id == number).values(undone=at))
    query = sa.select(hand_subjects.c.seller).where(hand_subjects.c.decision == number)
    _assess_again(connection, list(connection.scalars(query)))
    event = CustodyEvent(
        at=at, actor=person, action="undo", subject=f"decision:{number}", detail={"action": row["action"]}
    )
    append_custody(connection, [event])
    return HandDecision(**{**row, "undone": at})


def read_decisions(
    connection: sa.Connection, actions: Collection[str], sellers: Collection[int] | None = None, *, undone: bool = False
) -> list[HandDecision]:
    """The decisions that stand, oldest first; those that touch one of `sellers`, and on request undone ones too."""
    query = sa.select(hand_decisions).where(hand_decisions.c.action.in_(sorted(actions)))
    if not undone:
        query = query.where(hand_decisions.c.undone.is_(None))
    rows = [dict(row) for row in connection.execute(query.order_by(hand_decisions.c.id)).mappings()]
    if sellers is not None and rows:
        touched: set[int] = set()
        wanted = sorted(sellers)
        for start in range(0, len(wanted), _MOST_IN):
            part = wanted[start : start + _MOST_IN]
            chosen = sa.select(hand_subjects.c.decision).where(hand_subjects.c.seller.in_(part))
            touched.update(connection.scalars(chosen))
        rows = [row for row in rows if row["id"] in touched]
    return [HandDecision(**row) for row in rows]


def _assess_again(connection: sa.Connection, rows: Sequence[int]) -> None:
    stale = seller_assessments.c.seller.in_(rows)
    connection.execute(sa.update(seller_assessments).where(stale).values(sequence=0))
