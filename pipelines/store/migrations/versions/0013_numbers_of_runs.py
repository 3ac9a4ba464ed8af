"""Runs are numbered as they begin: a clock that was set back would put the newest one first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Bring the schema to 0013."""
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.Integer(), server_default="0", nullable=False))
    op.execute(
        "UPDATE runs SET number = ordered.number FROM "
        "(SELECT id, row_number() OVER (ORDER BY started, id) AS number FROM runs) AS ordered "
        "WHERE ordered.id = runs.id"
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_runs_number"), ["number"], unique=False)
