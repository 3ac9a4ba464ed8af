"""What marketplaces were asked, and what they answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Bring the schema to 0010."""
    op.create_table(
        "marketplace_requests",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("case", sa.Integer(), nullable=True),
        sa.Column("made", sa.DateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("form", sa.JSON(), nullable=False),
        sa.Column("sent", sa.DateTime(), nullable=True),
        sa.Column("sent_by", sa.Text(), nullable=True),
        sa.Column("sent_how", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.id"], name=op.f("fk_marketplace_requests_case_cases")),
        sa.ForeignKeyConstraint(["site"], ["sites.name"], name=op.f("fk_marketplace_requests_site_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marketplace_requests")),
        sa.UniqueConstraint("reference", name=op.f("uq_marketplace_requests_reference")),
    )
    op.create_index(op.f("ix_marketplace_requests_case"), "marketplace_requests", ["case"], unique=False)

    op.create_table(
        "request_answers",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("request", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("received", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request"], ["marketplace_requests.id"], name=op.f("fk_request_answers_request_marketplace_requests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_answers")),
    )
    op.create_index(op.f("ix_request_answers_request"), "request_answers", ["request"], unique=False)

    op.create_table(
        "request_listings",
        sa.Column("request", sa.Integer(), nullable=False),
        sa.Column("listing", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["listing"], ["listings.id"], name=op.f("fk_request_listings_listing_listings")),
        sa.ForeignKeyConstraint(
            ["request"], ["marketplace_requests.id"], name=op.f("fk_request_listings_request_marketplace_requests")
        ),
        sa.PrimaryKeyConstraint("request", "listing", name=op.f("pk_request_listings")),
    )
    op.create_index(op.f("ix_request_listings_listing"), "request_listings", ["listing"], unique=False)
