"""The queue of time stamps: what was asked of an authority, tried again until a token is found good."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.store.tables import stamps

if TYPE_CHECKING:
    from datetime import datetime

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
_LONGEST_REASON = 500


@frozen(kw_only=True)
class StampRequest:
    """One request. `kind` is packet or head, `name` the file it is for, `message` the signature to be stamped."""

    id: int
    kind: str
    name: str
    message: bytes
    attempts: int
    token: bytes | None


def ask_stamp(connection: sa.Connection, *, kind: str, name: str, message: bytes, now: datetime, reason: str) -> None:
    """Queue a request that failed the first time for `reason`; one that is queued already stays as it is."""
    known = sa.select(stamps.c.id).where(stamps.c.message_sha256 == _digest(message))
    if connection.execute(known).first() is None:
        row = {
            "kind": kind,
            "name": name,
            "message": message,
            "message_sha256": _digest(message),
            "asked": now,
            "due": now + FIRST_PAUSE,
            "attempts": 1,
            "reason": reason[:_LONGEST_REASON],
        }
        connection.execute(sa.insert(stamps).values(**row))


def due_stamps(connection: sa.Connection, now: datetime | None) -> list[StampRequest]:
    """The requests without a token, oldest first: those that are due by `now`, or all."""
    query = sa.select(stamps).where(stamps.c.token.is_(None)).order_by(stamps.c.id)
    if now is not None:
        query = query.where(stamps.c.due <= now)
    return [_request(row) for row in connection.execute(query).mappings()]


def note_failure(connection: sa.Connection, request: StampRequest, reason: str, now: datetime) -> None:
    """Put a request off: a minute, then twice as long each time, six hours at most."""
    pause = min(FIRST_PAUSE * 2 ** min(request.attempts, 20), LONGEST_PAUSE)
    values = {"attempts": request.attempts + 1, "due": now + pause, "reason": reason[:_LONGEST_REASON]}
    connection.execute(sa.update(stamps).where(stamps.c.id == request.id).values(**values))


def keep_token(connection: sa.Connection, request: StampRequest, token: bytes) -> None:
    """Keep a token that was found good."""
    connection.execute(sa.update(stamps).where(stamps.c.id == request.id).values(token=token, reason=None))


def _request(row: sa.RowMapping) -> StampRequest:
    return StampRequest(**{name: row[name] for name in ("id", "kind", "name", "message", "attempts", "token")})


def _digest(message: bytes) -> str:
    return hashlib.sha256(message).hexdigest()
