"""Registers, actors, and what people decide about items and accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Bring the schema to 0008."""
    _registers()
    _shown_by_accounts()
    _actors()
    _decisions()
    _figures()


def _registers() -> None:
    """Licences, and stolen serial numbers as keyed hashes."""
    op.create_table(
        "register_imports",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("register", sa.String(length=64), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_imports")),
    )
    op.create_table(
        "licences",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("register", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("short", sa.String(length=16), nullable=True),
        sa.Column("shown", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("expires", sa.Date(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("business", sa.Text(), nullable=True),
        sa.Column("name_key", sa.String(length=128), nullable=True),
        sa.Column("business_key", sa.String(length=128), nullable=True),
        sa.Column("street", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=True),
        sa.Column("zip", sa.String(length=16), nullable=True),
        sa.Column("phone", sa.String(length=24), nullable=True),
        sa.Column("phone_mark", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["register"],
            ["register_imports.id"],
            name=op.f("fk_licences_register_register_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licences")),
    )
    op.create_index(op.f("ix_licences_business_key"), "licences", ["business_key"], unique=False)
    op.create_index(op.f("ix_licences_name_key"), "licences", ["name_key"], unique=False)
    op.create_index(op.f("ix_licences_number"), "licences", ["number"], unique=False)
    op.create_index(op.f("ix_licences_phone_mark"), "licences", ["phone_mark"], unique=False)
    op.create_index(op.f("ix_licences_register"), "licences", ["register"], unique=False)
    op.create_index(op.f("ix_licences_short"), "licences", ["short"], unique=False)
    op.create_table(
        "stolen_serials",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("register", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("make_digest", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["register"],
            ["register_imports.id"],
            name=op.f("fk_stolen_serials_register_register_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stolen_serials")),
    )
    op.create_index(op.f("ix_stolen_serials_digest"), "stolen_serials", ["digest"], unique=False)
    op.create_index(op.f("ix_stolen_serials_register"), "stolen_serials", ["register"], unique=False)


def _shown_by_accounts() -> None:
    """What accounts show that others may show too, and what is usual on a site."""
    op.create_table(
        "offer_features",
        sa.Column("listing", sa.Integer(), nullable=False),
        sa.Column("seller", sa.Integer(), nullable=False),
        sa.Column("algorithm", sa.String(length=32), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        sa.Column("make", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("amount", sa.Float(), nullable=True),
        sa.Column("offered", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing"], ["listings.id"], name=op.f("fk_offer_features_listing_listings"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["seller"], ["sellers.id"], name=op.f("fk_offer_features_seller_sellers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("listing", name=op.f("pk_offer_features")),
    )
    op.create_index(
        "ix_offer_features_market", "offer_features", ["make", "model", "currency", "offered"], unique=False
    )
    op.create_index(op.f("ix_offer_features_seller"), "offer_features", ["seller"], unique=False)
    op.create_table(
        "seller_marks",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("value", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seller", sa.Integer(), nullable=False),
        sa.Column("listing", sa.Integer(), nullable=True),
        sa.Column("detail", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["seller"], ["sellers.id"], name=op.f("fk_seller_marks_seller_sellers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("kind", "value", "seller", name=op.f("pk_seller_marks")),
    )
    op.create_index("ix_seller_marks_seller", "seller_marks", ["seller"], unique=False)
    op.create_table(
        "site_norms",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["sites.name"], name=op.f("fk_site_norms_site_sites"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_site_norms")),
    )


def _actors() -> None:
    """Accounts that look like one hand."""
    op.create_table(
        "actors",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("review", sa.String(length=8), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actors")),
    )
    op.create_table(
        "actor_links",
        sa.Column("one", sa.Integer(), nullable=False),
        sa.Column("other", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["one"], ["sellers.id"], name=op.f("fk_actor_links_one_sellers"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["other"], ["sellers.id"], name=op.f("fk_actor_links_other_sellers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_actor_links")),
    )
    op.create_index("ix_actor_links_other", "actor_links", ["other"], unique=False)
    op.create_table(
        "actor_members",
        sa.Column("seller", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["seller"], ["sellers.id"], name=op.f("fk_actor_members_seller_sellers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("seller", name=op.f("pk_actor_members")),
    )
    op.create_index(op.f("ix_actor_members_actor"), "actor_members", ["actor"], unique=False)


def _decisions() -> None:
    """What people say of items and actors."""
    op.create_table(
        "hand_decisions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=8), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("undone", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_decisions")),
    )
    op.create_table(
        "hand_subjects",
        sa.Column("decision", sa.Integer(), nullable=False),
        sa.Column("seller", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision"],
            ["hand_decisions.id"],
            name=op.f("fk_hand_subjects_decision_hand_decisions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["seller"], ["sellers.id"], name=op.f("fk_hand_subjects_seller_sellers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("decision", "seller", name=op.f("pk_hand_subjects")),
    )
    op.create_index(op.f("ix_hand_subjects_seller"), "hand_subjects", ["seller"], unique=False)


def _figures() -> None:
    """What a seller's rate is made of."""
    op.add_column("seller_assessments", sa.Column("firearms", sa.Integer(), nullable=True))
    op.add_column("seller_assessments", sa.Column("observed_days", sa.Integer(), nullable=True))
    op.add_column("seller_assessments", sa.Column("fresh", sa.Integer(), nullable=True))
    op.add_column("seller_assessments", sa.Column("total", sa.Integer(), nullable=True))
