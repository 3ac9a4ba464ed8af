"""What accounts offered, as the store knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import frozen

from pipelines.sellers.offers import Where, read_moment, read_offers
from pipelines.store.tables import listings, sellers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pipelines.sellers.offers import Offer

_BATCH = 200


@frozen(kw_only=True)
class Account:
    """An account on one site as its page shows it."""

    row: int
    site: str
    id: str
    name: str | None
    joined: datetime | None
    licence: str | None
    profile: str | None
    first_seen: datetime
    last_seen: datetime


@frozen(kw_only=True)
class SellerHistory:
    """An account and its offers, oldest first; or several accounts that are one actor, `row` and `id` being None.

    `row` is None too for a listing whose page names no seller.
    """

    row: int | None
    site: str
    id: str | None
    name: str | None
    licence: str | None
    first_seen: datetime | None
    last_seen: datetime | None
    offers: Sequence[Offer]
    accounts: tuple[Account, ...] = ()

    @property
    def country(self) -> str | None:
        """The country that most offers speak for."""
        counted: dict[str, int] = {}
        for offer in self.offers:
            if offer.country is not None:
                counted[offer.country] = counted.get(offer.country, 0) + 1
        return max(sorted(counted), key=counted.__getitem__, default=None)


def read_histories(
    connection: sa.Connection, rows: Sequence[int], *, as_of: datetime | None = None, where: Where | None = None
) -> Iterator[SellerHistory]:
    """The histories of the sellers with row ids `rows`, in that order, of what was seen up to `as_of`."""
    where = where or Where.of(connection)
    for start in range(0, len(rows), _BATCH):
        part = rows[start : start + _BATCH]
        known = {row.id: row for row in connection.execute(sa.select(sellers).where(sellers.c.id.in_(part)))}
        offers: dict[int, list[Offer]] = {row: [] for row in part}
        for seller, offer in read_offers(connection, listings.c.seller.in_(part), as_of, where):
            offers[seller].append(offer)
        for found in offers.values():
            found.sort(key=lambda offer: (offer.first_seen, offer.row))
        for row in part:
            account = _account(known[row], as_of)
            yield SellerHistory(
                row=row,
                site=account.site,
                id=account.id,
                name=account.name,
                licence=account.licence,
                first_seen=account.first_seen,
                last_seen=account.last_seen,
                offers=offers[row],
                accounts=(account,),
            )


def join_histories(histories: Sequence[SellerHistory]) -> SellerHistory:
    """The histories of several accounts as one."""
    offers = [offer for history in histories for offer in history.offers]
    firsts = [one.first_seen for one in histories if one.first_seen is not None]
    lasts = [one.last_seen for one in histories if one.last_seen is not None]
    return SellerHistory(
        row=None,
        site=histories[0].site,
        id=None,
        name=None,
        licence=None,
        first_seen=min(firsts, default=None),
        last_seen=max(lasts, default=None),
        offers=sorted(offers, key=lambda offer: (offer.first_seen, offer.row)),
        accounts=tuple(account for history in histories for account in history.accounts),
    )


def read_nameless(connection: sa.Connection, *, as_of: datetime | None = None) -> Iterator[SellerHistory]:
    """Each listing whose page names no seller, as a history of its own."""
    for _, offer in read_offers(connection, listings.c.seller.is_(None), as_of, Where.of(connection)):
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


def _account(row: Any, as_of: datetime | None) -> Account:
    return Account(
        row=row.id,
        site=row.site,
        id=row.native_id,
        name=row.name,
        joined=read_moment(row.joined),
        licence=row.licence,
        profile=row.profile,
        first_seen=row.first_seen,
        last_seen=row.last_seen if as_of is None else min(row.last_seen, as_of),
    )
