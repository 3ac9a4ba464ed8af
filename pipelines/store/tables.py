"""The tables, by subject. Alembic's migrations make them; a test holds the two together.

Times are UTC. JSON columns hold what the contracts of docs/schema hold, never more.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class UtcTime(sa.TypeDecorator[datetime]):
    """An aware `datetime`, kept in UTC; a naive one is refused."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """To naive UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """To an aware time in UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# --- collection -----------------------------------------------------------------------------------

sites = sa.Table(
    "sites",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("source", sa.String(8), nullable=False),  # crawl or feed
    sa.Column("currency", sa.String(3)),
    sa.Column("country", sa.String(2)),
    sa.Column("timezone", sa.String(64)),
    sa.Column("added", UtcTime, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("site", sa.ForeignKey("sites.name"), nullable=False, index=True),
    sa.Column("started", UtcTime, nullable=False),
    sa.Column("finished", UtcTime),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("authority", sa.JSON, nullable=False),  # operator, contact, legal basis, reference, expiry
    sa.Column("site_file_sha256", sa.String(64)),
    sa.Column("expected", sa.JSON, nullable=False),
    sa.Column("found", sa.JSON, nullable=False),
    sa.Column("unseen", sa.JSON, nullable=False),  # skipped by robots, over budget, failed, dead
)

frontier = sa.Table(
    "frontier",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run", sa.ForeignKey("runs.id"), nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("depth", sa.Integer, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),  # pending, leased, done, dead
    sa.Column("owner", sa.String(64)),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("outcome", sa.Text),  # why it is dead, or what was found instead
    sa.UniqueConstraint("run", "fingerprint"),
    sa.Index("ix_frontier_next", "run", "state", "priority", "id"),
)

captures = sa.Table(
    "captures",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("site", sa.String(64), nullable=False),
    sa.Column("run", sa.ForeignKey("runs.id"), nullable=False, index=True),
    sa.Column("url", sa.Text),
    sa.Column("method", sa.String(8), nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("http_status", sa.Integer),
    sa.Column("content_type", sa.Text),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Column("payload_sha256", sa.String(64), nullable=False),
    sa.Column("screenshot", sa.JSON),
    sa.Column("resources", sa.JSON),  # where the other bytes of a rendered page lie
    sa.Column("revisit_of", sa.String(32)),
    sa.Column("listing", sa.Integer, index=True),
    sa.Index("ix_captures_site_url", "site", "url"),
)

vault_files = sa.Table(
    "vault_files",
    metadata,
    sa.Column("file", sa.Text, primary_key=True),
    sa.Column("run", sa.String(32), nullable=False, index=True),
    sa.Column("committed", sa.BigInteger, nullable=False),  # bytes that the store answers for
)

# --- listings ---------------------------------------------------------------------------------------

sellers = sa.Table(
    "sellers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("site", sa.ForeignKey("sites.name"), nullable=False),
    sa.Column("native_id", sa.String(256), nullable=False),
    sa.Column("name", sa.Text),
    sa.Column("url", sa.Text),
    sa.Column("joined", sa.Text),
    sa.Column("licence", sa.Text),
    sa.Column("profile", sa.Text),
    sa.Column("first_seen", UtcTime, nullable=False),
    sa.Column("last_seen", UtcTime, nullable=False),
    sa.UniqueConstraint("site", "native_id"),
)

listings = sa.Table(
    "listings",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("site", sa.ForeignKey("sites.name"), nullable=False),
    sa.Column("native_id", sa.String(512), nullable=False, index=True),
    sa.Column("url", sa.Text),
    sa.Column("status", sa.String(8), nullable=False),
    sa.Column("first_seen", UtcTime, nullable=False),
    sa.Column("last_seen", UtcTime, nullable=False),
    sa.Column("seller", sa.ForeignKey("sellers.id"), index=True),
    sa.Column("version", sa.Integer),  # the current row of versions
    sa.Column("assessment", sa.Integer),  # the current row of assessments
    sa.UniqueConstraint("site", "native_id"),
)

versions = sa.Table(
    "versions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("listing", sa.ForeignKey("listings.id"), nullable=False, index=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("capture", sa.ForeignKey("captures.id"), nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("content_sha256", sa.String(64), nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
    sa.UniqueConstraint("listing", "number"),
)

status_changes = sa.Table(
    "status_changes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("listing", sa.ForeignKey("listings.id"), nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("status", sa.String(8), nullable=False),
    sa.Column("capture", sa.String(32)),
)

# --- what was made of them ----------------------------------------------------------------------------

assessments = sa.Table(
    "assessments",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
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
    sa.Column("sequence", sa.Integer, nullable=False),  # the journal's number up to which it holds; 0: no longer
    sa.Column("rules", sa.String(64), nullable=False),  # hash of the rules it was made by
    sa.Column("due", UtcTime),  # when time alone may change it
    sa.Column("review", sa.String(8), nullable=False),
    sa.Column("body", sa.JSON, nullable=False),  # the export line of the seller
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("listing", sa.ForeignKey("listings.id"), nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("decision", sa.String(16), nullable=False),  # relevant, not_relevant, unsure
    sa.Column("reason", sa.Text, nullable=False),
)

# --- the record of the work ------------------------------------------------------------------------------

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("listing", sa.Integer, nullable=False, index=True),
    sqlite_autoincrement=True,
)

set_aside = sa.Table(
    "set_aside",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),  # import, assess, index
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

custody = sa.Table(
    "custody",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)


def columns_of(table: sa.Table, *names: str) -> list[sa.Column[Any]]:
    """The columns of `table` by their names."""
    return [table.c[name] for name in names]
