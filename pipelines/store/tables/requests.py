"""What marketplaces were asked, and what they answered. A person sends and receives; this is the record of it."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import UtcTime, metadata

marketplace_requests = sa.Table(
    "marketplace_requests",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("reference", sa.String(64), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),  # preservation, takedown
    sa.Column("site", sa.ForeignKey("sites.name"), nullable=False),
    sa.Column("case", sa.ForeignKey("cases.id"), index=True),
    sa.Column("made", UtcTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("form", sa.JSON, nullable=False),  # docs/schema/request.json
    sa.Column("sent", UtcTime),
    sa.Column("sent_by", sa.Text),
    sa.Column("sent_how", sa.Text),
)

request_listings = sa.Table(
    "request_listings",
    metadata,
    sa.Column("request", sa.ForeignKey("marketplace_requests.id"), primary_key=True),
    sa.Column("listing", sa.ForeignKey("listings.id"), primary_key=True, index=True),
)

request_answers = sa.Table(
    "request_answers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("request", sa.ForeignKey("marketplace_requests.id"), nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("received", sa.Date, nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),  # acknowledged, done, partly, refused
    sa.Column("text", sa.Text, nullable=False),
)
