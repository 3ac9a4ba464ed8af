"""Indexes for what each page of the desk asks: newest runs, counts of sites, rows of the log, own decisions."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Bring the schema to 0019."""
    op.drop_index("ix_runs_site", table_name="runs")
    op.create_index("ix_runs_site_number", "runs", ["site", "number"], unique=False)
    op.create_index("ix_listings_counted", "listings", ["site", "last_seen", "assessment"], unique=False)
    op.create_index("ix_custody_action_sequence", "custody", ["action", "sequence"], unique=False)
    op.create_index("ix_custody_actor_sequence", "custody", ["actor", "sequence"], unique=False)
    op.create_index("ix_decisions_batch", "decisions", ["batch"], unique=False)
    op.create_index("ix_decisions_actor_id", "decisions", ["actor", "id"], unique=False)
    op.create_index("ix_decisions_way_at", "decisions", ["way", "at"], unique=False)
