"""Captured bytes: whether they are still those that were stored, and the picture of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from dashboards.failures import NothingThere
from pipelines.models import CaptureMethod, StoredBytes
from pipelines.packet.dossier import digest
from pipelines.store.tables import capture_listings, captures, listings
from pipelines.warc.reader import DamagedArchiveError, read_members, read_payload

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.models import Capture
    from pipelines.store.database import Database

_PNG = b"\x89PNG\r\n\x1a\n"


def check_capture(vault: Path, capture: Capture) -> str:
    """`verified` where the vault holds exactly what was stored, else `failed: ` and why."""
    stored = capture.stored
    try:
        held = read_members(vault, stored)
        if capture.method is CaptureMethod.FEED:
            if digest(held) != stored.payload_sha256:
                return "failed: the feed line is not the one that was stored"
        elif capture.revisit_of is None:
            read_payload(held, stored)
        if capture.screenshot is not None:
            read_payload(read_members(vault, capture.screenshot), capture.screenshot)
    except DamagedArchiveError as error:
        return f"failed: {error.message}"
    return "verified"


def read_screenshot(database: Database, vault: Path, capture: str) -> tuple[str, bytes]:
    """Of which listing (SITE/ID) a capture's picture is, and the PNG. NothingThere where it has none.

    The picture of a page that shows several listings goes by the first of them.
    """
    with database.read() as connection:
        shown_first = (
            sa.select(sa.func.min(capture_listings.c.listing)).where(capture_listings.c.capture == capture)
        ).scalar_subquery()
        query = (
            sa.select(captures.c.screenshot, listings.c.site, listings.c.native_id)
            .select_from(captures)
            .join(listings, listings.c.id == sa.func.coalesce(captures.c.listing, shown_first))
            .where(captures.c.id == capture)
        )
        row = connection.execute(query).one_or_none()
    if row is None or row.screenshot is None:
        raise NothingThere("this capture has no picture")
    stored = StoredBytes(**row.screenshot)
    picture = read_payload(read_members(vault, stored), stored)
    if not picture.startswith(_PNG):
        raise DamagedArchiveError("the stored picture is no PNG")
    return f"{row.site}/{row.native_id}", picture
