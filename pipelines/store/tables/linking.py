"""What accounts have in common, the links made of it, and the actors that the links make."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import UtcTime, metadata

offer_features = sa.Table(
    "offer_features",
    metadata,
    sa.Column("listing", sa.ForeignKey("listings.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("seller", sa.ForeignKey("sellers.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("algorithm", sa.String(32), nullable=False),  # of sketch and marks: those of another are made anew
    sa.Column("sketch", sa.LargeBinary, nullable=False),  # of the text, 32-bit numbers, little-endian
    sa.Column("make", sa.Text),
    sa.Column("model", sa.Text),
    sa.Column("currency", sa.String(3)),
    sa.Column("amount", sa.Float),  # of one thing: null where several are offered, or no price is stated
    sa.Column("offered", UtcTime, nullable=False),
    sa.Index("ix_offer_features_market", "make", "model", "currency", "offered"),
)

seller_marks = sa.Table(
    "seller_marks",  # what an account shows that another may show too
    metadata,
    # The value first: with the kind first SQLite would read every mark of a kind to find those of a few sellers.
    sa.Column("value", sa.BigInteger, primary_key=True, autoincrement=False),  # 63 bits of a hash
    sa.Column("kind", sa.String(8), primary_key=True),  # contact, image, text, serial, licence, town, place, dealer
    sa.Column("seller", sa.ForeignKey("sellers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("listing", sa.Integer),  # one that shows it
    sa.Column("detail", sa.BigInteger),  # a picture's whole fingerprint
    sa.Index("ix_seller_marks_seller", "seller"),
)

actor_links = sa.Table(
    "actor_links",
    metadata,
    sa.Column("one", sa.ForeignKey("sellers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("other", sa.ForeignKey("sellers.id", ondelete="CASCADE"), primary_key=True),  # always the higher row
    sa.Column("weight", sa.Float, nullable=False),  # log-odds
    sa.Column("holds", sa.Boolean, nullable=False),  # enough of enough kinds to make one actor
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Index("ix_actor_links_other", "other"),
)

actors = sa.Table(
    "actors",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("review", sa.String(8), nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
)

actor_members = sa.Table(
    "actor_members",
    metadata,
    sa.Column("seller", sa.ForeignKey("sellers.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("actor", sa.String(16), nullable=False, index=True),
)

site_norms = sa.Table(
    "site_norms",  # what is usual on a site: what a seller's figures are drawn towards
    metadata,
    sa.Column("site", sa.ForeignKey("sites.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
)

hand_decisions = sa.Table(
    "hand_decisions",  # by people, about items and actors: they win over what the machine finds
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("action", sa.String(8), nullable=False),  # merge, split, cut, confirm
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("undone", UtcTime),
)

hand_subjects = sa.Table(
    "hand_subjects",  # the accounts that a decision touches
    metadata,
    sa.Column("decision", sa.ForeignKey("hand_decisions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("seller", sa.ForeignKey("sellers.id", ondelete="CASCADE"), primary_key=True, index=True),
)
