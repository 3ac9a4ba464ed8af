"""What the three marketplaces have in common as web sites: pages, pictures, robots.txt, messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from attrs import frozen
from jinja2 import Environment, PackageLoader, StrictUndefined

from crawler.demo import addresses
from crawler.demo.pictures import draw_picture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from crawler.demo.inventory import DayView, ListingOnDay, Market

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
CSS = "text/css; charset=utf-8"
SCRIPT = "text/javascript; charset=utf-8"

_PICTURE_PATH = re.compile(r"/(?:photos|bilder|media)/(\d+)-([1-3])\.(jpg|png)")


@frozen(kw_only=True)
class Page:
    """An answer of a marketplace."""

    body: bytes
    status: int = 200
    content_type: str = HTML
    location: str | None = None


class Site(Protocol):
    """A marketplace as a web site."""

    def respond(self, view: DayView, path: str, query: Mapping[str, str]) -> Page:
        """Return the page at `path` on the day of `view`; unknown paths answer 404."""
        ...


def make_environment(market: Market, **filters: Any) -> Environment:
    """Return the Jinja2 environment of a market's own templates."""
    environment = Environment(
        loader=PackageLoader("crawler.demo", f"templates/{market.value}"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        listing_path=lambda listing: addresses.listing_path(market, listing.entry),
        seller_path=lambda seller: addresses.seller_path(market, seller.id),
        pictures=lambda listing: addresses.picture_paths(market, listing.entry),
        category_slug=addresses.category_slug,
        **filters,
    )
    return environment


def respond_picture(market: Market, view: DayView, path: str) -> Page | None:
    """Return the picture at `path`, or None where the path names none that can be seen today."""
    match = _PICTURE_PATH.fullmatch(path)
    listing = view.by_id.get(match[1]) if match else None
    if match is None or listing is None or path not in addresses.picture_paths(market, listing.entry):
        return None
    kind = addresses.PICTURE_KINDS[market]
    return Page(body=draw_picture(listing.entry.image, int(match[2]), kind), content_type=f"image/{kind.lower()}")


def cut_page(listings: Sequence[ListingOnDay], number: int, size: int) -> tuple[Sequence[ListingOnDay], int]:
    """Return the listings of page `number` (from 1) and how many pages there are (at least 1)."""
    pages = max(1, -(-len(listings) // size))
    return listings[(number - 1) * size : number * size], pages


def page_number(text: str) -> int | None:
    """Return a page number from an address, or None where it is none."""
    return int(text) if re.fullmatch(r"[1-9]\d{0,5}", text) else None


def group_thousands(amount: Decimal, thousands: str, point: str) -> str:
    """Write an amount with two decimals and the given separators."""
    return f"{amount:,.2f}".translate(str.maketrans(",.", thousands + point))
