"""What the administration screen shows: settings with their origin, keys, and the custody log by the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import define, evolve, field, frozen

from dashboards.wording import printable
from pipelines.errors import TracemarkError
from pipelines.packet.keys import SigningKey, TrustedKeys
from pipelines.store.custody import broken_at
from pipelines.store.tables import custody

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.models import JsonObject
    from pipelines.settings import SettingOrigin
    from pipelines.store.database import Database
    from pipelines.workspace import Workspace

PAGE = 50
MOST_COUNTED = 10_000


@frozen(kw_only=True)
class LogPage:
    """Rows of the custody log, the newest first; `older` is where the next page begins, None at the end.

    `total` counts no further than `MOST_COUNTED` where rows were chosen.
    """

    rows: tuple[JsonObject, ...]
    total: int
    older: int | None


@frozen(kw_only=True)
class Asked:
    """Which rows: of an actor, an action, a subject, and numbered below `before` (0: the newest)."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    before: int = 0


@frozen(kw_only=True)
class Keys:
    """The fingerprint of the key that seals packets (or why it cannot be told), and those trusted."""

    fingerprint: str | None
    trouble: str | None
    trusted: tuple[str, ...]


def read_log(database: Database, asked: Asked) -> LogPage:
    """A page of the log."""
    exact = {"actor": asked.actor, "action": asked.action, "subject": asked.subject}
    chosen = [custody.c[name] == value for name, value in exact.items() if value]
    with database.read() as connection:
        below = [custody.c.sequence < asked.before] if asked.before else []
        query = sa.select(custody).where(*chosen, *below).order_by(custody.c.sequence.desc()).limit(PAGE + 1)
        rows = [printable(dict(row)) for row in connection.execute(query).mappings()]
        whole = not asked.before and len(rows) <= PAGE  # then they are counted already
        total = len(rows) if whole else _count(connection, chosen)
    older = rows[PAGE - 1]["sequence"] if len(rows) > PAGE else None
    return LogPage(rows=tuple(rows[:PAGE]), total=total, older=older)


def _count(connection: sa.Connection, chosen: Sequence[sa.ColumnElement[bool]]) -> int:
    if not chosen:  # rows are numbered without a gap, or the check of the chain says so
        return connection.scalar(sa.select(sa.func.max(custody.c.sequence))) or 0
    counted = sa.select(custody.c.sequence).where(*chosen).limit(MOST_COUNTED).subquery()
    return connection.scalar(sa.select(sa.func.count()).select_from(counted)) or 0


@define
class LogActions:
    """The kinds of things that the log tells of: it only grows, so that only its new rows are looked at."""

    _known: set[str] = field(factory=set)
    _up_to: int = 0

    def read(self, database: Database) -> list[str]:
        """All of them, by name."""
        with database.read() as connection:
            last = connection.scalar(sa.select(sa.func.max(custody.c.sequence))) or 0
            if last > self._up_to:
                query = sa.select(custody.c.action).where(custody.c.sequence.between(self._up_to + 1, last))
                self._known.update(connection.scalars(query.distinct()))
                self._up_to = last
        return sorted(self._known)


def check_log(database: Database) -> int | None:
    """The number of the first row that does not follow from the one before, or None where all do."""
    with database.read() as connection:
        return broken_at(connection)


def read_origins(workspace: Workspace) -> list[SettingOrigin]:
    """Every setting with its origin; the password inside a database's address stays hidden."""
    return [
        evolve(one, value=sa.make_url(one.value).render_as_string()) if one.name == "store.url" and one.value else one
        for one in workspace.origins
    ]


def read_keys(workspace: Workspace, passphrase: str | None) -> Keys:
    """The workspace's keys."""
    fingerprint, trouble = None, None
    try:
        fingerprint = SigningKey.load(workspace.signing_key, passphrase).public.fingerprint
    except TracemarkError as error:
        trouble = error.message
    try:
        trusted = sorted(TrustedKeys.load(workspace.trusted_keys).fingerprints)
    except TracemarkError as error:
        trusted, trouble = [], error.message
    return Keys(fingerprint=fingerprint, trouble=trouble, trusted=tuple(trusted))
