"""bazarlive: a Brazilian marketplace whose pages are an empty shell, filled by its script from a JSON API.

A sold listing leaves the feed while its own page stays and says so. A removed one answers 410 in the API and
200 as a page, which says so once the script ran. One that is gone or not yet there answers 404 in both.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from crawler.demo import addresses
from crawler.demo.inventory import CURRENCIES, Market
from crawler.demo.site import CSS, JSON, SCRIPT, TEXT, Page, group_thousands, make_environment, respond_picture
from pipelines.models import ListingStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

    from crawler.demo.entries import SellerEntry
    from crawler.demo.inventory import DayView, ListingOnDay

MARKET = Market.BAZARLIVE
PAGE_SIZE = 24
MAX_PAGE_SIZE = 100
_ROBOTS = "User-agent: *\nAllow: /\n"


def format_price(amount: Decimal | None) -> str:
    """Write a price as the pages do: `R$ 1.250,00`, or `Sob consulta`."""
    return "Sob consulta" if amount is None else f"R$ {group_thousands(amount, '.', ',')}"


def format_date(day: date) -> str:
    """Write a date as the pages do: `14/03/2026`."""
    return f"{day:%d/%m/%Y}"


class Bazarlive:
    """The pages and the API of bazarlive."""

    def __init__(self) -> None:
        static = files("crawler.demo") / "static"
        self._fixed = {
            "/robots.txt": Page(body=_ROBOTS.encode(), content_type=TEXT),
            "/app.js": Page(body=(static / "bazarlive.js").read_bytes(), content_type=SCRIPT),
            "/app.css": Page(body=(static / "bazarlive.css").read_bytes(), content_type=CSS),
        }
        self._shell = make_environment(MARKET).get_template("shell.html").render().encode()

    def respond(self, view: DayView, path: str, query: Mapping[str, str]) -> Page:
        """Return the page or API answer at `path` on the day of `view`."""
        if path in self._fixed:
            return self._fixed[path]
        if path.startswith("/api/"):
            return self._answer(view, path.removeprefix("/api/"), query)
        if picture := respond_picture(MARKET, view, path):
            return picture
        return Page(body=self._shell, status=200 if self._is_there(view, path) else 404)

    def _is_there(self, view: DayView, path: str) -> bool:
        if path == "/":
            return True
        if match := re.fullmatch(r"/listing/(\d{7,8})", path):
            return match[1] in view.by_id
        match = re.fullmatch(r"/seller/(s-[a-z0-9-]+)", path)
        return match is not None and match[1] in view.sellers

    def _answer(self, view: DayView, path: str, query: Mapping[str, str]) -> Page:
        if path == "listings":
            return self._feed(view, query)
        if match := re.fullmatch(r"listings/(\d{7,8})", path):
            return self._listing(view, match[1])
        if match := re.fullmatch(r"sellers/(s-[a-z0-9-]+)", path):
            return self._seller(view, match[1])
        return _json({"error": "not_found"}, 404)

    def _feed(self, view: DayView, query: Mapping[str, str]) -> Page:
        offset, limit = query.get("offset", "0"), query.get("limit", str(PAGE_SIZE))
        if not re.fullmatch(r"\d{1,7}", offset) or not re.fullmatch(r"[1-9]\d{0,2}", limit):
            return _json({"error": "bad_request"}, 400)
        start, size = int(offset), min(int(limit), MAX_PAGE_SIZE)
        items = [_summarise(listing) for listing in view.listed[start : start + size]]
        return _json({"total": len(view.listed), "offset": start, "limit": size, "items": items})

    def _listing(self, view: DayView, id_: str) -> Page:
        listing = view.by_id.get(id_)
        if listing is None:
            return _json({"error": "not_found"}, 404)
        if listing.status is ListingStatus.REMOVED:
            return _json({"id": id_, "status": "removed"}, 410)
        entry = listing.entry
        details = {
            "description": listing.description,
            "condition": entry.condition,
            "category": list(entry.category),
            "attributes": dict(entry.attributes),
            "shipping": entry.shipping,
            "language": entry.language,
            "images": list(addresses.picture_paths(MARKET, entry)),
            "seller": _introduce(listing.seller),
        }
        return _json({**_summarise(listing), **details})

    def _seller(self, view: DayView, id_: str) -> Page:
        seller = view.sellers.get(id_)
        if seller is None:
            return _json({"error": "not_found"}, 404)
        listings = [_summarise(listing) for listing in view.by_seller.get(id_, ())]
        return _json({**_introduce(seller), "profile": seller.profile, "listings": listings})


def _json(value: Any, status: int = 200) -> Page:
    return Page(body=json.dumps(value, ensure_ascii=False).encode(), status=status, content_type=JSON)


def _summarise(listing: ListingOnDay) -> dict[str, Any]:
    entry = listing.entry
    return {
        "id": entry.id,
        "title": entry.title,
        "price": None if listing.price is None else float(listing.price),
        "currency": CURRENCIES[MARKET],
        "price_text": format_price(listing.price),
        "location": entry.location,
        "posted": listing.posted.isoformat(),
        "posted_text": format_date(listing.posted),
        "status": listing.status.value,
        "image": addresses.picture_paths(MARKET, entry)[0],
        "url": addresses.listing_path(MARKET, entry),
    }


def _introduce(seller: SellerEntry) -> dict[str, Any]:
    return {
        "id": seller.id,
        "name": seller.name,
        "url": addresses.seller_path(MARKET, seller.id),
        "joined": seller.joined.isoformat(),
        "joined_text": format_date(seller.joined),
        "location": seller.location,
        "licence": seller.licence,
    }
