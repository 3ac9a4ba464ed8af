"""What a complete crawl of a marketplace on a given day must find, from the catalogue itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from crawler.demo import addresses
from crawler.demo.inventory import CURRENCIES, Inventory, Market, load_inventory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from pipelines.models import ListingStatus


@frozen(kw_only=True)
class VisibleListing:
    """A listing that a marketplace's lists lead to, with every field that its page shows."""

    id: str
    path: str  # of its page
    title: str
    description: str
    price: Decimal | None
    currency: str
    condition: str | None
    category: tuple[str, ...]
    attributes: Mapping[str, str]
    location: str
    country: str | None  # where the page tells it (harborlist)
    language: str
    shipping: str | None
    posted: str  # ISO date
    status: ListingStatus
    seller: str  # the site's id
    seller_name: str
    seller_path: str
    seller_joined: str  # ISO date
    seller_licence: str | None  # as stated
    seller_profile: str  # on the seller's page
    images: tuple[str, ...]  # paths


def visible_listings(
    market: str, day: int, *, inventory: Inventory | None = None, include_unlisted: bool = False
) -> dict[str, VisibleListing]:
    """Return what can be found on `market` on `day` by id, in the order of its lists (newest first).

    `include_unlisted` adds pages that still answer though no list leads to them (sold on bazarlive, removed
    everywhere). `inventory` is the marketplace as served, where it was made larger.
    """
    name = Market(market)
    view = (inventory or load_inventory(name)).on(day)
    shown = view.by_id.values() if include_unlisted else view.listed
    return {
        listing.entry.id: VisibleListing(
            id=listing.entry.id,
            path=addresses.listing_path(name, listing.entry),
            title=listing.entry.title,
            description=listing.description,
            price=listing.price,
            currency=CURRENCIES[name],
            condition=listing.entry.condition,
            category=listing.entry.category,
            attributes=listing.entry.attributes,
            location=listing.entry.location,
            country=listing.seller.country if name is Market.HARBORLIST else None,
            language=listing.entry.language,
            shipping=listing.entry.shipping,
            posted=listing.posted.isoformat(),
            status=listing.status,
            seller=listing.seller.id,
            seller_name=listing.seller.name,
            seller_path=addresses.seller_path(name, listing.seller.id),
            seller_joined=listing.seller.joined.isoformat(),
            seller_licence=listing.seller.licence,
            seller_profile=listing.seller.profile,
            images=addresses.picture_paths(name, listing.entry),
        )
        for listing in shown
    }
