"""What a person decided about listings: kept, told to the journal and the custody log, and taken back."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import field, frozen

from pipelines.errors import BadInput
from pipelines.history import note_changes
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.lines import rows_of
from pipelines.store.tables import decisions, leases, listings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from pipelines.store.database import Database

ANSWERS = ("relevant", "not_relevant", "unsure")
UNDO_DEPTH = 20
LONGEST_REASON = 2_000
MOST_TOGETHER = 500
_READ_AT_ONCE = 100

OPEN, TOGETHER, SECOND, AUDIT = "open", "together", "second", "audit"
BLIND = (SECOND, AUDIT)
"""Ways of deciding in which neither score, signals nor anyone's verdict were shown."""

_ACT = sa.func.coalesce(decisions.c.batch, sa.cast(decisions.c.id, sa.String))
"""What was decided in one act."""


@frozen(kw_only=True)
class Decided:
    """A decision as it was kept; `count` is how many listings were decided in the same act."""

    id: int
    site: str
    native_id: str
    at: datetime
    actor: str
    decision: str
    reason: str
    count: int = 1


@frozen(kw_only=True)
class DecisionDesk:
    """Where decisions are made. `changed` is called once the store has one, for the index to follow."""

    database: Database
    now: Callable[[], datetime]
    changed: Callable[[], None]
    new_id: Callable[[], str] = field(default=lambda: uuid.uuid4().hex)

    def decide(
        self, actor: str, places: Sequence[tuple[str, str]], decision: str, reason: str, *, way: str = OPEN
    ) -> Decided:
        """Keep one decision about the listings at `places`; taken back, it is taken back for all of them.

        The same one, sent twice in a row, is kept once. BadInput for what cannot be kept.
        """
        reason = " ".join(reason.split())
        _check(decision, reason, places)
        with self.database.write() as connection:
            rows = rows_of(connection, places)
            if missing := [place for place in places if place not in rows]:
                raise BadInput(f"no listing {missing[0][0]}/{missing[0][1]}")
            last = _last(connection, decisions.c.listing == rows[places[0]])
            if last is not None and (last.actor, last.decision, last.reason) == (actor, decision, reason):
                return last
            at, batch = self.now(), self.new_id() if len(places) > 1 else None
            shared = {"at": at, "actor": actor, "decision": decision, "reason": reason, "way": way, "batch": batch}
            events, made = [], 0
            for place in dict.fromkeys(places):
                number = connection.scalar(
                    sa.insert(decisions).values(listing=rows[place], **shared).returning(decisions.c.id)
                )
                made = made or int(number or 0)
                detail = {"decision": decision, "reason": reason, "number": number, "way": way}
                events.append(_event(at, actor, place, detail if batch is None else {**detail, "together": batch}))
            note_changes(connection, list(rows.values()))
            connection.execute(sa.delete(leases).where(leases.c.listing.in_(list(rows.values()))))
            append_custody(connection, events)
        self.changed()
        site, native_id = places[0]
        return Decided(
            id=made, site=site, native_id=native_id, at=at, actor=actor, decision=decision, reason=reason,
            count=len(rows),
        )  # fmt: skip

    def undoable(self, actor: str) -> int:
        """How many acts of this person can be taken back, one after the other."""
        with self.database.read() as connection:
            acts: set[str] = set()
            query = sa.select(decisions.c.id, _ACT).where(decisions.c.actor == actor).order_by(decisions.c.id.desc())
            below = query
            while len(acts) < UNDO_DEPTH and (rows := connection.execute(below.limit(_READ_AT_ONCE)).all()):
                acts.update(row[1] for row in rows)
                below = query.where(decisions.c.id < rows[-1].id)
            return min(len(acts), UNDO_DEPTH)

    def last(self, actor: str) -> Decided | None:
        """The last decision of this person."""
        with self.database.read() as connection:
            return _last(connection, decisions.c.actor == actor)

    def undo(self, actor: str, number: int | None = None) -> Decided | None:
        """Take back this person's last act: it leaves the store, and the custody log keeps both. None without one.

        With `number` only where the last act is that one: a request sent twice takes nothing more back.
        """
        with self.database.write() as connection:
            last = _last(connection, decisions.c.actor == actor)
            if last is None or (number is not None and last.id != number):
                return None
            gone = connection.execute(
                sa.select(decisions.c.id, decisions.c.listing, listings.c.site, listings.c.native_id)
                .join(listings, listings.c.id == decisions.c.listing)
                .where(decisions.c.actor == actor, _same_act(connection, last.id))
                .order_by(decisions.c.id)
            ).all()
            connection.execute(sa.delete(decisions).where(decisions.c.id.in_([row.id for row in gone])))
            note_changes(connection, [row.listing for row in gone])
            at = self.now()
            append_custody(
                connection,
                [
                    _event(at, actor, (row.site, row.native_id), {"undone": last.decision, "number": row.id})
                    for row in gone
                ],
            )
        self.changed()
        return last


def _check(decision: str, reason: str, places: Sequence[tuple[str, str]]) -> None:
    if decision not in ANSWERS:
        raise BadInput(f"no decision is called {decision!r}", hint=f"one of {', '.join(ANSWERS)}")
    if len(reason) > LONGEST_REASON:
        raise BadInput(f"the reason is longer than {LONGEST_REASON} characters", hint="shorten it")
    if not 0 < len(places) <= MOST_TOGETHER:
        raise BadInput(f"1 to {MOST_TOGETHER} listings are decided at once, not {len(places)}")


def _event(at: datetime, actor: str, place: tuple[str, str], detail: dict[str, object]) -> CustodyEvent:
    return CustodyEvent(at=at, actor=actor, action="review", subject="/".join(place), detail=detail)


def _same_act(connection: sa.Connection, number: int) -> sa.ColumnElement[bool]:
    """The rows of the act that the decision `number` belongs to."""
    batch = connection.scalar(sa.select(decisions.c.batch).where(decisions.c.id == number))
    return decisions.c.id == number if batch is None else decisions.c.batch == batch


def _last(connection: sa.Connection, chosen: sa.ColumnElement[bool]) -> Decided | None:
    """The first row of the newest act among `chosen`."""
    newest = connection.scalar(sa.select(decisions.c.id).where(chosen).order_by(decisions.c.id.desc()).limit(1))
    if newest is None:
        return None
    query = (
        sa.select(decisions, listings.c.site, listings.c.native_id)
        .join(listings, listings.c.id == decisions.c.listing)
        .where(_same_act(connection, newest))
        .order_by(decisions.c.id)
    )
    rows = connection.execute(query).mappings().all()
    names = ("id", "site", "native_id", "at", "actor", "decision", "reason")
    return Decided(**{name: rows[0][name] for name in names}, count=len(rows))
