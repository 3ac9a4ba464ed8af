"""Saved searches, what each of them has found, and what is told of it to whom."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import Long, UtcTime, metadata

saved_searches = sa.Table(
    "saved_searches",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("created", UtcTime, nullable=False),
    sa.Column("channels", sa.JSON, nullable=False),  # kind and target of each
    sa.Column("rhythm", sa.String(8), nullable=False),  # at-once, hourly, daily, weekly
    sa.Column("quiet", sa.JSON),  # from, until, zone
    sa.Column("muted_until", UtcTime),
    sa.Column("sequence", Long, nullable=False),  # of the journal: what is later has not been looked at
    sa.Column("told", UtcTime),  # when the last digest was made
    sa.Column("trouble", sa.Text),  # why the query could not be answered the last time
)

alert_digests = sa.Table(
    "alert_digests",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("search", sa.ForeignKey("saved_searches.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("made", UtcTime, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
)

alert_hits = sa.Table(
    "alert_hits",
    metadata,
    sa.Column("search", sa.ForeignKey("saved_searches.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("listing", sa.ForeignKey("listings.id"), primary_key=True, index=True),
    sa.Column("found", UtcTime, nullable=False),
    sa.Column("repost", sa.Boolean, nullable=False),  # of an item that was told already: kept, not told
    sa.Column("digest", sa.ForeignKey("alert_digests.id")),
)

alert_deliveries = sa.Table(
    "alert_deliveries",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("digest", sa.ForeignKey("alert_digests.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("kind", sa.String(8), nullable=False),  # email, webhook
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("state", sa.String(8), nullable=False, index=True),  # waiting, sent, failed
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due", UtcTime, nullable=False),
    sa.Column("reason", sa.Text),
)
