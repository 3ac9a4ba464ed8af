"""Saved searches and their alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Bring the schema to 0003."""
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("rhythm", sa.String(length=8), nullable=False),
        sa.Column("quiet", sa.JSON(), nullable=True),
        sa.Column("muted_until", sa.DateTime(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("told", sa.DateTime(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_searches")),
        sa.UniqueConstraint("name", name=op.f("uq_saved_searches_name")),
    )
    op.create_table(
        "alert_digests",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("search", sa.Integer(), nullable=False),
        sa.Column("made", sa.DateTime(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["search"],
            ["saved_searches.id"],
            name=op.f("fk_alert_digests_search_saved_searches"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_digests")),
    )
    op.create_index(op.f("ix_alert_digests_search"), "alert_digests", ["search"], unique=False)
    op.create_table(
        "alert_hits",
        sa.Column("search", sa.Integer(), nullable=False),
        sa.Column("listing", sa.Integer(), nullable=False),
        sa.Column("found", sa.DateTime(), nullable=False),
        sa.Column("repost", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["digest"], ["alert_digests.id"], name=op.f("fk_alert_hits_digest_alert_digests")),
        sa.ForeignKeyConstraint(["listing"], ["listings.id"], name=op.f("fk_alert_hits_listing_listings")),
        sa.ForeignKeyConstraint(
            ["search"], ["saved_searches.id"], name=op.f("fk_alert_hits_search_saved_searches"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("search", "listing", name=op.f("pk_alert_hits")),
    )
    op.create_index(op.f("ix_alert_hits_listing"), "alert_hits", ["listing"], unique=False)
    op.create_table(
        "alert_deliveries",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("digest", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.DateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["digest"],
            ["alert_digests.id"],
            name=op.f("fk_alert_deliveries_digest_alert_digests"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_deliveries")),
    )
    op.create_index(op.f("ix_alert_deliveries_digest"), "alert_deliveries", ["digest"], unique=False)
    op.create_index(op.f("ix_alert_deliveries_state"), "alert_deliveries", ["state"], unique=False)
