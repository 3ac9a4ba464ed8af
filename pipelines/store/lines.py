"""Listings as the Export line of the contracts (docs/schema/listing.json), read from the store in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.store.tables import assessments, columns_of, decisions, listings, seller_assessments, sellers, versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.models import JsonObject

_BATCH = 500
_EXACT = 2**53
"""Beyond it not every whole number is one in JSON (RFC 8785)."""


@frozen(kw_only=True)
class ListingRecord:
    """A listing as the index and the screens need it: its export line and what lies beside it."""

    row: int
    line: JsonObject
    decision: str | None
    seller_review: str | None
    vector: bytes | None


def listing_records(connection: sa.Connection, rows: Sequence[int]) -> Iterator[ListingRecord]:
    """The records of the listings with row ids `rows`, in the order of those ids."""
    for start in range(0, len(rows), _BATCH):
        found = {record.row: record for record in _read(connection, rows[start : start + _BATCH])}
        yield from (found[row] for row in rows[start : start + _BATCH] if row in found)


def all_rows(connection: sa.Connection) -> list[int]:
    """The row id of every listing, in the order in which they were first stored."""
    return list(connection.scalars(sa.select(listings.c.id).order_by(listings.c.id)))


def rows_of(connection: sa.Connection, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The row ids of the listings at `places` (site, the site's own id); unknown places are left out."""
    found: dict[tuple[str, str], int] = {}
    for site in {site for site, _ in places}:
        ids = [native_id for of, native_id in places if of == site]
        for start in range(0, len(ids), _BATCH):
            query = sa.select(listings.c.native_id, listings.c.id).where(
                listings.c.site == site, listings.c.native_id.in_(ids[start : start + _BATCH])
            )
            found |= {(site, native_id): row for native_id, row in connection.execute(query)}
    return found


def places_named(connection: sa.Connection, native_id: str) -> list[tuple[str, str]]:
    """Every (site, id) whose own id is `native_id`."""
    query = (
        sa.select(listings.c.site, listings.c.native_id)
        .where(listings.c.native_id == native_id)
        .order_by(listings.c.site)
    )
    return [(site, found) for site, found in connection.execute(query)]


def _read(connection: sa.Connection, rows: Sequence[int]) -> Iterator[ListingRecord]:
    last_decision = (
        sa.select(decisions.c.decision)
        .where(decisions.c.listing == listings.c.id)
        .order_by(decisions.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        sa.select(
            *columns_of(listings, "id", "site", "native_id", "url", "status", "first_seen", "last_seen"),
            versions.c.content,
            assessments.c.body.label("assessment"),
            assessments.c["items"],
            assessments.c.vector,
            sellers.c.native_id.label("seller_id"),
            sellers.c.name.label("seller_name"),
            seller_assessments.c.review.label("seller_review"),
            last_decision.label("decision"),
        )
        .join(versions, versions.c.id == listings.c.version)
        .outerjoin(assessments, assessments.c.id == listings.c.assessment)
        .outerjoin(sellers, sellers.c.id == listings.c.seller)
        .outerjoin(seller_assessments, seller_assessments.c.seller == listings.c.seller)
        .where(listings.c.id.in_(rows))
    )
    for row in connection.execute(query).mappings():
        yield ListingRecord(
            row=row["id"],
            line=_line(row),
            decision=row["decision"],
            seller_review=row["seller_review"],
            vector=row["vector"],
        )


def _line(row: sa.RowMapping) -> JsonObject:
    content, price = row["content"], row["content"]["price"]
    seller = None if row["seller_id"] is None else {"id": row["seller_id"], "name": row["seller_name"]}
    return {
        "site": row["site"],
        "id": row["native_id"],
        "url": row["url"],
        "status": row["status"],
        "first_seen": row["first_seen"].isoformat(),
        "last_seen": row["last_seen"].isoformat(),
        "title": content["title"],
        "description": content["description"],
        "price": price and {"amount": _number(price["amount"]), "currency": price["currency"]},
        "seller": seller,
        "contacts": content["contacts"],
        "location": content["location"],
        "country": content["country"],
        "posted": content["posted"],
        "items": row["items"] or [],
        "assessment": row["assessment"],
    }


def _number(amount: str) -> float:
    number = float(amount)
    return int(number) if number.is_integer() and abs(number) < _EXACT else number
