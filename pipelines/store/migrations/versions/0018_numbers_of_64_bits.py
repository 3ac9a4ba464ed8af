"""Numbers of 64 bits where they grow with what is seen, and marks found by their value before their kind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_GROWING = {
    "journal": "sequence",
    "frontier": "id",
    "versions": "id",
    "assessments": "id",
    "status_changes": "id",
    "pictures": "id",
}
"""Tables and their keys, of which the database gives out the next one."""
_NAMED = (
    ("custody", "sequence"),
    ("listings", "version"),
    ("listings", "assessment"),
    ("assessments", "version"),
    ("seller_assessments", "sequence"),
    ("saved_searches", "sequence"),
)


def upgrade() -> None:
    """Bring the schema to 0018. On PostgreSQL tables are written anew: minutes for millions of listings."""
    if op.get_bind().dialect.name == "postgresql":
        for table, column in (*_GROWING.items(), *_NAMED):
            op.alter_column(table, column, type_=sa.BigInteger(), existing_type=sa.Integer())
        for table, column in _GROWING.items():
            sequence = op.get_bind().scalar(sa.func.pg_get_serial_sequence(table, column).select())
            op.execute(f"ALTER SEQUENCE {sequence} AS bigint")
        op.drop_constraint("pk_seller_marks", "seller_marks", type_="primary")
        op.create_primary_key("pk_seller_marks", "seller_marks", ["value", "kind", "seller"])
        return
    with op.batch_alter_table("seller_marks", recreate="always") as marks:
        marks.drop_constraint("pk_seller_marks", type_="primary")
        marks.create_primary_key("pk_seller_marks", ["value", "kind", "seller"])
