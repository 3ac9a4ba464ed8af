"""Where things lie on each marketplace: URL paths."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from crawler.demo.inventory import Market

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.demo.entries import ListingEntry

PICTURE_KINDS = {Market.HARBORLIST: "JPEG", Market.TAUSCHBOERSE: "PNG", Market.BAZARLIVE: "JPEG"}

_LISTING = {
    Market.HARBORLIST: "/item/{id}-{slug}",
    Market.TAUSCHBOERSE: "/anzeige/{id}.html",
    Market.BAZARLIVE: "/listing/{id}",
}
_SELLER = {
    Market.HARBORLIST: "/user/{id}",
    Market.TAUSCHBOERSE: "/anbieter/{id}.html",
    Market.BAZARLIVE: "/seller/{id}",
}
_PICTURE = {
    Market.HARBORLIST: "/photos/{id}-{number}.jpg",
    Market.TAUSCHBOERSE: "/bilder/{id}-{number}.png",
    Market.BAZARLIVE: "/media/{id}-{number}.jpg",
}


def slugify(text: str) -> str:
    """Return lower-case ASCII words joined by hyphens, at most 48 characters; "x" where nothing is left."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:48].strip("-") or "x"


def category_slug(path: Sequence[str]) -> str:
    """Return the address part of a category path, like `sports-hunting`."""
    return "-".join(slugify(step) for step in path)


def listing_path(market: Market, entry: ListingEntry) -> str:
    """Return the path of a listing's page."""
    return _LISTING[market].format(id=entry.id, slug=slugify(entry.title))


def seller_path(market: Market, seller: str) -> str:
    """Return the path of a seller's page."""
    return _SELLER[market].format(id=seller)


def picture_paths(market: Market, entry: ListingEntry) -> tuple[str, ...]:
    """Return the paths of a listing's pictures: its own addresses, even where it shares the pictures."""
    return tuple(_PICTURE[market].format(id=entry.id, number=number) for number in range(1, entry.images + 1))
