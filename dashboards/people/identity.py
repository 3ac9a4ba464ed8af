"""Roles, what each may do, and who is asking now.

The gate (`dashboards.people.gate`) finds out who asks and sets it for the length of a request; `current_person` tells
it to whatever decides, notes or shows on that person's behalf.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.errors import NotPermitted

if TYPE_CHECKING:
    from collections.abc import Iterator


class Role(StrEnum):
    """What a person is here for."""

    VIEWER = "viewer"
    INVESTIGATOR = "investigator"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """One thing that a role allows; the value is how the administration screen words it."""

    OWN = "use the own account: password, sign-ins, tokens"
    READ = "read listings, sellers, sites and quality"
    CONTACTS = "see contacts and pictures as read"
    DECIDE = "decide, read and work on cases, save searches"
    EXPORT = "export lists and packets"
    SUPERVISE = "settle, refer, and change sites and links"
    AUDIT = "read the custody log"
    ADMINISTER = "manage people, sign-ins and keys"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.OWN, Right.READ}),
    Role.INVESTIGATOR: frozenset({Right.OWN, Right.READ, Right.CONTACTS, Right.DECIDE, Right.EXPORT}),
    Role.SUPERVISOR: frozenset(set(Right) - {Right.ADMINISTER}),
    # Who manages accounts needs nobody's telephone number: contacts stay covered.
    Role.ADMINISTRATOR: frozenset({Right.OWN, Right.READ, Right.AUDIT, Right.ADMINISTER}),
}
"""What each role may do. The routes need rights, never roles (`dashboards.people.access`)."""


@frozen(kw_only=True)
class Person:
    """Who asks. `reason` is the matter they work on, `sign_in` the digest of their sign-in where they have one.

    `role` is None for who sits at the machine of a workspace without accounts: they may do everything.
    """

    name: str
    role: Role | None
    rights: frozenset[Right]
    reason: str
    sign_in: str | None = None
    temporary: bool = False

    def may(self, right: Right) -> bool:
        """Whether `right` is theirs."""
        return right in self.rights


def alone(name: str) -> Person:
    """The one person of a desk without accounts."""
    return Person(name=name, role=None, rights=frozenset(Right), reason="")


NOBODY = Person(name="", role=None, rights=frozenset(), reason="")
"""Who asks before signing in."""

_asking: ContextVar[Person] = ContextVar("tracemark_person", default=NOBODY)


def current_person() -> Person:
    """Who asks now: NOBODY outside of a request, and before signing in."""
    return _asking.get()


@contextmanager
def asking(person: Person) -> Iterator[None]:
    """Let `person` be who asks, for the length of a block."""
    token = _asking.set(person)
    try:
        yield
    finally:
        _asking.reset(token)


def require(right: Right) -> Person:
    """Who asks now, if `right` is theirs. NotPermitted otherwise."""
    person = current_person()
    if not person.may(right):
        raise NotPermitted(
            f"Your role does not allow this: {right.value}.", hint="A supervisor or administrator can help."
        )
    return person
