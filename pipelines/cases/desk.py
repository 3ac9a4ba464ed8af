"""What people do with cases: each thing lands in the case's history and in the custody log, or does not happen."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.cases.models import LONGEST_NAME, CaseState, check_reference, check_text
from pipelines.cases.records import find_case, read_case
from pipelines.errors import BadInput
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.lines import rows_of
from pipelines.store.tables import listings, sellers
from pipelines.store.tables.cases import (
    case_agreements,
    case_history,
    case_listings,
    case_notes,
    case_sellers,
    case_tasks,
    cases,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date, datetime

    from pipelines.cases.models import Case
    from pipelines.models import JsonObject
    from pipelines.store.database import Database

REVIEWERS = 2
"""How many different people must agree before a case is referred (governance G11)."""

Place = tuple[str, str]
"""A site's name and the site's own id for a listing or a seller."""


def case_subject(reference: str) -> str:
    """How the custody log names a case."""
    return f"case:{reference}"


@frozen(kw_only=True)
class CaseDesk:
    """Where `actor` works on cases. A case is named by its reference, or by its name where only one has it.

    Every method raises BadInput for what cannot be done, and then has changed nothing.
    """

    database: Database
    actor: str
    now: Callable[[], datetime]

    def create(self, name: str, *, reference: str | None = None, owner: str | None = None) -> Case:
        """Open a case. Without `reference` it gets the year's next number; without `owner` it is the actor's."""
        name = check_text(name, "the case's name", LONGEST_NAME)
        owner = check_text(owner or self.actor, "the owner", LONGEST_NAME)
        with self.database.write() as connection:
            at = self.now()
            if reference is None:
                reference = _next_reference(connection, at.year)
            elif connection.scalar(sa.select(cases.c.id).where(cases.c.reference == check_reference(reference))):
                raise BadInput(f"there is a case {reference} already", hint=f"tracemark case show {reference}")
            values = {"reference": reference, "name": name, "owner": owner, "created": at, "changed": at}
            query = sa.insert(cases).values(state=CaseState.OPEN.value, **values).returning(cases.c.id)
            row = connection.execute(query).scalar_one()
            self._note(connection, row, "create", {"name": name, "owner": owner})
            return read_case(connection, reference)

    def view(self, case: str) -> Case:
        """The case; that it was looked at is a row of the custody log, not of the case's history."""
        with self.database.write() as connection:
            found = read_case(connection, case)
            event = CustodyEvent(
                at=self.now(), actor=self.actor, action="view", subject=case_subject(found.reference), detail={}
            )
            append_custody(connection, [event])
            return found

    def add(self, case: str, *, listed: Sequence[Place] = (), sold_by: Sequence[Place] = ()) -> Case:
        """Put listings and sellers into an open case. What is in it already stays as it is."""
        with self.database.write() as connection:
            row = self._changeable(connection, case)
            new = [
                *self._put(connection, row, case_listings, "listing", _listing_rows(connection, listed)),
                *self._put(connection, row, case_sellers, "seller", _seller_rows(connection, sold_by)),
            ]
            self._note_members(connection, row, "add", new)
            return read_case(connection, case)

    def offers_of(self, seller: Place) -> list[Place]:
        """Every listing of a seller, as known now."""
        with self.database.read() as connection:
            found = _seller_rows(connection, [seller])[seller]
            query = sa.select(listings.c.site, listings.c.native_id).where(listings.c.seller == found)
            return [(site, native_id) for site, native_id in connection.execute(query.order_by(listings.c.id))]

    def remove(self, case: str, *, reason: str, listed: Sequence[Place] = (), sold_by: Sequence[Place] = ()) -> Case:
        """Take listings and sellers out of an open case; the history keeps that they were in it, and why they went."""
        reason = check_text(reason, "the reason")
        with self.database.write() as connection:
            row = self._changeable(connection, case)
            gone = [
                *_take(connection, row, case_listings, "listing", _listing_rows(connection, listed)),
                *_take(connection, row, case_sellers, "seller", _seller_rows(connection, sold_by)),
            ]
            self._note_members(connection, row, "remove", gone, reason=reason)
            return read_case(connection, case)

    def note(self, case: str, text: str) -> Case:
        """Write something down. A note is never changed; the custody log keeps its hash, not its words."""
        text = check_text(text, "the note")
        with self.database.write() as connection:
            row = self._living(connection, case)
            values = {"case": row, "at": self.now(), "actor": self.actor, "text": text}
            number = connection.execute(sa.insert(case_notes).values(values).returning(case_notes.c.id)).scalar_one()
            self._note(connection, row, "note", {"number": number, "sha256": _hash(text)})
            return read_case(connection, case)

    def plan(self, case: str, text: str, *, assignee: str | None = None, due: date | None = None) -> Case:
        """Add a task."""
        text = check_text(text, "the task")
        assignee = None if assignee is None else check_text(assignee, "the assignee", LONGEST_NAME)
        with self.database.write() as connection:
            row = self._living(connection, case)
            values = {"case": row, "at": self.now(), "actor": self.actor, "text": text}
            query = sa.insert(case_tasks).values(**values, assignee=assignee, due=due).returning(case_tasks.c.id)
            number = connection.execute(query).scalar_one()
            day = None if due is None else due.isoformat()
            self._note(
                connection, row, "task", {"number": number, "sha256": _hash(text), "assignee": assignee, "due": day}
            )
            return read_case(connection, case)

    def finish(self, case: str, number: int) -> Case:
        """Mark a task done. One that is done already stays as it is."""
        with self.database.write() as connection:
            row = self._living(connection, case)
            mine = (case_tasks.c.case == row, case_tasks.c.id == number)
            if connection.scalar(sa.select(case_tasks.c.id).where(*mine)) is None:
                raise BadInput(f"case {case} has no task {number}", hint=f"tracemark case show {case}")
            query = sa.update(case_tasks).where(*mine, case_tasks.c.done.is_(None))
            if connection.execute(query.values(done=self.now(), done_by=self.actor)).rowcount:
                self._note(connection, row, "done", {"number": number})
            return read_case(connection, case)

    def agree(self, case: str, *, reason: str, recipient: str | None = None) -> Case:
        """Say that the case, as it stands, should be referred; with a second person's word it is.

        The first names the `recipient`, the second may. The same person's word counts once. A change of what is in
        the case drops the words given before it.
        """
        reason = check_text(reason, "the reason")
        with self.database.write() as connection:
            row = self._changeable(connection, case)
            before = read_case(connection, case)
            if not before.listings and not before.sellers:
                raise BadInput(f"case {case} is empty: there is nothing to refer", hint=f"tracemark case add {case} ID")
            recipient = self._choose_recipient(before, recipient)
            mine = (case_agreements.c.case == row, case_agreements.c.actor == self.actor)
            connection.execute(sa.delete(case_agreements).where(*mine))
            values = {"case": row, "at": self.now(), "actor": self.actor, "recipient": recipient, "reason": reason}
            connection.execute(sa.insert(case_agreements).values(values))
            self._note(connection, row, "agree", {"to": recipient, "reason": reason})
            agreed = sorted({one.actor for one in before.agreements} | {self.actor})
            if len(agreed) >= REVIEWERS:
                self._move(connection, row, CaseState.REFERRED, referred_to=recipient)
                self._note(connection, row, "refer", {"to": recipient, "reviewers": agreed})
            return read_case(connection, case)

    def close(self, case: str, *, reason: str) -> Case:
        """Close a case, open or referred."""
        reason = check_text(reason, "the reason")
        with self.database.write() as connection:
            row = self._living(connection, case)
            self._move(connection, row, CaseState.CLOSED)
            self._note(connection, row, "close", {"reason": reason})
            return read_case(connection, case)

    def reopen(self, case: str, *, reason: str) -> Case:
        """Open a referred or closed case again. A new referral needs two new words."""
        reason = check_text(reason, "the reason")
        with self.database.write() as connection:
            row = find_case(connection, case)
            if _state(connection, row) is CaseState.OPEN:
                raise BadInput(f"case {case} is open")
            connection.execute(sa.delete(case_agreements).where(case_agreements.c.case == row))
            self._move(connection, row, CaseState.OPEN, referred_to=None)
            self._note(connection, row, "reopen", {"reason": reason})
            return read_case(connection, case)

    def _choose_recipient(self, case: Case, given: str | None) -> str:
        others = [one for one in case.agreements if one.actor != self.actor]
        named = {one.recipient for one in others or case.agreements}
        if given is None:
            if not named:
                raise BadInput("nobody has said to whom the case would be referred", hint="name the recipient")
            return named.pop()
        given = check_text(given, "the recipient", LONGEST_NAME)
        if others and given not in named:
            details = tuple(f"{one.actor}: {one.recipient}" for one in others)
            raise BadInput("the reviewers name different recipients", hint="agree on one", details=details)
        return given

    def _put(
        self, connection: sa.Connection, case: int, table: sa.Table, kind: str, rows: dict[Place, int]
    ) -> Iterator[tuple[str, Place]]:
        known = set(connection.scalars(sa.select(table.c[kind]).where(table.c.case == case)))
        for place, row in rows.items():
            if row not in known:
                values = {"case": case, kind: row, "at": self.now(), "actor": self.actor}
                connection.execute(sa.insert(table).values(values))
                yield kind, place

    def _note_members(
        self, connection: sa.Connection, case: int, action: str, changed: Sequence[tuple[str, Place]], **more: str
    ) -> None:
        if not changed:
            return
        connection.execute(sa.delete(case_agreements).where(case_agreements.c.case == case))
        named = {
            f"{kind}s": [f"{site}/{native_id}" for of, (site, native_id) in changed if of == kind]
            for kind in ("listing", "seller")
        }
        self._note(connection, case, action, {**named, **more})

    def _changeable(self, connection: sa.Connection, case: str) -> int:
        row = find_case(connection, case)
        state = _state(connection, row)
        if state is not CaseState.OPEN:
            raise BadInput(f"case {case} is {state.value}: what is in it stays as it is", hint="tracemark case reopen")
        return row

    def _living(self, connection: sa.Connection, case: str) -> int:
        row = find_case(connection, case)
        if _state(connection, row) is CaseState.CLOSED:
            raise BadInput(f"case {case} is closed", hint="tracemark case reopen")
        return row

    def _move(self, connection: sa.Connection, case: int, state: CaseState, **values: str | None) -> None:
        connection.execute(sa.update(cases).where(cases.c.id == case).values(state=state.value, **values))

    def _note(self, connection: sa.Connection, case: int, action: str, detail: JsonObject) -> None:
        write_entry(connection, case, actor=self.actor, at=self.now(), action=action, detail=detail)


