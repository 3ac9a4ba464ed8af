"""What must not be deleted, and bytes of deleted captures that are still to be blanked."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import UtcTime, metadata

holds = sa.Table(
    "holds",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(8), nullable=False),  # listing, seller
    sa.Column("site", sa.String(64), nullable=False),
    sa.Column("native_id", sa.String(512), nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("lifted", UtcTime),
    sa.Column("lifted_by", sa.Text),
)

blanks = sa.Table(
    "blanks",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)
