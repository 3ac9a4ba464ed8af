"""What a person decided about a listing: kept, told to the journal and the custody log, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.errors import BadInput
from pipelines.history import note_changes
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.lines import rows_of
from pipelines.store.tables import decisions, listings

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pipelines.store.database import Database

ANSWERS = ("relevant", "not_relevant", "unsure")
UNDO_DEPTH = 20
LONGEST_REASON = 2_000


@frozen(kw_only=True)
class Decided:
    """A decision as it was kept."""

    id: int
    site: str
    native_id: str
    at: datetime
    actor: str
    decision: str
    reason: str


@frozen(kw_only=True)
class DecisionDesk:
    """Where decisions are made by `actor`. `changed` is called once the store has one, for the index to follow."""

    database: Database
    actor: str
    now: Callable[[], datetime]
    changed: Callable[[], None]

    def decide(self, site: str, native_id: str, decision: str, reason: str) -> Decided:
        """Keep a decision. The same one, sent twice in a row, is kept once. BadInput for what cannot be kept."""
        if decision not in ANSWERS:
            raise BadInput(f"no decision is called {decision!r}", hint=f"one of {', '.join(ANSWERS)}")
        reason = " ".join(reason.split())
        if len(reason) > LONGEST_REASON:
            raise BadInput(f"the reason is longer than {LONGEST_REASON} characters", hint="shorten it")
        with self.database.write() as connection:
            row = rows_of(connection, [(site, native_id)]).get((site, native_id))
            if row is None:
                raise BadInput(f"no listing {site}/{native_id}")
            last = _last(connection, decisions.c.listing == row)
            if last is not None and (last.actor, last.decision, last.reason) == (self.actor, decision, reason):
                return last
            at = self.now()
            made = connection.execute(
                sa.insert(decisions)
                .values(listing=row, at=at, actor=self.actor, decision=decision, reason=reason)
                .returning(decisions.c.id)
            ).scalar_one()
            note_changes(connection, [row])
            detail = {"decision": decision, "reason": reason, "number": made}
            append_custody(connection, [self._event(at, f"{site}/{native_id}", detail)])
        self.changed()
        return Decided(
            id=made, site=site, native_id=native_id, at=at, actor=self.actor, decision=decision, reason=reason
        )

    def undoable(self) -> int:
        """How many of this person's decisions can be taken back, one after the other."""
        with self.database.read() as connection:
            mine = sa.select(decisions.c.id).where(decisions.c.actor == self.actor).limit(UNDO_DEPTH)
            return connection.scalar(sa.select(sa.func.count()).select_from(mine.subquery())) or 0

    def last(self) -> Decided | None:
        """The last decision of this person."""
        with self.database.read() as connection:
            return _last(connection, decisions.c.actor == self.actor)

    def undo(self) -> Decided | None:
        """Take back this person's last decision: it leaves the store, and the custody log keeps both."""
        with self.database.write() as connection:
            last = _last(connection, decisions.c.actor == self.actor)
            if last is None:
                return None
            row = connection.execute(
                sa.delete(decisions).where(decisions.c.id == last.id).returning(decisions.c.listing)
            ).scalar_one()
            note_changes(connection, [row])
            detail = {"undone": last.decision, "number": last.id}
            append_custody(connection, [self._event(self.now(), f"{last.site}/{last.native_id}", detail)])
        self.changed()
        return last

    def _event(self, at: datetime, subject: str, detail: dict[str, object]) -> CustodyEvent:
        return CustodyEvent(at=at, actor=self.actor, action="review", subject=subject, detail=detail)


def _last(connection: sa.Connection, chosen: sa.ColumnElement[bool]) -> Decided | None:
    query = (
        sa.select(decisions, listings.c.site, listings.c.native_id)
        .join(listings, listings.c.id == decisions.c.listing)
        .where(chosen)
        .order_by(decisions.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    return Decided(**{name: row[name] for name in ("id", "site", "native_id", "at", "actor", "decision", "reason")})