def write_entry(
    connection: sa.Connection, case: int, *, actor: str, at: datetime, action: str, detail: JsonObject
) -> None:
    """Write one thing that was done into the case's history and the custody log, in the caller's transaction."""
    query = sa.update(cases).where(cases.c.id == case).values(changed=at).returning(cases.c.reference)
    reference = connection.execute(query).scalar_one()
    values = {"case": case, "at": at, "actor": actor, "action": action, "detail": detail}
    connection.execute(sa.insert(case_history).values(values))
    subject = case_subject(reference)
    event = CustodyEvent(at=at, actor=actor, action="case", subject=subject, detail={"case": action, **detail})
    append_custody(connection, [event])


def _take(
    connection: sa.Connection, case: int, table: sa.Table, kind: str, rows: dict[Place, int]
) -> Iterator[tuple[str, Place]]:
    for place, row in rows.items():
        mine = (table.c.case == case, table.c[kind] == row)
        if not connection.execute(sa.delete(table).where(*mine)).rowcount:
            raise BadInput(f"the {kind} {'/'.join(place)} is not in the case")
        yield kind, place


def _listing_rows(connection: sa.Connection, places: Sequence[Place]) -> dict[Place, int]:
    found = rows_of(connection, places)
    missing = tuple(f"{site}/{native_id}" for site, native_id in places if (site, native_id) not in found)
    if missing:
        raise BadInput("no such listing", hint="tracemark search finds listings and their ids", details=missing)
    return {place: found[place] for place in places}


def _seller_rows(connection: sa.Connection, places: Sequence[Place]) -> dict[Place, int]:
    found = {}
    for site, native_id in places:
        query = sa.select(sellers.c.id).where(sellers.c.site == site, sellers.c.native_id == native_id)
        row = connection.scalar(query)
        if row is None:
            raise BadInput(f"no seller {site}/{native_id}", hint="tracemark export sellers names them")
        found[site, native_id] = int(row)
    return found


def _state(connection: sa.Connection, case: int) -> CaseState:
    return CaseState(connection.execute(sa.select(cases.c.state).where(cases.c.id == case)).scalar_one())


def _next_reference(connection: sa.Connection, year: int) -> str:
    start = f"C-{year}-"
    taken = connection.scalars(sa.select(cases.c.reference).where(cases.c.reference.startswith(start, autoescape=True)))
    numbers = [int(one[len(start) :]) for one in taken if one[len(start) :].isascii() and one[len(start) :].isdigit()]
    return f"{start}{max(numbers, default=0) + 1:04d}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
