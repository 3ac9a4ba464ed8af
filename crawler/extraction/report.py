"""The contract "Extraction alone": what the general extractor finds on one saved page, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.extraction.page import extract
from pipelines.models import PageKind

if TYPE_CHECKING:
    from datetime import datetime

    from crawler.extraction.hints import ExtractionHints
    from pipelines.models import ListingContent, Price, SellerRef

_SHOWN_KINDS = frozenset({PageKind.DETAIL, PageKind.INDEX, PageKind.LOGIN, PageKind.CHALLENGE})


def extract_json(body: bytes | str, url: str | None, hints: ExtractionHints, now: datetime) -> dict[str, Any]:
    """Read one page and say what was found: `page`, the page fields of the Export line, `links`, `provenance`.

    Fields that a page does not have are null, lists are empty. A seller's page is `other` here. `listings` are the
    offers that a feed, a JSON list or a stream of messages holds itself.
    """
    page = extract(body, url=url, hints=hints, now=now)
    report: dict[str, Any] = {"page": page.kind.value if page.kind in _SHOWN_KINDS else "other", "reason": page.reason}
    report.update(_fields(page.listing) if page.listing else _no_fields(url))
    report["links"] = (
        [link.url for link in page.links if link.kind is PageKind.DETAIL] if page.kind is PageKind.INDEX else []
    )
    report["listings"] = [_entry(one) for one in page.listings]
    report["provenance"] = _provenance(page.listing) if page.listing else {}
    return report


def _entry(listing: ListingContent) -> dict[str, Any]:
    """An offer that an index holds itself, with its own provenance."""
    return _fields(listing) | {"provenance": _provenance(listing)}


def _provenance(listing: ListingContent) -> dict[str, dict[str, str]]:
    return {name: {"from": one.source, "detail": one.detail} for name, one in listing.provenance.items()}


def _fields(listing: ListingContent) -> dict[str, Any]:
    return {
        "id": listing.id or None,
        "url": listing.url,
        "status": listing.status.value,
        "title": listing.title or None,
        "description": listing.description or None,
        "price": _price(listing.price),
        "quantity": listing.quantity,
        "condition": listing.condition,
        "category": list(listing.category),
        "attributes": dict(listing.attributes),
        "seller": _seller(listing.seller),
        "contacts": [
            {"kind": one.kind, "value": one.value, "field": one.field, "start": one.start, "end": one.end}
            for one in listing.contacts
        ],
        "location": listing.location,
        "country": listing.country,
        "shipping": listing.shipping,
        "posted": listing.posted,
        "updated": listing.updated,
        "images": list(listing.images),
    }


def _no_fields(url: str | None) -> dict[str, Any]:
    lists = {"category", "contacts", "images"}
    names = (
        "id",
        "url",
        "status",
        "title",
        "description",
        "price",
        "quantity",
        "condition",
        "category",
        "attributes",
        "seller",
        "contacts",
        "location",
        "country",
        "shipping",
        "posted",
        "updated",
        "images",
    )
    empty: dict[str, Any] = {name: [] if name in lists else None for name in names}
    return empty | {"url": url, "attributes": {}}


def _price(price: Price | None) -> dict[str, Any] | None:
    if price is None:
        return None
    amount = price.amount
    return {
        "amount": int(amount) if amount == amount.to_integral_value() else float(amount),
        "currency": price.currency,
    }


def _seller(seller: SellerRef | None) -> dict[str, Any] | None:
    if seller is None:
        return None
    return {"id": seller.id, "name": seller.name, "url": seller.url, "joined": seller.joined, "licence": seller.licence}
