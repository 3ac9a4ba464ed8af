"""The custody log: append-only rows, each sealed by the hash of the one before.

A row's hash is SHA-256 over the canonical JSON (RFC 8785) of all its other fields; `previous` of the first row
is 64 zeros. What happened to the evidence is therefore in one order that cannot be changed unseen.
"""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import TYPE_CHECKING

import rfc8785
import sqlalchemy as sa
from attrs import frozen

from pipelines.store.tables import custody

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from pipelines.models import JsonObject

GENESIS = "0" * 64


@frozen(kw_only=True)
class CustodyEvent:
    """One thing that was done: by whom (a program names its run), what, to what, with which particulars."""

    at: datetime
    actor: str
    action: str  # capture, assess, view, review, export, import, delete
    subject: str  # SITE/ID, or run:ID
    detail: JsonObject


def append_custody(connection: sa.Connection, events: Sequence[CustodyEvent]) -> None:
    """Chain `events` to the log, inside the caller's write transaction, which keeps other writers out."""
    if not events:
        return
    head = connection.execute(
        sa.select(custody.c.sequence, custody.c.hash).order_by(custody.c.sequence.desc()).limit(1)
    ).one_or_none()
    sequence, previous = (0, GENESIS) if head is None else head
    rows = []
    for event in events:
        sequence += 1
        row = {
            "sequence": sequence,
            "at": event.at.astimezone(UTC),  # as it comes back, or the hash would not hold
            "actor": event.actor,
            "action": event.action,
            "subject": event.subject,
            "detail": event.detail,
            "previous": previous,
        }
        previous = row_hash(row)
        rows.append({**row, "hash": previous})
    connection.execute(sa.insert(custody), rows)


def row_hash(row: JsonObject) -> str:
    """The hash that seals `row` (its fields without `hash`)."""
    sealed = {name: row[name] for name in ("sequence", "actor", "action", "subject", "detail", "previous")}
    return hashlib.sha256(rfc8785.dumps({**sealed, "at": row["at"].isoformat()})).hexdigest()


def custody_rows(connection: sa.Connection, *, subject: str | None = None) -> Iterator[JsonObject]:
    """The log's rows in order, as dicts with `at` a datetime; of one subject, or all."""
    query = sa.select(custody).order_by(custody.c.sequence)
    if subject is not None:
        query = query.where(custody.c.subject == subject)
    for row in connection.execute(query).mappings():
        yield dict(row)


@frozen(kw_only=True)
class Finding:
    """What does not hold of the log; `check` is edited, removed, reordered, forked, cut, backdated or head."""

    check: str
    sequence: int
    reason: str


def inspect_chain(rows: Iterable[JsonObject]) -> Iterator[Finding]:
    """Each row whose own hash, number or link to the row before does not hold; `rows` as `custody_rows` gives them."""
    previous, expected = GENESIS, 1
    for row in rows:
        number = row["sequence"]
        if number != expected:
            what = f"{expected} to {number - 1} are missing" if number > expected else "stands twice"
            yield Finding(check="removed", sequence=expected, reason=f"rows {what}")
        elif row["previous"] != previous:
            yield Finding(check="reordered", sequence=number, reason="it does not follow from the row before it")
        if row["hash"] != row_hash(row):
            yield Finding(check="edited", sequence=number, reason="its content is not what was sealed")
        previous, expected = row["hash"], number + 1


def broken_at(connection: sa.Connection) -> int | None:
    """The sequence of the first row that does not follow from the one before it, or None when all do."""
    return next((finding.sequence for finding in inspect_chain(custody_rows(connection))), None)


def newest_row(connection: sa.Connection) -> JsonObject | None:
    """The log's last row, None where it is empty."""
    row = connection.execute(sa.select(custody).order_by(custody.c.sequence.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else dict(row)
