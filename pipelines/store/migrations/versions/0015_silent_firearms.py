"""How many of a seller's firearms are offered without a word of a check."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Bring the schema to 0015."""
    op.add_column("seller_assessments", sa.Column("silent", sa.Integer(), nullable=True))
