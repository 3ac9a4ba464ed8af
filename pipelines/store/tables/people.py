"""Who may use the desk: accounts, what they are signed in by, and sign-ins that failed."""

from __future__ import annotations

import sqlalchemy as sa

from pipelines.store.tables.base import UtcTime, metadata

people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),  # the actor of the custody log
    sa.Column("role", sa.String(16), nullable=False),  # viewer, investigator, supervisor, administrator
    sa.Column("password", sa.Text, nullable=False),  # Argon2id, with its salt and cost
    sa.Column("temporary", sa.Boolean, nullable=False),  # set by someone else: to be changed before anything is seen
    sa.Column("created", UtcTime, nullable=False),
    sa.Column("disabled", UtcTime),
)

person_identities = sa.Table(
    "person_identities",  # what a provider of sign-ins calls a person
    metadata,
    sa.Column("issuer", sa.String(255), primary_key=True),
    sa.Column("subject", sa.String(255), primary_key=True),
    sa.Column("person", sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("added", UtcTime, nullable=False),
)

sign_ins = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),  # SHA-256 of what the browser holds
    sa.Column("person", sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("started", UtcTime, nullable=False),
    sa.Column("seen", UtcTime, nullable=False),
    sa.Column("expires", UtcTime, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),  # the matter worked on, written beside every view
    sa.Column("address", sa.String(64), nullable=False),
)

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),  # SHA-256 of the token
    sa.Column("person", sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),  # what it is for, written beside every view
    sa.Column("created", UtcTime, nullable=False),
    sa.Column("expires", UtcTime, nullable=False),
    sa.Column("used", UtcTime),
)

failed_sign_ins = sa.Table(
    "failed_sign_ins",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", UtcTime, nullable=False, index=True),
    sa.Column("name_digest", sa.String(64), nullable=False),  # what was typed may be a password: only its SHA-256
    sa.Column("address", sa.String(64), nullable=False),
)
