"""Getting in: sign-ins, kept as rows of the store so that each can be ended, and what slows guessing."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import frozen

from dashboards.people.identity import RIGHTS, Person, Right, Role
from pipelines.errors import NotPermitted
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.tables import failed_sign_ins, people, sign_ins

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dashboards.people.registry import Account, Registry
    from pipelines.models import JsonObject
    from pipelines.store.database import Database

LONGEST_REASON = 200
_WINDOW = timedelta(minutes=15)
_MOST_FAILURES = {"both": 5, "address": 20, "name": 50}
"""Failures within the window: of one name from one address, from one address, of one name. The last is high, or
anybody could keep a person out."""
SEEN_EVERY = timedelta(minutes=1)
"""How often it is written down that a sign-in or token is used."""


class TooManyTries(NotPermitted):
    """Sign-ins failed too often: for a while none is looked at."""


@frozen(kw_only=True)
class SignIn:
    """One browser's sign-in."""

    digest: str
    person: str
    started: datetime
    seen: datetime
    expires: datetime
    reason: str
    address: str


@frozen(kw_only=True)
class Entrance:
    """Lets people in. A sign-in ends `longest` after it began, or `idle` after it was last used."""

    database: Database
    registry: Registry
    now: Callable[[], datetime]
    longest: timedelta
    idle: timedelta

    def sign_in(self, name: str, password: str, reason: str, address: str) -> str:
        """What the browser is to hold, or NotPermitted: for a wrong pair, or TooManyTries."""
        self._check_tries(name, address)
        account = self.registry.verified(name, password)
        if account is None:
            self._note_failure(name, address)
            raise NotPermitted(
                "The name or the password is not right.", hint="An administrator can set a new password."
            )
        with self.database.write() as connection:
            failed = failed_sign_ins.c
            forgiven = (failed.name_digest == digest(name)) | (failed.at < self.now() - _WINDOW)
            connection.execute(sa.delete(failed_sign_ins).where(forgiven))
        return self.let_in(account, reason, address)

    def let_in(self, account: Account, reason: str, address: str) -> str:
        """What the browser is to hold of whom a password, or the provider, vouched for."""
        secret, now = secrets.token_urlsafe(32), self.now()
        reason = tidy(reason)
        with self.database.write() as connection:
            connection.execute(sa.delete(sign_ins).where(sign_ins.c.expires < now))
            values = {"digest": digest(secret), "person": account.id, "reason": reason, "address": address}
            connection.execute(sa.insert(sign_ins).values(**values, started=now, seen=now, expires=now + self.longest))
            note_sign_in(connection, self.now(), account.name, account.name, {"from": address, "reason": reason})
        return secret

    def person_of_sign_in(self, secret: str) -> Person | None:
        """Whose sign-in `secret` is, or None where it is none, has ended, or its account was disabled."""
        now, kept = self.now(), digest(secret)
        with self.database.read() as connection:
            row = (
                connection.execute(
                    sa.select(people, sign_ins.c.seen, sign_ins.c.expires, sign_ins.c.reason)
                    .join(people, people.c.id == sign_ins.c.person)
                    .where(sign_ins.c.digest == kept)
                )
                .mappings()
                .one_or_none()
            )
        if row is None or row["disabled"] is not None or now >= row["expires"] or now >= row["seen"] + self.idle:
            return None
        if now >= row["seen"] + SEEN_EVERY:
            with self.database.write() as connection:
                connection.execute(sa.update(sign_ins).where(sign_ins.c.digest == kept).values(seen=now))
        return person_of(row, sign_in=kept)

    def sign_out(self, secret: str) -> None:
        """End the sign-in of this browser."""
        self.end(digest(secret))

    def end(self, kept: str, *, of: str | None = None, by: str | None = None) -> None:
        """End one sign-in, of the person `of` where one is named; `by` whom, for the custody log."""
        with self.database.write() as connection:
            query = sa.select(people.c.name).join(sign_ins, sign_ins.c.person == people.c.id)
            name = connection.scalar(query.where(sign_ins.c.digest == kept))
            if name is None or of not in (None, name):
                return
            connection.execute(sa.delete(sign_ins).where(sign_ins.c.digest == kept))
            note_sign_in(connection, self.now(), by or name, name, {"ended": "sign-in"})

    def sign_ins(self, person: str | None = None) -> list[SignIn]:
        """Those that hold, the newest first; of one person, or all."""
        now = self.now()
        query = (
            sa.select(sign_ins, people.c.name)
            .join(people, people.c.id == sign_ins.c.person)
            .where(sign_ins.c.expires > now, sign_ins.c.seen > now - self.idle)
            .order_by(sign_ins.c.started.desc())
        )
        if person is not None:
            query = query.where(people.c.name == person)
        names = ("digest", "started", "seen", "expires", "reason", "address")
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [SignIn(person=row["name"], **{name: row[name] for name in names}) for row in rows]

    def _check_tries(self, name: str, address: str) -> None:
        now, failed = self.now(), failed_sign_ins
        by_name, by_address = failed.c.name_digest == digest(name), failed.c.address == address
        count = sa.func.count()
        query = sa.select(count.filter(by_name & by_address), count.filter(by_address), count.filter(by_name)).where(
            failed.c.at > now - _WINDOW
        )
        with self.database.read() as connection:
            found = connection.execute(query).one()
        if any(tries >= most for tries, most in zip(found, _MOST_FAILURES.values(), strict=True)):
            raise TooManyTries(
                "Too many sign-ins failed.", hint=f"Wait {int(_WINDOW.total_seconds() // 60)} minutes, then try again."
            )

    def _note_failure(self, name: str, address: str) -> None:
        with self.database.write() as connection:
            values = {"at": self.now(), "name_digest": digest(name), "address": address}
            connection.execute(sa.insert(failed_sign_ins).values(**values))
            known = connection.scalar(sa.select(people.c.name).where(people.c.name == name))
            if known is not None:  # what nobody is called may be a password, and is written nowhere
                note_sign_in(connection, self.now(), "nobody", known, {"failed": "sign-in", "from": address})


def note_sign_in(connection: sa.Connection, at: datetime, actor: str, name: str, detail: JsonObject) -> None:
    """Write down in the custody log what became of a sign-in or token of `name`."""
    event = CustodyEvent(at=at, actor=actor, action="sign-in", subject=f"person:{name}", detail=detail)
    append_custody(connection, [event])


def person_of(row: Any, *, sign_in: str | None) -> Person:
    """Who asks, from a row of `people` with the `reason` of what let them in."""
    role = Role(row["role"])
    rights = frozenset({Right.OWN}) if row["temporary"] else RIGHTS[role]
    return Person(
        name=row["name"], role=role, rights=rights, reason=row["reason"], sign_in=sign_in, temporary=row["temporary"]
    )


def tidy(reason: str) -> str:
    """A reason as it is kept."""
    return " ".join(reason.split())[:LONGEST_REASON]


def digest(secret: str) -> str:
    """What is kept of a secret: its SHA-256, hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
