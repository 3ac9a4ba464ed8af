"""What one seller offered, as the store knows it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import frozen

from pipelines.store.tables import assessments, listings, sellers, versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelines.models import JsonObject

_BATCH = 200
_ASKING = frozenset({"wanted_ad", "news_or_discussion"})


@frozen(kw_only=True)
class Offer:
    """One listing of a seller: when it was offered and seen, what it offers and what its words show.

    `offered` is the site's own date where the page states one that is earlier than our first sight: at the first
    visit to a site years of listings come to sight on one day, and that is no burst.
    """

    row: int
    site: str
    id: str
    first_seen: datetime
    last_seen: datetime
    offered: datetime
    text: str
    offers_things: bool  # not an ad that asks for a thing, nor one of a storefront that takes money and sends nothing
    items: Sequence[JsonObject]
    signals: Mapping[str, float]  # for, each with its strongest weight (log-odds)
    against: frozenset[str]
    review: str


@frozen(kw_only=True)
class SellerHistory:
    """An account and its offers, oldest first. `row` is None for a listing whose page names no seller."""

    row: int | None
    site: str
    id: str | None
    name: str | None
    licence: str | None
    first_seen: datetime | None
    last_seen: datetime | None
    offers: Sequence[Offer]


def read_histories(
    connection: sa.Connection, rows: Sequence[int], *, as_of: datetime | None = None
) -> Iterator[SellerHistory]:
    """The histories of the sellers with row ids `rows`, in that order, of what was seen up to `as_of`."""
    for start in range(0, len(rows), _BATCH):
        part = rows[start : start + _BATCH]
        known = {row.id: row for row in connection.execute(sa.select(sellers).where(sellers.c.id.in_(part)))}
        offers: dict[int, list[Offer]] = {row: [] for row in part}
        for seller, offer in _read_offers(connection, listings.c.seller.in_(part), as_of):
            offers[seller].append(offer)
        for found in offers.values():
            found.sort(key=lambda offer: (offer.first_seen, offer.row))
        for row in part:
            seller = known[row]
            yield SellerHistory(
                row=row,
                site=seller.site,
                id=seller.native_id,
                name=seller.name,
                licence=seller.licence,
                first_seen=seller.first_seen,
                last_seen=seller.last_seen if as_of is None else min(seller.last_seen, as_of),
                offers=offers[row],
            )


def read_nameless(connection: sa.Connection, *, as_of: datetime | None = None) -> Iterator[SellerHistory]:
    """Each listing whose page names no seller, as a history of its own."""
    for _, offer in _read_offers(connection, listings.c.seller.is_(None), as_of):
        yield SellerHistory(
            row=None,
            site=offer.site,
            id=None,
            name=None,
            licence=None,
            first_seen=offer.first_seen,
            last_seen=offer.last_seen,
            offers=[offer],
        )


def _read_offers(
    connection: sa.Connection, chosen: sa.ColumnElement[bool], as_of: datetime | None
) -> Iterator[tuple[Any, Offer]]:
    query = (
        sa.select(
            listings.c.id,
            listings.c.site,
            listings.c.native_id,
            listings.c.seller,
            listings.c.first_seen,
            listings.c.last_seen,
            versions.c.content,
            assessments.c.body,
            assessments.c["items"].label("found"),
        )
        .join(versions, versions.c.id == listings.c.version)
        .join(assessments, assessments.c.id == listings.c.assessment)
        .where(chosen)
        .order_by(listings.c.first_seen, listings.c.id)
    )
    if as_of is not None:
        query = query.where(listings.c.first_seen <= as_of)
    for row in connection.execute(query.execution_options(yield_per=_BATCH)):
        yield row.seller, _offer(row, as_of)


def _offer(row: Any, as_of: datetime | None) -> Offer:
    signals: dict[str, float] = {}
    for signal in row.body["signals"]:
        if signal["polarity"] == "for":
            signals[signal["name"]] = max(signals.get(signal["name"], 0.0), signal["weight"])
    return Offer(
        row=row.id,
        site=row.site,
        id=row.native_id,
        first_seen=row.first_seen,
        last_seen=row.last_seen if as_of is None else min(row.last_seen, as_of),
        offered=min(_moment(row.content["posted"]) or row.first_seen, row.first_seen),
        text=f"{row.content['title']}\n{row.content['description']}",
        offers_things=row.body["class"] not in _ASKING and row.body.get("queue") != "scam_storefront",
        items=row.found,
        signals=signals,
        against=frozenset(one["name"] for one in row.body["signals"] if one["polarity"] == "against"),
        review=row.body["review"],
    )


def _moment(posted: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(posted or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
