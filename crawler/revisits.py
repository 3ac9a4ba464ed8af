"""Which known listings a visit leaves alone: those that were read lately, by how much they matter."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa
from attrs import frozen

from pipelines.models import ListingStatus, PageKind
from pipelines.store.tables import assessments, captures, listings, seller_assessments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from crawler.sites.schema import Again

_LEVELS = ("review", "idle", "none")  # the first of them that a listing or its seller stands at counts
_DUE_FROM = 0.9
"""Share of its hours from which a listing is due: a visit that begins a little early does not miss it."""

_MOST_IN = 500


@frozen
class Revisits:
    """How long listings are left alone, by level."""

    waits: Mapping[str, timedelta]

    @classmethod
    def of(cls, again: Again) -> Self:
        """As the site file has it."""
        return cls({name: timedelta(hours=getattr(again, name)) * _DUE_FROM for name in _LEVELS})

    def find_early(
        self, connection: sa.Connection, site: str, urls: Sequence[str], now: datetime
    ) -> dict[str, tuple[int, str | None]]:
        """Of `urls` those that lead to a listing that is not due at `now`: its row and its own address."""
        if not any(self.waits.values()):
            return {}
        early = {}
        for start in range(0, len(urls), _MOST_IN):
            read = _read_at(connection, site, urls[start : start + _MOST_IN])
            known = _levels(connection, {row for found in read.values() for row, _ in found})
            for url, found in read.items():
                row, at = max(found, key=lambda one: one[1])
                if row in known and now - at < self.waits[known[row][0]]:
                    early[url] = (row, known[row][1])
        return early


def _read_at(connection: sa.Connection, site: str, urls: Sequence[str]) -> dict[str, list[tuple[int, datetime]]]:
    """When the listings at `urls` (a page's address, or the one that it calls its own) were last read."""
    own = (captures.c.site == site, captures.c.kind == PageKind.DETAIL.value)
    last = sa.func.max(captures.c.at, type_=captures.c.at.type)
    by_page = (
        sa.select(captures.c.url, captures.c.listing.label("row"), last.label("at"))
        .where(*own, captures.c.url.in_(urls), captures.c.listing.is_not(None))
        .group_by(captures.c.url, captures.c.listing)
    )
    by_name = (
        sa.select(listings.c.url, listings.c.id.label("row"), last.label("at"))
        .join(captures, captures.c.listing == listings.c.id)
        .where(*own, listings.c.site == site, listings.c.url.in_(urls))
        .group_by(listings.c.url, listings.c.id)
    )
    found: dict[str, list[tuple[int, datetime]]] = defaultdict(list)
    for query in (by_page, by_name):
        for row in connection.execute(query):
            found[row.url].append((row.row, row.at))
    return found


def _levels(connection: sa.Connection, rows: set[int]) -> dict[int, tuple[str, str | None]]:
    """The level and the address of those listings that still stood when they were last seen."""
    query = (
        sa.select(
            listings.c.id,
            listings.c.url,
            assessments.c.body["review"].as_string().label("own"),
            seller_assessments.c.review.label("sellers"),
        )
        .outerjoin(assessments, assessments.c.id == listings.c.assessment)
        .outerjoin(seller_assessments, seller_assessments.c.seller == listings.c.seller)
        .where(listings.c.id.in_(rows), listings.c.status.in_([ListingStatus.ACTIVE.value, ListingStatus.SOLD.value]))
    )
    return {
        row.id: (min(row.own or "idle", row.sellers or "none", key=_LEVELS.index), row.url)
        for row in connection.execute(query)
    }
