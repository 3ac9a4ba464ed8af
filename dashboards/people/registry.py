"""Accounts: added, changed and disabled, every change in the custody log with what it was before."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import frozen

from dashboards.people.identity import Role
from dashboards.people.passwords import check_password, fits, hash_password, is_dated
from pipelines.errors import BadInput, NotPermitted
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.tables import api_tokens, people, person_identities, sign_ins

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pipelines.models import JsonObject
    from pipelines.store.database import Database

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")


@frozen(kw_only=True)
class Account:
    """One account. It is never deleted: what it decided keeps its name."""

    id: int
    name: str
    role: Role
    created: datetime
    disabled: datetime | None
    temporary: bool

    def to_json(self) -> JsonObject:
        """As the command line and the API show it."""
        return {
            "name": self.name,
            "role": self.role.value,
            "created": self.created.isoformat(),
            "disabled": self.disabled and self.disabled.isoformat(),
            "temporary_password": self.temporary,
        }


@frozen(kw_only=True)
class Registry:
    """The accounts of a workspace. `actor` names who changes them at this moment, for the custody log."""

    database: Database
    actor: Callable[[], str]
    now: Callable[[], datetime]

    def accounts(self) -> list[Account]:
        """All of them, by name."""
        with self.database.read() as connection:
            rows = connection.execute(sa.select(people).order_by(people.c.name)).mappings()
            return [_account(row) for row in rows]

    def add(self, name: str, role: Role, password: str, *, temporary: bool = False) -> Account:
        """A new account. BadInput where the name is taken or none, or the password is not one to take."""
        if not _NAME.fullmatch(name):
            raise BadInput(
                f"{name!r} is no name for an account", hint="2 to 64 of a-z, 0-9, dot, dash and underscore, lower case"
            )
        check_password(password, name)
        kept = hash_password(password)
        with self.database.write() as connection:
            if connection.scalar(sa.select(people.c.id).where(people.c.name == name)) is not None:
                raise BadInput(f"there is an account {name!r} already", hint="tracemark people list")
            values = {"name": name, "role": role.value, "password": kept, "temporary": temporary}
            connection.execute(sa.insert(people).values(**values, created=self.now(), disabled=None))
            self._note(connection, name, {"change": "added", "role": role.value})
            return _find(connection, name)

    def known_by(self, issuer: str, subject: str, wished: str, role: Role) -> Account:
        """The account of whom a provider calls `subject`, in the role that it gives now; a new one, called `wished`.

        NotPermitted where the account is disabled, or the name is another account's: a name alone lets nobody in.
        """
        known = person_identities.c
        with self.database.read() as connection:
            query = sa.select(people.c.name, people.c.disabled).join(person_identities, known.person == people.c.id)
            found = connection.execute(query.where(known.issuer == issuer, known.subject == subject)).one_or_none()
        if found is None:
            return self._add_known(issuer, subject, wished, role)
        if found.disabled is not None:
            raise NotPermitted("This account is disabled.", hint="An administrator can enable it.")
        with self.database.read() as connection:
            account = _find(connection, found.name)
        return account if account.role is role else self.set_role(found.name, role)

    def _add_known(self, issuer: str, subject: str, wished: str, role: Role) -> Account:
        if not _NAME.fullmatch(wished):
            raise NotPermitted("The provider gives you no name that an account can have.", hint="[sign_in] name_claim")
        with self.database.write() as connection:
            if connection.scalar(sa.select(people.c.id).where(people.c.name == wished)) is not None:
                raise NotPermitted(
                    f"There is an account {wished} already, which is not known to be yours.",
                    hint=f"tracemark people link {wished} SUBJECT makes it yours.",
                )
            kept = hash_password(secrets.token_urlsafe(48))  # nobody knows it: no password opens the account
            values = {"name": wished, "role": role.value, "password": kept, "temporary": False, "disabled": None}
            connection.execute(sa.insert(people).values(**values, created=self.now()))
            account = _find(connection, wished)
            self._link(connection, account, issuer, subject)
            self._note(connection, wished, {"change": "added", "role": role.value, "by": issuer})
            return account

    def is_known(self, name: str, issuer: str) -> bool:
        """Whether the provider knows whose account `name` is."""
        known = person_identities.c
        query = sa.select(known.person).join(people, people.c.id == known.person)
        with self.database.read() as connection:
            return connection.scalar(query.where(people.c.name == name, known.issuer == issuer).limit(1)) is not None

    def link(self, name: str, issuer: str, subject: str) -> Account:
        """Let whom a provider calls `subject` in by the account `name`. BadInput where that is another's already."""
        with self.database.write() as connection:
            account = _find(connection, name)
            known = person_identities.c
            taken = sa.select(known.person).where(known.issuer == issuer, known.subject == subject)
            if connection.scalar(taken) is not None:
                raise BadInput(f"{subject!r} of {issuer} is known by an account already", hint="tracemark people list")
            self._link(connection, account, issuer, subject)
            self._note(connection, name, {"change": "linked", "issuer": issuer})
            return account

    def _link(self, connection: sa.Connection, account: Account, issuer: str, subject: str) -> None:
        values = {"person": account.id, "issuer": issuer, "subject": subject, "added": self.now()}
        connection.execute(sa.insert(person_identities).values(**values))

    def set_role(self, name: str, role: Role) -> Account:
        """Give the account another role: it holds from its next request on."""
        with self.database.write() as connection:
            before = _find(connection, name)
            if before.role is Role.ADMINISTRATOR and role is not before.role:
                _keep_an_administrator(connection, before)
            connection.execute(sa.update(people).where(people.c.id == before.id).values(role=role.value))
            self._note(connection, name, {"change": "role", "before": before.role.value, "after": role.value})
            return _find(connection, name)

    def disable(self, name: str) -> Account:
        """Let nobody in by this account any more; what it did stays."""
        with self.database.write() as connection:
            before = _find(connection, name)
            if before.disabled is None:
                _keep_an_administrator(connection, before)
                connection.execute(sa.update(people).where(people.c.id == before.id).values(disabled=self.now()))
                ended = _end_everywhere(connection, before.id)
                self._note(connection, name, {"change": "disabled", **ended})
            return _find(connection, name)

    def enable(self, name: str) -> Account:
        """Let the account in again, by the password it had."""
        with self.database.write() as connection:
            before = _find(connection, name)
            if before.disabled is not None:
                connection.execute(sa.update(people).where(people.c.id == before.id).values(disabled=None))
                self._note(connection, name, {"change": "enabled"})
            return _find(connection, name)

    def set_password(self, name: str, password: str, *, temporary: bool = False) -> Account:
        """Set another password; every sign-in and token of the account ends."""
        check_password(password, name)
        kept = hash_password(password)
        with self.database.write() as connection:
            before = _find(connection, name)
            values = {"password": kept, "temporary": temporary}
            connection.execute(sa.update(people).where(people.c.id == before.id).values(**values))
            ended = _end_everywhere(connection, before.id)
            self._note(connection, name, {"change": "password", "temporary": temporary, **ended})
            return _find(connection, name)

    def verified(self, name: str, password: str) -> Account | None:
        """The account, where the password fits and nothing keeps it out. Takes as long when there is none."""
        with self.database.read() as connection:
            row = connection.execute(sa.select(people).where(people.c.name == name)).mappings().one_or_none()
        kept = None if row is None or row["disabled"] is not None else row["password"]
        if not fits(kept, password) or row is None:
            return None
        if is_dated(row["password"]):
            renewed = hash_password(password)
            with self.database.write() as connection:
                connection.execute(sa.update(people).where(people.c.id == row["id"]).values(password=renewed))
        return _account(row)

    def _note(self, connection: sa.Connection, name: str, detail: JsonObject) -> None:
        event = CustodyEvent(
            at=self.now(), actor=self.actor(), action="people", subject=f"person:{name}", detail=detail
        )
        append_custody(connection, [event])


