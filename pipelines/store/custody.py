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
    from collections.abc import Iterator, Sequence
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


def broken_at(connection: sa.Connection) -> int | None:
    """The sequence of the first row that does not follow from the one before it, or None when all do."""
    previous, expected = GENESIS, 1
    for row in custody_rows(connection):
        if row["sequence"] != expected or row["previous"] != previous or row["hash"] != row_hash(row):
            return expected
        previous, expected = row["hash"], expected + 1
    return None
