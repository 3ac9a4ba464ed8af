"""What the store says after a crawl, and the vault behind it."""

from __future__ import annotations

import gzip
from collections import Counter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import frozen
from warcio.archiveiterator import ArchiveIterator

from pipelines.models import StoredBytes
from pipelines.store.tables import captures, listings, status_changes, versions
from pipelines.warc.reader import read_record

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.workspace import Workspace


@frozen
class Shown:
    """A listing as the store has it."""

    status: str
    number: int  # of its newest version
    content: dict[str, Any]


def read_listings(workspace: Workspace, site: str) -> dict[str, Shown]:
    database = workspace.open_database()
    query = (
        sa.select(listings.c.native_id, listings.c.status, versions.c.number, versions.c.content)
        .join(versions, versions.c.id == listings.c.version)
        .where(listings.c.site == site)
    )
    with database.read() as connection:
        found = {row.native_id: Shown(row.status, row.number, row.content) for row in connection.execute(query)}
    database.close()
    return found


def read_captures(workspace: Workspace, site: str, run: str | None = None) -> list[dict[str, Any]]:
    database = workspace.open_database()
    query = (
        sa.select(captures, listings.c.native_id)
        .outerjoin(listings, listings.c.id == captures.c.listing)
        .where(captures.c.site == site)
        .order_by(captures.c.at)
    )
    if run is not None:
        query = query.where(captures.c.run == run)
    with database.read() as connection:
        found = [dict(row) for row in connection.execute(query).mappings()]
    database.close()
    return found


def read_status_changes(workspace: Workspace, site: str) -> dict[str, list[str]]:
    database = workspace.open_database()
    query = (
        sa.select(listings.c.native_id, status_changes.c.status)
        .join(listings, listings.c.id == status_changes.c.listing)
        .where(listings.c.site == site)
        .order_by(status_changes.c.id)
    )
    found: dict[str, list[str]] = {}
    with database.read() as connection:
        for row in connection.execute(query):
            found.setdefault(row.native_id, []).append(row.status)
    database.close()
    return found


def stored_of(capture: dict[str, Any]) -> StoredBytes:
    return StoredBytes(**{name: capture[name] for name in ("file", "offset", "length", "payload_sha256")})


def count_listing_captures(found: list[dict[str, Any]]) -> Counter[str]:
    return Counter(one["native_id"] for one in found if one["kind"] == "detail" and one["native_id"] is not None)


def check_vault(workspace: Workspace, found: list[dict[str, Any]]) -> None:
    """Every capture is readable and says the same as its record; every file is whole to its end."""
    for one in found:
        record = read_record(workspace.vault, stored_of(one))
        assert record.headers["warc-target-uri"] == one["url"]
        assert record.headers["warc-date"][:19] == one["at"].isoformat()[:19]
        assert record.kind == ("revisit" if one["revisit_of"] else "resource" if one["screenshot"] else "response")
    for path in sorted({workspace.vault / one["file"] for one in found}):
        check_file(path)


def check_file(path: Path) -> int:
    """`gzip -t`, and every record as another reader of WARC sees it; how many there are."""
    with gzip.open(path) as whole:
        while whole.read(1 << 20):
            pass
    with path.open("rb") as source:
        return sum(
            1 for record in ArchiveIterator(source, check_digests="raise") if record.content_stream().read() or 1
        )
