"""A case as a value. Times are aware, in UTC."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.content import is_storable
from pipelines.errors import BadInput

if TYPE_CHECKING:
    from datetime import date, datetime

    from pipelines.models import JsonObject

LONGEST_TEXT = 20_000
"""Characters of a note, a task or a reason."""

LONGEST_NAME = 200

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class CaseState(StrEnum):
    """How a case stands."""

    OPEN = "open"
    REFERRED = "referred"  # two reviewers agreed to hand it on: what is in it stays as it was
    CLOSED = "closed"


@frozen(kw_only=True)
class Member:
    """A listing or a seller in a case: `site` and the site's own `id`; `row` in the store; who added it, and when."""

    row: int
    site: str
    id: str
    name: str | None  # a listing's title, a seller's name
    at: datetime
    actor: str

    def to_json(self, name: str) -> JsonObject:
        """As `case show --json` prints it, its name called `name`."""
        return {"site": self.site, "id": self.id, name: self.name, "added": self.at.isoformat(), "by": self.actor}


@frozen(kw_only=True)
class Note:
    """What somebody wrote down."""

    number: int
    at: datetime
    actor: str
    text: str

    def to_json(self) -> JsonObject:
        """As `case show --json` prints it."""
        return {"number": self.number, "at": self.at.isoformat(), "by": self.actor, "text": self.text}


@frozen(kw_only=True)
class Task:
    """What is to be done, by whom, until which day."""

    number: int
    at: datetime
    actor: str
    text: str
    assignee: str | None
    due: date | None
    done: datetime | None
    done_by: str | None

    def is_overdue(self, today: date) -> bool:
        """Whether it should have been done before `today`."""
        return self.done is None and self.due is not None and self.due < today

    def to_json(self) -> JsonObject:
        """As `case show --json` prints it."""
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "by": self.actor,
            "text": self.text,
            "assignee": self.assignee,
            "due": None if self.due is None else self.due.isoformat(),
            "done": None if self.done is None else self.done.isoformat(),
            "done_by": self.done_by,
        }


@frozen(kw_only=True)
class Agreement:
    """A reviewer's word that the case, as it stands, should be referred to `recipient`."""

    at: datetime
    actor: str
    recipient: str
    reason: str

    def to_json(self) -> JsonObject:
        """As `case show --json` prints it."""
        return {"at": self.at.isoformat(), "by": self.actor, "to": self.recipient, "reason": self.reason}


@frozen(kw_only=True)
class Entry:
    """One thing that was done with a case (docs/schema/case.json names each)."""

    at: datetime
    actor: str
    action: str
    detail: JsonObject

    def to_json(self) -> JsonObject:
        """As `case show --json` prints it."""
        return {"at": self.at.isoformat(), "by": self.actor, "action": self.action, "detail": self.detail}


@frozen(kw_only=True)
class CaseSummary:
    """A case in a list."""

    row: int
    reference: str
    name: str
    state: CaseState
    owner: str
    created: datetime
    changed: datetime
    referred_to: str | None
    listings: int
    sellers: int
    notes: int
    tasks_open: int
    next_due: date | None  # of the open tasks

    def to_json(self) -> JsonObject:
        """As `case list --json` prints it."""
        return {
            "reference": self.reference,
            "name": self.name,
            "state": self.state.value,
            "owner": self.owner,
            "created": self.created.isoformat(),
            "changed": self.changed.isoformat(),
            "referred_to": self.referred_to,
            "listings": self.listings,
            "sellers": self.sellers,
            "notes": self.notes,
            "tasks_open": self.tasks_open,
            "next_due": None if self.next_due is None else self.next_due.isoformat(),
        }


@frozen(kw_only=True)
class Case:
    """A case with all that is in it, each in the order in which it came."""

    row: int
    reference: str
    name: str
    state: CaseState
    owner: str
    created: datetime
    changed: datetime
    referred_to: str | None
    listings: tuple[Member, ...]
    sellers: tuple[Member, ...]
    notes: tuple[Note, ...]
    tasks: tuple[Task, ...]
    agreements: tuple[Agreement, ...]
    history: tuple[Entry, ...]

    def to_json(self) -> JsonObject:
        """As `case show --json` prints it (docs/schema/case.json)."""
        return {
            "reference": self.reference,
            "name": self.name,
            "state": self.state.value,
            "owner": self.owner,
            "created": self.created.isoformat(),
            "changed": self.changed.isoformat(),
            "referred_to": self.referred_to,
            "listings": [one.to_json("title") for one in self.listings],
            "sellers": [one.to_json("name") for one in self.sellers],
            "notes": [one.to_json() for one in self.notes],
            "tasks": [one.to_json() for one in self.tasks],
            "agreements": [one.to_json() for one in self.agreements],
            "history": [one.to_json() for one in self.history],
        }


def check_reference(text: str) -> str:
    """`text` where it can be a case's reference. Raises BadInput else."""
    if not _REFERENCE.fullmatch(text):
        raise BadInput(f"{text!r} cannot be a reference", hint="letters, digits, dots, - and _, at most 64 characters")
    return text


def check_text(text: str, what: str, most: int = LONGEST_TEXT) -> str:
    """`text` without the blanks around it. Raises BadInput where it is empty, too long or no text."""
    text = text.strip()
    if not text:
        raise BadInput(f"{what} is empty")
    if len(text) > most:
        raise BadInput(f"{what} has {len(text)} characters; {most} is the most", hint="shorten it")
    if not is_storable(text):
        raise BadInput(f"{what} holds bytes that are no text")
    return text
