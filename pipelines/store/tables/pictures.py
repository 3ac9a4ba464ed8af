"""Fingerprints of the pictures that captures kept, for search by picture."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import Long, metadata

pictures = sa.Table(
    "pictures",
    metadata,
    sa.Column("id", Long, primary_key=True, autoincrement=True),
    sa.Column("capture", sa.ForeignKey("captures.id"), nullable=False),
    sa.Column("listing", sa.ForeignKey("listings.id"), nullable=False, index=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("bits", sa.BigInteger, nullable=False),  # the fingerprint, as a signed number
    sa.UniqueConstraint("capture", "bits"),
)

picture_captures = sa.Table(
    "picture_captures",
    metadata,
    sa.Column("capture", sa.ForeignKey("captures.id"), primary_key=True),  # its pictures were looked at
)
