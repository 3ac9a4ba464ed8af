"""How pages are asked for: when each host was last asked, and how long answers took."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import Long, UtcTime, metadata

host_turns = sa.Table(
    "host_turns",
    metadata,
    sa.Column("host", sa.String(280), primary_key=True),  # with its port, where that is no usual one
    sa.Column("at", UtcTime, nullable=False),  # of the last request
    sa.Column("seconds", sa.Float, nullable=False),  # that whoever made it leaves between two
)

fetch_counts = sa.Table(
    "fetch_counts",
    metadata,
    sa.Column("method", sa.String(8), primary_key=True),  # http, browser
    sa.Column("outcome", sa.String(16), primary_key=True),
    sa.Column("most", sa.Float, primary_key=True),  # seconds: the bucket's upper bound
    sa.Column("number", Long, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),  # of all of them together
)
