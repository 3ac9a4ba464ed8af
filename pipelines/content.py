"""A listing's content as JSON and back, and the hash by which a new version is known."""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal
from typing import Any

import rfc8785
from attrs import asdict, evolve

from pipelines.models import Contact, JsonObject, ListingContent, ListingStatus, Price, Provenance, SellerRef

_NOT_CONTENT = ("provenance", "posted", "updated", "contacts")
"""Left out of the hash: how a field was found, times (a page that says "2 hours ago" has not changed), and
contacts, which are read from the text that is in it."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MOST_DIGITS, _MOST_SHOWN = 15, 40
_SHOWN_FOR_IT = "\ufffd"


def storable(value: Any) -> Any:
    """`value` (JSON) with NUL and lone surrogates, which no store keeps, shown as U+FFFD.

    Lengths stay, so that offsets do. The bytes that were received lie in the vault as they came.
    """
    if isinstance(value, str):
        return _UNSTORABLE.sub(_SHOWN_FOR_IT, value)
    if isinstance(value, dict):
        return {storable(key): storable(one) for key, one in value.items()}
    return [storable(one) for one in value] if isinstance(value, list) else value


def is_storable(text: str) -> bool:
    """Whether a store keeps `text` as it is."""
    return _UNSTORABLE.search(text) is None


def storable_content(content: ListingContent) -> ListingContent:
    """`content` as a store can keep it; the same object where nothing stands in the way.

    A price that is no amount (not finite, or of more than fifteen digits) becomes an attribute as it was stated.
    """
    if content.price is not None and not _is_amount(content.price.amount):
        attributes = {**content.attributes, "price": str(content.price.amount)[:_MOST_SHOWN]}
        content = evolve(content, price=None, attributes=attributes)
    body = content_to_json(content)
    written = json.dumps(body, ensure_ascii=False)
    if is_storable(written) and "\\u0000" not in written:
        return content
    return content_from_json(storable(body))


def _is_amount(amount: Decimal) -> bool:
    return (
        amount.is_finite() and abs(amount.adjusted()) <= _MOST_DIGITS and len(amount.as_tuple().digits) <= _MOST_SHOWN
    )


def storable_seller(seller: SellerRef) -> SellerRef:
    """`seller` as a store can keep it."""
    return SellerRef(**storable(asdict(seller)))


def content_to_json(content: ListingContent) -> JsonObject:
    """`content` as the JSON that the store keeps; `content_from_json` gives it back equal."""
    return {
        "id": content.id,
        "url": content.url,
        "title": content.title,
        "description": content.description,
        "price": price_to_json(content.price),
        "quantity": content.quantity,
        "condition": content.condition,
        "category": list(content.category),
        "attributes": dict(content.attributes),
        "seller": seller_to_json(content.seller),
        "contacts": [contact_to_json(contact) for contact in content.contacts],
        "location": content.location,
        "country": content.country,
        "shipping": content.shipping,
        "posted": content.posted,
        "updated": content.updated,
        "images": list(content.images),
        "status": content.status.value,
        "provenance": {
            name: {"source": provenance.source, "detail": provenance.detail}
            for name, provenance in sorted(content.provenance.items())
        },
    }


def content_from_json(body: JsonObject) -> ListingContent:
    """The content that `content_to_json` wrote."""
    price, seller = body["price"], body["seller"]
    return ListingContent(
        **{name: body[name] for name in ("id", "url", "title", "description", "quantity", "condition", "attributes")},
        **{name: body[name] for name in ("location", "country", "shipping", "posted", "updated")},
        price=None if price is None else Price(amount=Decimal(price["amount"]), currency=price["currency"]),
        category=tuple(body["category"]),
        seller=None if seller is None else SellerRef(**seller),
        contacts=tuple(Contact(**contact) for contact in body["contacts"]),
        images=tuple(body["images"]),
        status=ListingStatus(body["status"]),
        provenance={name: Provenance(**value) for name, value in body["provenance"].items()},
    )


def content_sha256(content: ListingContent) -> str:
    """The SHA-256 (hex) of what a reader of the listing would call its content."""
    body = {name: value for name, value in content_to_json(content).items() if name not in _NOT_CONTENT}
    if body["seller"] is not None:
        body["seller"] = {"id": body["seller"]["id"], "name": body["seller"]["name"]}
    body["quantity"] = str(content.quantity)  # RFC 8785 knows no number above 2**53
    return hashlib.sha256(rfc8785.dumps(body)).hexdigest()


def price_to_json(price: Price | None) -> JsonObject | None:
    """A price with its amount as text, so that no digit is lost; 650, 650.0 and 6.5E+2 are one amount."""
    if price is None:
        return None
    amount = format(price.amount, "f")
    if "." in amount:
        amount = amount.rstrip("0").rstrip(".")
    return {"amount": amount, "currency": price.currency}


def seller_to_json(seller: SellerRef | None) -> JsonObject | None:
    """An account as its page shows it."""
    if seller is None:
        return None
    return {
        "id": seller.id,
        "name": seller.name,
        "url": seller.url,
        "joined": seller.joined,
        "licence": seller.licence,
        "profile": seller.profile,
    }


def contact_to_json(contact: Contact) -> JsonObject:
    """A contact with its place in the text."""
    return {
        "kind": contact.kind,
        "value": contact.value,
        "field": contact.field,
        "start": contact.start,
        "end": contact.end,
    }
