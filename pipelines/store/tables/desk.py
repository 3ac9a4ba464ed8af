"""What people decided, what lies on whose desk, and when each last looked."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import UtcTime, metadata

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("listing", sa.ForeignKey("listings.id"), nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("decision", sa.String(16), nullable=False),  # relevant, not_relevant, unsure
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("way", sa.String(8)),  # open, together, second, audit; the last two saw neither score nor other verdicts
    sa.Column("batch", sa.String(32), index=True),  # decided in one act, and taken back in one
    sa.Index("ix_decisions_actor_id", "actor", "id"),
    sa.Index("ix_decisions_way_at", "way", "at"),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("listing", sa.ForeignKey("listings.id"), primary_key=True),
    sa.Column("actor", sa.Text, nullable=False, index=True),
    sa.Column("until", UtcTime, nullable=False),  # until then nobody else is given it to decide
)

looks = sa.Table(
    "looks",
    metadata,
    sa.Column("actor", sa.String(256), primary_key=True),
    sa.Column("began", UtcTime, nullable=False),  # of the present visit
    sa.Column("latest", UtcTime, nullable=False),
    sa.Column("before", UtcTime),  # the last moment of the visit before: what came later is new
)

site_pauses = sa.Table(
    "site_pauses",
    metadata,
    sa.Column("site", sa.String(64), primary_key=True),
    sa.Column("until", UtcTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)
