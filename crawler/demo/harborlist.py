"""harborlist: a US marketplace with schema.org JSON-LD beside ordinary HTML, `rel=next` pagination.

A sold listing stays in the lists and says so; a removed one answers 410 with a page that says so; one that
is gone or not yet there answers 404.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from crawler.demo import addresses
from crawler.demo.inventory import Market
from crawler.demo.site import CSS, TEXT, Page, cut_page, group_thousands, make_environment, page_number, respond_picture
from pipelines.models import ListingStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from crawler.demo.inventory import DayView, ListingOnDay

MARKET = Market.HARBORLIST
PAGE_SIZE = 24
_RELATED = 3
_CONDITIONS = {
    "New": "NewCondition",
    "Used": "UsedCondition",
    "Refurbished": "RefurbishedCondition",
    "For parts": "DamagedCondition",
}
_CATEGORY = re.compile(r"/c/([a-z0-9-]+)")
_ITEM = re.compile(r"/item/(\d{7,8})(?:-[a-z0-9-]*)?")
_USER = re.compile(r"/user/(s-[a-z0-9-]+)")
_ROBOTS = "User-agent: *\nDisallow: /login\nDisallow: /account/\n"


def format_price(amount: Decimal | None) -> str:
    """Write a price as the pages do: `$1,250.00`, or `No price stated`."""
    return "No price stated" if amount is None else f"${group_thousands(amount, ',', '.')}"


class Harborlist:
    """The pages of harborlist. `base` is its own address, for the absolute links in its JSON-LD."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._templates = make_environment(MARKET, price=format_price)
        style = (files("crawler.demo") / "static" / "harborlist.css").read_bytes()
        self._fixed = {
            "/robots.txt": Page(body=_ROBOTS.encode(), content_type=TEXT),
            "/style.css": Page(body=style, content_type=CSS),
            "/login": self._render("login.html", 200),
        }

    def respond(self, view: DayView, path: str, query: Mapping[str, str]) -> Page:
        """Return the page at `path` on the day of `view`."""
        if path in self._fixed:
            return self._fixed[path]
        if path == "/":
            return self._home(view)
        if match := _CATEGORY.fullmatch(path):
            return self._category(view, match[1], query.get("page", "1"))
        if match := _ITEM.fullmatch(path):
            return self._item(view, match[1], path)
        if match := _USER.fullmatch(path):
            return self._user(view, match[1])
        return respond_picture(MARKET, view, path) or self._message(404)

    def _render(self, template: str, status: int, **values: Any) -> Page:
        return Page(body=self._templates.get_template(template).render(**values).encode(), status=status)

    def _message(self, status: int) -> Page:
        return self._render("message.html", status, removed=status == 410)

    def _home(self, view: DayView) -> Page:
        tops = sorted(path for path in view.by_category if len(path) == 1)
        below = {top: sorted(path for path in view.by_category if len(path) > 1 and path[:1] == top) for top in tops}
        return self._render("home.html", 200, view=view, categories=below, newest=view.listed[:12])

    def _category(self, view: DayView, slug: str, page: str) -> Page:
        path, listings = self._find_category(view, slug)
        number = page_number(page)
        if listings is None or number is None:
            return self._message(404)
        shown, pages = cut_page(listings, number, PAGE_SIZE)
        if number > pages:
            return self._message(404)
        values = {"path": path, "slug": slug, "listings": shown, "number": number, "pages": pages}
        return self._render("category.html", 200, total=len(listings), **values)

    def _find_category(self, view: DayView, slug: str) -> tuple[tuple[str, ...], Sequence[ListingOnDay] | None]:
        if slug == "all":
            return ("All listings",), view.listed
        for path, listings in view.by_category.items():
            if addresses.category_slug(path) == slug:
                return path, listings
        return (), None

    def _item(self, view: DayView, id_: str, path: str) -> Page:
        listing = view.by_id.get(id_)
        if listing is None:
            return self._message(404)
        if listing.status is ListingStatus.REMOVED:
            return self._message(410)
        own = addresses.listing_path(MARKET, listing.entry)
        if path != own:
            return Page(body=b"", status=301, location=own)
        others = [other for other in view.by_seller.get(listing.entry.seller, ()) if other is not listing]
        return self._render(
            "item.html", 200, listing=listing, data=self._describe(listing), others=others[:_RELATED], more=len(others)
        )

    def _user(self, view: DayView, id_: str) -> Page:
        seller = view.sellers.get(id_)
        if seller is None:
            return self._message(404)
        return self._render("user.html", 200, seller=seller, listings=view.by_seller.get(id_, ()))

    def _describe(self, listing: ListingOnDay) -> dict[str, Any]:
        """Return the schema.org Product of a listing."""
        entry, seller = listing.entry, listing.seller
        url = self._base + addresses.listing_path(MARKET, entry)
        posted = listing.posted.isoformat()
        offer: dict[str, Any] = {
            "@type": "Offer",
            "url": url,
            "priceCurrency": "USD",
            "availability": f"https://schema.org/{'SoldOut' if listing.status is ListingStatus.SOLD else 'InStock'}",
            "validFrom": posted,
            "areaServed": {
                "@type": "Place",
                "name": entry.location,
                "address": {"@type": "PostalAddress", "addressCountry": seller.country},
            },
            "seller": {
                "@type": "Organization" if seller.licence else "Person",
                "identifier": seller.id,
                "name": seller.name,
                "url": self._base + addresses.seller_path(MARKET, seller.id),
            },
        }
        if listing.price is not None:
            offer["price"] = str(listing.price)
        if entry.condition in _CONDITIONS:
            offer["itemCondition"] = f"https://schema.org/{_CONDITIONS[entry.condition]}"
        product: dict[str, Any] = {
            "@context": "https://schema.org",
            "@type": "Product",
            "sku": entry.id,
            "name": entry.title,
            "description": listing.description,
            "category": " > ".join(entry.category),
            "inLanguage": entry.language,
            "datePosted": posted,
            "url": url,
            "image": [self._base + picture for picture in addresses.picture_paths(MARKET, entry)],
            "additionalProperty": [
                {"@type": "PropertyValue", "name": label, "value": text} for label, text in entry.attributes.items()
            ],
            "offers": offer,
        }
        if "Make" in entry.attributes:
            product["brand"] = {"@type": "Brand", "name": entry.attributes["Make"]}
        if "Model" in entry.attributes:
            product["model"] = entry.attributes["Model"]
        return product
