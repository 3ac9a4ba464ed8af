"""Listings, their versions and their sellers."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import Long, UtcTime, metadata

sellers = sa.Table(
    "sellers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("site", sa.ForeignKey("sites.name"), nullable=False),
    sa.Column("native_id", sa.String(256), nullable=False),
    sa.Column("name", sa.Text),
    sa.Column("url", sa.Text),
    sa.Column("joined", sa.Text),
    sa.Column("licence", sa.Text),
    sa.Column("profile", sa.Text),
    sa.Column("first_seen", UtcTime, nullable=False),
    sa.Column("last_seen", UtcTime, nullable=False),
    sa.UniqueConstraint("site", "native_id"),
)

listings = sa.Table(
    "listings",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("site", sa.ForeignKey("sites.name"), nullable=False),
    sa.Column("native_id", sa.String(512), nullable=False, index=True),
    sa.Column("url", sa.Text),
    sa.Column("status", sa.String(8), nullable=False),
    sa.Column("first_seen", UtcTime, nullable=False),
    sa.Column("last_seen", UtcTime, nullable=False),
    sa.Column("seller", sa.ForeignKey("sellers.id"), index=True),
    sa.Column("version", Long),  # the current row of versions
    sa.Column("assessment", Long),  # the current row of assessments
    sa.UniqueConstraint("site", "native_id"),
    sa.Index("ix_listings_counted", "site", "last_seen", "assessment"),  # all that a site's counts need
)

versions = sa.Table(
    "versions",
    metadata,
    sa.Column("id", Long, primary_key=True, autoincrement=True),
    sa.Column("listing", sa.ForeignKey("listings.id"), nullable=False, index=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("capture", sa.ForeignKey("captures.id"), nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("content_sha256", sa.String(64), nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
    sa.UniqueConstraint("listing", "number"),
)

status_changes = sa.Table(
    "status_changes",
    metadata,
    sa.Column("id", Long, primary_key=True, autoincrement=True),
    sa.Column("listing", sa.ForeignKey("listings.id"), nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("status", sa.String(8), nullable=False),
    sa.Column("capture", sa.String(32)),
)
