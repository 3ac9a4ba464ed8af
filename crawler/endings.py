"""How a listing ends, as its page says it: gone, or removed by a moderator; sold is a listing that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.models import ListingStatus, PageKind

if TYPE_CHECKING:
    from crawler.visit import Visit

GONE = frozenset({404, 410})
"""HTTP statuses by which a site says that a page is not there (RFC 9110)."""

GATES = frozenset({PageKind.LOGIN, PageKind.CHALLENGE})
"""Pages that stand before the content: nothing is learnt about a listing from them."""


def read_ending(visit: Visit, *, elsewhere: bool) -> ListingStatus | None:
    """What a page that once held a listing says of its end; None where it says nothing.

    `elsewhere`: the site led on from the listing's address to another one, which shows no listing.
    """
    listing = visit.page.listing
    if visit.page.kind in GATES:
        return None
    if listing is not None:
        return ListingStatus.REMOVED if says_only_removed(visit) else None
    if visit.http_status in GONE or (elsewhere and visit.http_status < 400):
        return ListingStatus.GONE
    return None


def says_only_removed(visit: Visit) -> bool:
    """Whether the page is a notice that its listing was removed, without the listing."""
    listing = visit.page.listing
    return listing is not None and listing.status is ListingStatus.REMOVED and not listing.title
