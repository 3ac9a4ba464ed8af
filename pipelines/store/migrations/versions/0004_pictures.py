"""Fingerprints of pictures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Bring the schema to 0004."""
    op.create_table(
        "picture_captures",
        sa.Column("capture", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["capture"], ["captures.id"], name=op.f("fk_picture_captures_capture_captures")),
        sa.PrimaryKeyConstraint("capture", name=op.f("pk_picture_captures")),
    )
    op.create_table(
        "pictures",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("capture", sa.String(length=32), nullable=False),
        sa.Column("listing", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bits", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["capture"], ["captures.id"], name=op.f("fk_pictures_capture_captures")),
        sa.ForeignKeyConstraint(["listing"], ["listings.id"], name=op.f("fk_pictures_listing_listings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
        sa.UniqueConstraint("capture", "bits", name=op.f("uq_pictures_capture_bits")),
    )
    op.create_index(op.f("ix_pictures_listing"), "pictures", ["listing"], unique=False)