def has_accounts(connection: sa.Connection) -> bool:
    """Whether the workspace has accounts, disabled ones included: then nobody gets in without one."""
    return connection.scalar(sa.select(people.c.id).limit(1)) is not None


def _keep_an_administrator(connection: sa.Connection, leaving: Account) -> None:
    if leaving.role is not Role.ADMINISTRATOR:
        return
    others = sa.select(people.c.id).where(
        people.c.role == Role.ADMINISTRATOR.value, people.c.disabled.is_(None), people.c.id != leaving.id
    )
    if connection.scalar(others.limit(1)) is None:
        raise BadInput(
            f"{leaving.name} is the only administrator", hint="make someone else administrator first, then try again"
        )


def _end_everywhere(connection: sa.Connection, person: int) -> JsonObject:
    ended = connection.execute(sa.delete(sign_ins).where(sign_ins.c.person == person)).rowcount
    revoked = connection.execute(sa.delete(api_tokens).where(api_tokens.c.person == person)).rowcount
    return {"sign_ins_ended": ended, "tokens_ended": revoked}


def _find(connection: sa.Connection, name: str) -> Account:
    row = connection.execute(sa.select(people).where(people.c.name == name)).mappings().one_or_none()
    if row is None:
        raise BadInput(f"there is no account {name!r}", hint="tracemark people list")
    return _account(row)


def _account(row: Any) -> Account:
    return Account(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        created=row["created"],
        disabled=row["disabled"],
        temporary=row["temporary"],
    )
