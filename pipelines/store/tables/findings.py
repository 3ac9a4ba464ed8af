"""What was made of listings: assessments, items, and what a seller's history says."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import Long, UtcTime, metadata

assessments = sa.Table(
    "assessments",
    metadata,
    sa.Column("id", Long, primary_key=True, autoincrement=True),
    sa.Column("version", sa.ForeignKey("versions.id"), nullable=False),
    sa.Column("made_by", sa.String(200), nullable=False),  # model, rules and lexicon hashes, joined
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("items", sa.JSON, nullable=False),
    sa.Column("derivation", sa.JSON, nullable=False),
    sa.Column("vector", sa.LargeBinary),  # float32, little-endian, the encoder's dimensions
    sa.UniqueConstraint("version", "made_by"),
)

items = sa.Table(
    "items",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("seller", sa.ForeignKey("sellers.id"), index=True),
    sa.Column("body", sa.JSON, nullable=False),  # class, make, model, calibre, first_seen, last_seen, why
)

item_listings = sa.Table(
    "item_listings",
    metadata,
    sa.Column("item", sa.ForeignKey("items.id"), primary_key=True),
    sa.Column("listing", sa.ForeignKey("listings.id"), primary_key=True, index=True),
)

seller_assessments = sa.Table(
    "seller_assessments",
    metadata,
    sa.Column("seller", sa.ForeignKey("sellers.id"), primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("sequence", Long, nullable=False),  # the journal's number up to which it holds; 0: no longer
    sa.Column("rules", sa.String(64), nullable=False),  # hash of the rules it was made by
    sa.Column("due", UtcTime),  # when time alone may change it
    sa.Column("review", sa.String(8), nullable=False),  # the higher of its own and its actor's
    sa.Column("body", sa.JSON, nullable=False),  # the export line of the seller
    sa.Column("firearms", sa.Integer),  # what its rate is made of: pipelines/sellers/rates.py
    sa.Column("observed_days", sa.Integer),
    sa.Column("fresh", sa.Integer),
    sa.Column("total", sa.Integer),
    sa.Column("silent", sa.Integer),  # firearms offered without a word of a check
)
