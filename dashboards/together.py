"""The listings of one seller that nobody has decided on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from dashboards.failures import NothingThere
from pipelines.store.tables import decisions, listings, sellers

if TYPE_CHECKING:
    from pipelines.store.database import Database


@frozen(kw_only=True)
class Undecided:
    """Of the seller `id` on `site`: row ids and places (site, id) of what is undecided, the newest first."""

    site: str
    id: str
    name: str | None
    rows: tuple[int, ...]
    places: tuple[tuple[str, str], ...]


def undecided_of(database: Database, site: str, native_id: str) -> Undecided:
    """The undecided listings of a seller. NothingThere where there is no such seller."""
    decided = sa.select(decisions.c.id).where(decisions.c.listing == listings.c.id).exists()
    with database.read() as connection:
        seller = connection.execute(
            sa.select(sellers.c.id, sellers.c.name).where(sellers.c.site == site, sellers.c.native_id == native_id)
        ).one_or_none()
        if seller is None:
            raise NothingThere(f"no seller {site}/{native_id}", hint="search finds listings; each names its seller")
        query = (
            sa.select(listings.c.id, listings.c.site, listings.c.native_id)
            .where(listings.c.seller == seller.id, ~decided)
            .order_by(listings.c.first_seen.desc(), listings.c.id.desc())
        )
        rows = connection.execute(query).all()
    return Undecided(
        site=site,
        id=native_id,
        name=seller.name,
        rows=tuple(row.id for row in rows),
        places=tuple((row.site, row.native_id) for row in rows),
    )
