"""Files of the vault that lie in an object storage."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import UtcTime, metadata

vault_objects = sa.Table(
    "vault_objects",
    metadata,
    sa.Column("file", sa.Text, primary_key=True),  # of vault_files; also the object's name under the prefix
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)
