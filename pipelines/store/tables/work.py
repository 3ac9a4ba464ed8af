"""Who works on a store that several machines share: its workers, and what each of them holds."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import UtcTime, metadata

work_leases = sa.Table(
    "work_leases",
    metadata,
    sa.Column("what", sa.String(96), primary_key=True),  # site-NAME, assessment, alerts
    sa.Column(
        "number", sa.Integer, nullable=False
    ),  # one higher with each claim: what tells a late holder from a new one
    sa.Column("holder", sa.String(64)),  # none while it rests
    sa.Column("at", UtcTime, nullable=False),  # of the claim
    sa.Column("until", UtcTime, nullable=False),  # nobody else claims it before
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("host", sa.String(256), nullable=False),
    sa.Column("version", sa.String(32), nullable=False),
    sa.Column("does", sa.String(16), nullable=False),  # all, visits, tasks
    sa.Column("most", sa.Integer, nullable=False),  # visits at once
    sa.Column("started", UtcTime, nullable=False),
    sa.Column("seen", UtcTime, nullable=False),
)
