"""When each host was last asked, whoever asked it, and how long answers took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the schema to 0020."""
    op.create_table(
        "host_turns",
        sa.Column("host", sa.String(length=280), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_host_turns")),
    )
    op.create_table(
        "fetch_counts",
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("most", sa.Float(), nullable=False),
        sa.Column("number", _LONG, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("method", "outcome", "most", name=op.f("pk_fetch_counts")),
    )
