"""The durable frontier: every page a run means to visit, and what became of it.

pending -> leased -> done | dead. A page is acknowledged in the same transaction that stores what it held, so
that a crash at any moment neither loses nor doubles one. A dead owner's leases return when its run goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.dialects import postgresql, sqlite

from pipelines.models import PageKind
from pipelines.store.tables import columns_of, frontier

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ATTEMPTS = 4
"""A page that failed this often is dead: listed in the run's report, never silently forgotten."""

LEFT_ALONE = "seen lately"
"""What became of the page of a listing that is not due to be seen again."""


@frozen(kw_only=True)
class FrontierEntry:
    """A page to visit: `kind` is what it is thought to be, higher `priority` goes first.

    `listing` is the row of a known listing that is left alone this time: then the page counts as done.
    """

    run: str
    url: str
    fingerprint: str
    kind: PageKind
    priority: int = 0
    depth: int = 0
    listing: int | None = None


@frozen(kw_only=True)
class Lease:
    """A page handed to one process."""

    id: int
    url: str
    kind: PageKind
    depth: int
    attempts: int


@frozen(kw_only=True)
class Outcome:
    """What became of a lease: done (with a word on what was found), to be tried again, or dead."""

    lease: int
    state: str  # done, pending, dead
    note: str | None = None


def enqueue(connection: sa.Connection, entries: Sequence[FrontierEntry]) -> None:
    """Add pages that the run does not know yet; those it knows are left as they are."""
    if not entries:
        return
    rows = [
        {
            "run": entry.run,
            "url": entry.url,
            "fingerprint": entry.fingerprint,
            "kind": entry.kind.value,
            "priority": entry.priority,
            "depth": entry.depth,
            "state": "pending" if entry.listing is None else "done",
            "attempts": 0,
            "outcome": None if entry.listing is None else LEFT_ALONE,
            "listing": entry.listing,
        }
        for entry in entries
    ]
    connection.execute(insert_or_ignore(connection, frontier), rows)


def acknowledge(connection: sa.Connection, outcomes: Sequence[Outcome]) -> None:
    """Record what became of leased pages."""
    if not outcomes:
        return
    connection.execute(
        sa.update(frontier)
        .where(frontier.c.id == sa.bindparam("lease"))
        .values(state=sa.bindparam("new_state"), outcome=sa.bindparam("note"), owner=None),
        [{"lease": one.lease, "new_state": one.state, "note": one.note} for one in outcomes],
    )


def lease(connection: sa.Connection, run: str, owner: str, most: int) -> list[Lease]:
    """Hand up to `most` pending pages of `run` to `owner`, the most urgent first."""
    chosen = (
        sa.select(frontier.c.id)
        .where(frontier.c.run == run, frontier.c.state == "pending")
        .order_by(frontier.c.priority.desc(), frontier.c.id)
        .limit(most)
    )
    if connection.dialect.name == "postgresql":
        chosen = chosen.with_for_update(skip_locked=True)
    ids = connection.scalars(chosen).all()
    if not ids:
        return []
    connection.execute(
        sa.update(frontier)
        .where(frontier.c.id.in_(ids))
        .values(state="leased", owner=owner, attempts=frontier.c.attempts + 1)
    )
    rows = connection.execute(
        sa.select(*columns_of(frontier, "id", "url", "kind", "depth", "attempts"))
        .where(frontier.c.id.in_(ids))
        .order_by(frontier.c.priority.desc(), frontier.c.id)
    ).mappings()
    return [Lease(**{**row, "kind": PageKind(row["kind"])}) for row in rows]


def return_leases(connection: sa.Connection, run: str) -> int:
    """Give back what a dead owner of `run` still held; the number of pages returned."""
    return connection.execute(
        sa.update(frontier)
        .where(frontier.c.run == run, frontier.c.state == "leased")
        .values(state="pending", owner=None)
    ).rowcount


def count_states(connection: sa.Connection, run: str) -> dict[str, int]:
    """How many pages of `run` are in each state."""
    query = sa.select(frontier.c.state, sa.func.count()).where(frontier.c.run == run).group_by(frontier.c.state)
    return dict(connection.execute(query).all())


def insert_or_ignore(connection: sa.Connection, table: sa.Table) -> sa.Insert:
    """An INSERT that leaves rows alone whose key is already there, in the words of either database."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
