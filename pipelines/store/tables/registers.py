"""Registers that others publish or hold: licences, and stolen serial numbers as keyed hashes."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import UtcTime, metadata

register_imports = sa.Table(
    "register_imports",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(8), nullable=False),  # licences, stolen
    sa.Column("register", sa.String(64), nullable=False),  # the name of the list: a later one of it replaces it
    sa.Column("dated", sa.Date, nullable=False),  # as of which day it was published
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),  # of the file
    sa.Column("entries", sa.Integer, nullable=False),
)

licences = sa.Table(
    "licences",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("register", sa.ForeignKey("register_imports.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("number", sa.String(64), nullable=False, index=True),  # letters and digits only, upper case
    sa.Column("short", sa.String(16), index=True),  # what stays through renewals, where the form has such a part
    sa.Column("shown", sa.String(64), nullable=False),  # as written
    sa.Column("kind", sa.String(16)),
    sa.Column("expires", sa.Date),
    sa.Column("name", sa.Text),
    sa.Column("business", sa.Text),
    sa.Column("name_key", sa.String(128), index=True),
    sa.Column("business_key", sa.String(128), index=True),
    sa.Column("street", sa.Text),
    sa.Column("city", sa.Text),
    sa.Column("state", sa.String(16)),
    sa.Column("zip", sa.String(16)),
    sa.Column("phone", sa.String(24)),
    sa.Column("phone_mark", sa.BigInteger, index=True),  # as in seller_marks: a shop's number links nobody
)

stolen_serials = sa.Table(
    "stolen_serials",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("register", sa.ForeignKey("register_imports.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("digest", sa.String(64), nullable=False, index=True),  # HMAC-SHA-256 of the serial number
    sa.Column("make_digest", sa.String(64)),  # of maker and serial number, where the list names the maker
)
