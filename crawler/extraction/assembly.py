"""A listing put together from the fields that were found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.models import ListingContent, ListingStatus, Provenance
from pipelines.reading.contacts import find_contacts

if TYPE_CHECKING:
    from crawler.extraction.facts import Found
    from pipelines.models import Contact


def assemble_listing(found: dict[str, Found[Any]], *, url: str | None) -> ListingContent:
    """Put what was found together, and find the contacts written in title and description."""
    values = {name: one.value for name, one in found.items()}
    provenance: dict[str, Provenance] = {name: one.provenance for name, one in found.items()}
    if "id" not in found and url:
        provenance["id"] = Provenance(source="url", detail="canonical")
    title, description = values.get("title", ""), values.get("description", "")
    country = values.get("country")
    contacts: tuple[Contact, ...] = (
        *find_contacts(title, field="title", country=country),
        *find_contacts(description, field="description", country=country),
    )
    if contacts:
        provenance["contacts"] = Provenance(source="heuristic", detail="written in title and description")
    return ListingContent(
        id=values.get("id") or url or "",
        url=url,
        title=title,
        description=description,
        price=values.get("price"),
        quantity=values.get("quantity"),
        condition=values.get("condition"),
        category=values.get("category", ()),
        attributes=values.get("attributes", {}),
        seller=values.get("seller"),
        contacts=contacts,
        location=values.get("location"),
        country=country,
        shipping=values.get("shipping"),
        posted=values.get("posted"),
        updated=values.get("updated"),
        images=values.get("images", ()),
        status=values.get("status", ListingStatus.ACTIVE),
        provenance=provenance,
    )
