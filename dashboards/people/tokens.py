"""Tokens: with which a program asks the API on behalf of a person."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from dashboards.people.entrance import SEEN_EVERY, digest, note_sign_in, person_of, tidy
from pipelines.errors import BadInput
from pipelines.store.tables import api_tokens, people

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dashboards.people.identity import Person
    from pipelines.store.database import Database

LONGEST_DAYS = 365


@frozen(kw_only=True)
class ApiToken:
    """One token: its number, never itself."""

    id: int
    person: str
    reason: str
    created: datetime
    expires: datetime
    used: datetime | None


@frozen(kw_only=True)
class Tokens:
    """The tokens of a workspace's people."""

    database: Database
    now: Callable[[], datetime]

    def make(self, person: str, reason: str, days: int) -> str:
        """A token by which a program acts as `person`, told this once. BadInput for a reason or time that is none."""
        reason = tidy(reason)
        if not reason:
            raise BadInput("a token needs a reason: it is written beside everything that is read with it")
        if not 1 <= days <= LONGEST_DAYS:
            raise BadInput(f"a token holds for 1 to {LONGEST_DAYS} days")
        token, now = f"tracemark_{secrets.token_urlsafe(32)}", self.now()
        with self.database.write() as connection:
            row = connection.scalar(sa.select(people.c.id).where(people.c.name == person))
            if row is None:
                raise BadInput(f"there is no account {person!r}", hint="tracemark people add")
            values = {"digest": digest(token), "person": row, "reason": reason, "created": now, "used": None}
            connection.execute(sa.insert(api_tokens).values(**values, expires=now + timedelta(days=days)))
            note_sign_in(connection, self.now(), person, person, {"made": "token", "reason": reason, "days": days})
        return token

    def person_of(self, token: str) -> Person | None:
        """Whose token it is, or None."""
        now, kept = self.now(), digest(token)
        with self.database.read() as connection:
            row = (
                connection.execute(
                    sa.select(people, api_tokens.c.expires, api_tokens.c.reason, api_tokens.c.used)
                    .join(people, people.c.id == api_tokens.c.person)
                    .where(api_tokens.c.digest == kept)
                )
                .mappings()
                .one_or_none()
            )
        if row is None or row["disabled"] is not None or now >= row["expires"]:
            return None
        if row["used"] is None or now >= row["used"] + SEEN_EVERY:
            with self.database.write() as connection:
                connection.execute(sa.update(api_tokens).where(api_tokens.c.digest == kept).values(used=now))
        return person_of(row, sign_in=None)

    def held(self, person: str | None = None) -> list[ApiToken]:
        """The tokens that hold, the newest first; of one person, or all."""
        query = (
            sa.select(api_tokens, people.c.name)
            .join(people, people.c.id == api_tokens.c.person)
            .where(api_tokens.c.expires > self.now())
            .order_by(api_tokens.c.id.desc())
        )
        if person is not None:
            query = query.where(people.c.name == person)
        names = ("id", "reason", "created", "expires", "used")
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [ApiToken(person=row["name"], **{name: row[name] for name in names}) for row in rows]

    def end(self, number: int, *, of: str | None = None, by: str) -> None:
        """End a token, of the person `of` where one is named."""
        with self.database.write() as connection:
            query = sa.select(people.c.name).join(api_tokens, api_tokens.c.person == people.c.id)
            name = connection.scalar(query.where(api_tokens.c.id == number))
            if name is None or of not in (None, name):
                return
            connection.execute(sa.delete(api_tokens).where(api_tokens.c.id == number))
            note_sign_in(connection, self.now(), by, name, {"ended": "token", "number": number})
