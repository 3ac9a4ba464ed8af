"""What kind of run each is, pages that show several listings, and listings that a visit leaves alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Bring the schema to 0002."""
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=8), nullable=True))
    op.execute("UPDATE runs SET kind = 'tip' WHERE site = 'tips'")
    op.execute("UPDATE runs SET kind = 'received' WHERE site = 'received'")
    op.execute(
        "UPDATE runs SET kind = 'feed' WHERE kind IS NULL AND site IN (SELECT name FROM sites WHERE source = 'feed')"
    )
    op.execute("UPDATE runs SET kind = 'crawl' WHERE kind IS NULL")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.alter_column("kind", existing_type=sa.String(length=8), nullable=False)

    with op.batch_alter_table("frontier", schema=None) as batch_op:
        batch_op.add_column(sa.Column("listing", sa.Integer(), nullable=True))

    op.create_table(
        "capture_listings",
        sa.Column("capture", sa.String(length=32), nullable=False),
        sa.Column("listing", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["capture"], ["captures.id"], name=op.f("fk_capture_listings_capture_captures")),
        sa.ForeignKeyConstraint(["listing"], ["listings.id"], name=op.f("fk_capture_listings_listing_listings")),
        sa.PrimaryKeyConstraint("capture", "listing", name=op.f("pk_capture_listings")),
    )
    with op.batch_alter_table("capture_listings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_capture_listings_listing"), ["listing"], unique=False)
