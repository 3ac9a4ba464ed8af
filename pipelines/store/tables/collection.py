"""Sites, runs, the frontier, and what was captured."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import Long, UtcTime, metadata

sites = sa.Table(
    "sites",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("source", sa.String(8), nullable=False),  # crawl or feed
    sa.Column("currency", sa.String(3)),
    sa.Column("country", sa.String(2)),
    sa.Column("timezone", sa.String(64)),
    sa.Column("added", UtcTime, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("number", sa.Integer, nullable=False, server_default="0", index=True),  # in order, whatever clocks say
    sa.Column("site", sa.ForeignKey("sites.name"), nullable=False),
    sa.Column("kind", sa.String(8), nullable=False),  # crawl, tip, feed, received
    sa.Column("started", UtcTime, nullable=False),
    sa.Column("finished", UtcTime),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("authority", sa.JSON, nullable=False),  # operator, contact, legal basis, reference, expiry
    sa.Column("site_file_sha256", sa.String(64)),
    sa.Column("expected", sa.JSON, nullable=False),
    sa.Column("found", sa.JSON, nullable=False),
    sa.Column("unseen", sa.JSON, nullable=False),  # skipped by robots, over budget, failed, dead
    sa.Index("ix_runs_site_number", "site", "number"),
)

frontier = sa.Table(
    "frontier",
    metadata,
    sa.Column("id", Long, primary_key=True, autoincrement=True),
    sa.Column("run", sa.ForeignKey("runs.id"), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("depth", sa.Integer, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),  # pending, leased, done, dead
    sa.Column("owner", sa.String(64)),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("outcome", sa.Text),  # why it is dead, or what was found instead
    sa.Column("listing", sa.Integer),  # the known listing it leads to, where that is left alone this time
    sa.UniqueConstraint("run", "fingerprint"),
    sa.Index("ix_frontier_next", "run", "state", "priority", "id"),
)

captures = sa.Table(
    "captures",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("site", sa.String(64), nullable=False),
    sa.Column("run", sa.ForeignKey("runs.id"), nullable=False, index=True),
    sa.Column("url", sa.Text),
    sa.Column("method", sa.String(8), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("http_status", sa.Integer),
    sa.Column("content_type", sa.Text),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Column("payload_sha256", sa.String(64), nullable=False),
    sa.Column("screenshot", sa.JSON),
    sa.Column("resources", sa.JSON),  # where the other bytes of a rendered page lie
    sa.Column("revisit_of", sa.String(32)),
    sa.Column("listing", sa.Integer, index=True),
    sa.Index("ix_captures_site_url", "site", "url"),
)

capture_listings = sa.Table(
    "capture_listings",  # of a page that shows several; captures.listing names the one of a page of its own
    metadata,
    sa.Column("capture", sa.ForeignKey("captures.id"), primary_key=True),
    sa.Column("listing", sa.ForeignKey("listings.id"), primary_key=True, index=True),
)

vault_files = sa.Table(
    "vault_files",
    metadata,
    sa.Column("file", sa.Text, primary_key=True),
    sa.Column("run", sa.String(32), nullable=False, index=True),
    sa.Column("committed", sa.BigInteger, nullable=False),  # bytes that the store answers for
)
