"""Time stamps that were asked for: what waits for an authority, and the tokens that were found good."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import UtcTime, metadata

stamps = sa.Table(
    "stamps",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(8), nullable=False),  # packet, head
    sa.Column("name", sa.Text, nullable=False),  # the packet's file, the head's file
    sa.Column("message", sa.LargeBinary, nullable=False),  # the signature that is stamped
    sa.Column("message_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("asked", UtcTime, nullable=False),
    sa.Column("due", UtcTime, nullable=False, index=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text),  # why the last attempt failed
    sa.Column("token", sa.LargeBinary),  # only once two tools found it good
)
