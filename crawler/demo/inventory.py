"""A marketplace's whole catalogue, and what of it can be seen on a day."""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from functools import cached_property
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from attrs import define, frozen

from crawler.demo.clock import date_of
from crawler.demo.entries import ListingEntry, SellerEntry, read_listings, read_sellers
from pipelines.errors import BadInput
from pipelines.models import ListingStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from decimal import Decimal


class Market(StrEnum):
    """The three marketplaces; the value is what they are called in files, addresses and arguments."""

    HARBORLIST = "harborlist"
    TAUSCHBOERSE = "tauschboerse"
    BAZARLIVE = "bazarlive"


CURRENCIES: Mapping[Market, str] = {Market.HARBORLIST: "USD", Market.TAUSCHBOERSE: "EUR", Market.BAZARLIVE: "BRL"}

LISTED_WHEN_SOLD: Mapping[Market, bool] = {
    Market.HARBORLIST: True,
    Market.TAUSCHBOERSE: True,
    Market.BAZARLIVE: False,  # leaves the feed; its own page stays and says so
}


@frozen(kw_only=True)
class ListingOnDay:
    """A listing as it stands on one day."""

    entry: ListingEntry
    seller: SellerEntry
    status: ListingStatus
    price: Decimal | None
    description: str
    listed: bool  # can be reached from the marketplace's lists

    @property
    def posted(self) -> date:
        """The date on which it first appeared."""
        return date_of(self.entry.appears)


@define
class DayView:
    """Everything a marketplace shows on one day, newest first."""

    day: int
    by_id: Mapping[str, ListingOnDay]  # active, sold and removed; what is gone or not yet there is absent
    sellers: Mapping[str, SellerEntry]
    listed: Sequence[ListingOnDay]
    by_seller: Mapping[str, Sequence[ListingOnDay]]
    by_category: Mapping[tuple[str, ...], Sequence[ListingOnDay]]  # every path and each path above it


@define(slots=False)
class Inventory:
    """All sellers and listings of one marketplace."""

    market: Market
    sellers: Sequence[SellerEntry]
    listings: Sequence[ListingEntry]

    @cached_property
    def _sellers_by_id(self) -> Mapping[str, SellerEntry]:
        return {seller.id: seller for seller in self.sellers}

    def on(self, day: int) -> DayView:
        """Return what can be seen on `day`."""
        present = [listing for entry in self.listings if (listing := self._state(entry, day)) is not None]
        present.sort(key=lambda listing: (listing.entry.appears, listing.entry.id), reverse=True)
        listed = [listing for listing in present if listing.listed]
        by_seller: dict[str, list[ListingOnDay]] = defaultdict(list)
        by_category: dict[tuple[str, ...], list[ListingOnDay]] = defaultdict(list)
        for listing in listed:
            by_seller[listing.entry.seller].append(listing)
            path = listing.entry.category
            for depth in range(1, len(path) + 1):
                by_category[path[:depth]].append(listing)
        # An account can be looked at from the day of its first listing, even when nothing of it is left.
        known = {entry.seller for entry in self.listings if entry.appears <= day}
        return DayView(
            day=day,
            by_id={listing.entry.id: listing for listing in present},
            sellers={id_: seller for id_, seller in self._sellers_by_id.items() if id_ in known},
            listed=listed,
            by_seller=dict(by_seller),
            by_category=dict(by_category),
        )

    def _state(self, entry: ListingEntry, day: int) -> ListingOnDay | None:
        if entry.appears > day:
            return None
        status, price, description = ListingStatus.ACTIVE, entry.price, entry.description
        for event in entry.events:
            if event.day > day:
                break
            status = event.status or status
            price = event.price if event.reprices else price
            description = event.description or description
        if status is ListingStatus.GONE:
            return None
        listed = status is ListingStatus.ACTIVE or (status is ListingStatus.SOLD and LISTED_WHEN_SOLD[self.market])
        return ListingOnDay(
            entry=entry,
            seller=self._sellers_by_id[entry.seller],
            status=status,
            price=price,
            description=description,
            listed=listed,
        )


def load_inventory(market: Market) -> Inventory:
    """Read and check a marketplace's catalogue; BadInput names every mistake."""
    with as_file(files("crawler.demo") / "catalogue" / market.value) as folder:
        sellers = read_sellers(folder / "sellers.jsonl")
        listings = read_listings(folder / "listings.jsonl")
    known = {seller.id for seller in sellers}
    strangers = tuple(
        f"listings.jsonl: {entry.id} belongs to {entry.seller!r}, who is not in sellers.jsonl"
        for entry in listings
        if entry.seller not in known
    )
    if strangers:
        raise BadInput(f"the catalogue of {market.value} does not fit together: {strangers[0]}", details=strangers)
    return Inventory(market=market, sellers=sellers, listings=listings)
