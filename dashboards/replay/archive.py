"""A captured page with the parts that were captured with it, read from the vault alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

import sqlalchemy as sa
from attrs import frozen

from dashboards.failures import NothingThere
from pipelines.models import CaptureMethod, StoredBytes
from pipelines.receipt.bodies import UnreadableBody, undo_codings
from pipelines.store.tables import capture_listings, captures, listings
from pipelines.warc.reader import DamagedArchiveError, read_record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from pipelines.store.database import Database


@frozen(kw_only=True)
class Held:
    """One thing of a capture: `kind` is its media type in lower case, `charset` the one it states."""

    url: str
    kind: str
    charset: str | None
    body: bytes


@frozen(kw_only=True)
class KeptPage:
    """Where a capture's page and its parts lie, and the listing (SITE/ID) that it shows."""

    id: str
    subject: str
    url: str
    at: datetime
    stored: StoredBytes
    parts: tuple[StoredBytes, ...]


def find_page(database: Database, capture: str) -> KeptPage:
    """The page `capture`, or the one that it repeats. NothingThere for feed lines, and for what shows no listing."""
    with database.read() as connection:
        first = sa.select(sa.func.min(capture_listings.c.listing)).where(capture_listings.c.capture == capture)
        query = (
            sa.select(captures, listings.c.native_id)
            .select_from(captures)
            .join(listings, listings.c.id == sa.func.coalesce(captures.c.listing, first.scalar_subquery()))
            .where(captures.c.id == capture)
        )
        row = connection.execute(query).mappings().one_or_none()
        if row is None or row["url"] is None or row["method"] == CaptureMethod.FEED.value:
            raise NothingThere("no captured page of a listing is known by this number")
        held = row
        if row["revisit_of"] is not None:
            repeated = sa.select(captures).where(captures.c.id == row["revisit_of"])
            held = connection.execute(repeated).mappings().one()
    return KeptPage(
        id=capture,
        subject=f"{row['site']}/{row['native_id']}",
        url=row["url"],
        at=row["at"],
        stored=StoredBytes(**{name: held[name] for name in ("file", "offset", "length", "payload_sha256")}),
        parts=tuple(StoredBytes(**one) for one in held["resources"] or ()),
    )


def read_held(vault: Path, stored: StoredBytes) -> Held:
    """What lies at a place of the vault, its digests checked. DamagedArchiveError where it is not what was stored."""
    record = read_record(vault, stored)
    stated, body = record.headers.get("content-type", ""), record.body
    if record.http_headers is not None:
        types = [value.decode("latin-1") for name, value in record.http_headers if name.lower() == b"content-type"]
        stated = types[0] if types else ""
        try:
            body = undo_codings(body, record.http_headers)
        except UnreadableBody as error:
            raise DamagedArchiveError(str(error)) from error
    kind, _, rest = stated.partition(";")
    charset = rest.partition("charset=")[2].partition(";")[0].strip(" \"'") or None
    return Held(url=record.headers.get("warc-target-uri", ""), kind=kind.strip().lower(), charset=charset, body=body)


def number_parts(vault: Path, page: KeptPage) -> dict[str, int]:
    """The number of each part of a page, by the address that it was asked for under."""
    return {urldefrag(read_held(vault, stored).url)[0]: number for number, stored in enumerate(page.parts)}


@frozen(kw_only=True)
class Places:
    """Where a page's parts are on the other origin: `base` is the address that links are read against."""

    base: str
    numbers: Mapping[str, int]
    root: str

    def place(self, link: str) -> str | None:
        """The part that a link in the page leads to, as a path; None where it was not captured."""
        try:
            address = urldefrag(urljoin(self.base, link.strip()))[0]
        except ValueError:
            return None
        number = self.numbers.get(address)
        return None if number is None else f"{self.root}{number}"
