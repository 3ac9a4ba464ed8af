"""Which trace a change of a listing belongs to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Bring the schema to 0017."""
    op.add_column("journal", sa.Column("trace", sa.String(length=55), nullable=True))
