"""The record of the work: the journal, what was set aside, and the custody log."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import Long, UtcTime, metadata

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("sequence", Long, primary_key=True, autoincrement=True),
    sa.Column("listing", sa.Integer, nullable=False, index=True),
    sa.Column("deleted", sa.Text),  # SITE/ID of a listing that was deleted: its row can tell it no more
    sa.Column("trace", sa.String(55)),  # the traceparent of what changed it, where traces are kept
    sqlite_autoincrement=True,
)

set_aside = sa.Table(
    "set_aside",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),  # import, assess, index
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

custody = sa.Table(
    "custody",
    metadata,
    sa.Column("sequence", Long, primary_key=True, autoincrement=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index("ix_custody_action_sequence", "action", "sequence"),
    sa.Index("ix_custody_actor_sequence", "actor", "sequence"),
)
