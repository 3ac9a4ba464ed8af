"""How each decision was come to, what lies on whose desk, when each last looked, and sites that are paused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Bring the schema to 0005."""
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("way", sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column("batch", sa.String(length=32), nullable=True))
    op.create_table(
        "leases",
        sa.Column("listing", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["listing"], ["listings.id"], name=op.f("fk_leases_listing_listings")),
        sa.PrimaryKeyConstraint("listing", name=op.f("pk_leases")),
    )
    op.create_index(op.f("ix_leases_actor"), "leases", ["actor"], unique=False)
    op.create_table(
        "looks",
        sa.Column("actor", sa.String(length=256), nullable=False),
        sa.Column("began", sa.DateTime(), nullable=False),
        sa.Column("latest", sa.DateTime(), nullable=False),
        sa.Column("before", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("actor", name=op.f("pk_looks")),
    )
    op.create_table(
        "site_pauses",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_site_pauses")),
    )
