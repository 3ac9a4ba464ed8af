"""One offer, field by field, each with where it was found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extraction.accounts import account_id
from crawler.extraction.amounts import find_price, find_price_in, find_quantity
from crawler.extraction.assembly import assemble_listing
from crawler.extraction.descriptions import find_description
from crawler.extraction.facts import Facts, Found
from crawler.extraction.lexicon import REMOVED, SOLD
from crawler.extraction.moments import find_posted, find_updated
from crawler.extraction.pictures import find_category, find_images
from crawler.extraction.places import find_country, find_location, find_shipping
from crawler.extraction.rows import LONGEST_VALUE
from crawler.extraction.scripts import fill_from_scripts
from crawler.extraction.selectors import select_texts
from crawler.extraction.sellers import find_seller
from crawler.extraction.structured import enumeration, text_of
from crawler.extraction.text import squeeze
from crawler.extraction.titles import find_title
from crawler.extraction.urls import canonicalise_url, id_in
from crawler.extraction.zones import Zone
from pipelines.models import ListingContent, ListingStatus, SellerRef

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


_IN_ATTRIBUTES = frozenset({None, "make", "model", "calibre", "ends", "bids"})
_DIGITS = re.compile(r"\d{3,}")
_FULL_ID = re.compile(r"[A-Za-z]{1,4}-?\d{4,20}")
_ID_PARAMETER = re.compile(
    r"[?&](?:id|item|itemid|ad|adid|listing|listing_id|lid|pid|product_id|artikel|anzeige|annonce|anuncio|t|"
    r"topic)=([\w-]+)",
    re.IGNORECASE,
)
_TEXT_FIELDS = frozenset({"title", "condition", "location", "country", "shipping", "id"})
NEAR_TITLE = 12  # blocks around the title in which a badge says that it is sold
LONGEST_BADGE = 60
LONGEST_FIRST_LINE = 120  # characters of a message's first line that serve as its title


def read_offer(facts: Facts) -> ListingContent:
    """Read every field; `title` is empty and `id` too where the page and its address give none."""
    found: dict[str, Found[Any]] = {}
    _note(found, "title", find_title(facts))
    _note(found, "price", find_price(facts))
    _note(found, "description", find_description(facts))
    if "price" not in found and "description" in found and facts.row("price") is None:
        _note(found, "price", find_price_in(found["description"].value, facts))
    _note(found, "seller", find_seller(facts))
    _note(found, "location", find_location(facts))
    _note(found, "posted", find_posted(facts))
    _note(found, "updated", find_updated(facts))
    _note(found, "country", find_country(facts))
    _note(found, "shipping", find_shipping(facts))
    _note(found, "quantity", find_quantity(facts))
    _note(found, "condition", _find_condition(facts))
    _note(found, "category", find_category(facts))
    _note(found, "images", find_images(facts))
    _note(found, "status", _find_status(facts))
    _note(found, "id", find_id(facts))
    _note(found, "attributes", _find_attributes(facts))
    fill_from_scripts(facts, found)
    _name_by_first_line(found)
    _apply_selectors(facts, found)
    return assemble_listing(found, url=canonicalise_url(facts.document.url) if facts.document.url else None)


def _name_by_first_line(found: dict[str, Found[Any]]) -> None:
    """A message has no title: where the page's only name is its account's, the first line of the text serves."""
    if "description" not in found or "seller" not in found:
        return
    title, seller = found.get("title"), found["seller"].value
    if title is not None and not {title.value, title.value.partition("@")[0].strip()} & {seller.name, seller.id}:
        return
    first = squeeze(found["description"].value.partition("\n")[0])[:LONGEST_FIRST_LINE]
    if first:
        found["title"] = Found(value=first, source="heuristic", detail="first line of the text")


def _note(found: dict[str, Found[Any]], name: str, one: Found[Any] | None) -> None:
    if one is not None:
        found[name] = one


def find_id(facts: Facts) -> Found[str] | None:
    """Find the site's own id: by the site file's pattern, stated, labelled, or the last digits of the address."""
    url = facts.document.url or facts.document.meta.get("og:url") or ""
    if facts.hints.listing_id:
        own = id_in(url, facts.hints.listing_id)
        if own:
            return Found(value=own, source="url", detail="listing_id")
    offer = facts.offer
    for key in ("sku", "productID", "identifier"):
        stated = (text_of(offer.data, key) or text_of(offer.data, key, "value")) if offer else None
        if offer and stated and len(stated) <= 64 and not stated.startswith("http"):
            return Found(value=stated, source=offer.source, detail=key)
    row = facts.row("id")
    if row and _FULL_ID.fullmatch(row.value) and row.value in url:  # the address holds more than its digits
        return Found(value=row.value, source="label", detail=row.label)
    parameter = _ID_PARAMETER.search(url)
    digits = _DIGITS.findall(url.partition("://")[2].partition("/")[2])
    if parameter or digits:
        # A slug may hold a model's number: the longest run is the id, of equals the last.
        stated = parameter[1] if parameter else max(reversed(digits), key=len)
        return Found(value=stated, source="url", detail="digits")
    if row and 0 < len(row.value) <= 40 and any(character.isdigit() for character in row.value):
        return Found(value=squeeze(row.value).lstrip("#№ "), source="label", detail=row.label)
    canonical = canonicalise_url(url) if url else None
    return Found(value=canonical, source="url", detail="canonical") if canonical else None


def _find_condition(facts: Facts) -> Found[str] | None:
    row = facts.row("condition")
    if row and len(row.value) <= 80:
        return Found(value=squeeze(row.value), source="label", detail=row.label)
    offer = facts.offer
    stated = (
        (enumeration(offer.data, "itemCondition") or enumeration(offer.data, "offers", "itemCondition"))
        if offer
        else None
    )
    return Found(value=stated, source=offer.source, detail="itemCondition") if offer and stated else None


def _find_status(facts: Facts) -> Found[ListingStatus] | None:
    offer = facts.offer
    stated = (
        (enumeration(offer.data, "offers", "availability") or enumeration(offer.data, "availability") or "")
        if offer
        else ""
    )
    if offer and stated.lower() in {"soldout", "outofstock", "discontinued"}:
        return Found(value=ListingStatus.SOLD, source=offer.source, detail=f"availability {stated}")
    row = facts.row("status")
    if row and SOLD.search(row.value[:LONGEST_BADGE]):
        return Found(value=ListingStatus.SOLD, source="label", detail=row.label)
    folded = facts.document.folded
    if not SOLD.occur_in(folded) and not REMOVED.occur_in(folded):
        return None
    around = slice(max(0, facts.title_block - NEAR_TITLE), facts.title_block + NEAR_TITLE + 1)
    for block in facts.document.blocks[around]:
        if block.zone & (Zone.HIDDEN | Zone.RELATED) or len(block.text) > 3 * LONGEST_BADGE:
            continue
        match = REMOVED.search(block.text)
        if match:
            return Found(value=ListingStatus.REMOVED, source="heuristic", detail=match[0])
        text = block.text.lstrip("[(*!·• ")
        match = SOLD.match(text) if len(text) <= LONGEST_BADGE and not block.link_chars else None
        if match and _is_badge(text, match[0]):
            return Found(value=ListingStatus.SOLD, source="heuristic", detail=match[0])
    return None


def _is_badge(text: str, word: str) -> bool:
    """`SOLD`, `Sold on 3 May`, `This item has sold.`, `VERKAUFT - closed`, but not `Sold by Anna`."""
    rest = text[len(word) :].strip(" ])*!.:·•").lower()
    return rest == "" or rest[:1].isdigit() or re.match(r"(?:on|am|le|el|em)\s?\d|[-–—,|]\s", rest) is not None


def _find_attributes(facts: Facts) -> Found[dict[str, str]] | None:
    attributes: dict[str, str] = {}
    for row in facts.rows:
        if (
            row.block >= facts.title_block
            and row.field in _IN_ATTRIBUTES
            and 0 < len(row.value) <= LONGEST_VALUE
            and "\n\n" not in row.value
        ):
            attributes.setdefault(row.label, squeeze(row.value))
    offer = facts.offer
    ends = _find_end(facts)
    if ends:
        attributes.setdefault("ends", ends)
    if offer:
        for pair in _properties(offer.data):
            attributes.setdefault(*pair)
        labelled = {row.field for row in facts.rows}
        for key, name in (("brand", "make"), ("manufacturer", "make"), ("model", "model")):
            stated = text_of(offer.data, key)
            if stated and stated not in attributes.values() and name not in labelled:
                attributes.setdefault(key, squeeze(stated))
    return (
        Found(value=attributes, source="label" if facts.rows else "json-ld", detail=f"{len(attributes)} rows")
        if attributes
        else None
    )


def _find_end(facts: Facts) -> str | None:
    """When bidding ends, as a moment: the site's own words for it stay among the attributes."""
    for row in facts.rows:
        if row.field == "ends":
            stamp = next((time.get("datetime") for time in row.element.iter("time") if time.get("datetime")), None)
            read = facts.read_date(stamp or row.value[:LONGEST_BADGE])
            if read:
                return read
    offer = facts.offer
    stated = (
        text_of(offer.data, "offers", "availabilityEnds") or text_of(offer.data, "availabilityEnds") if offer else None
    )
    return facts.read_date(stated) if stated else None


def _properties(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Read schema.org's `additionalProperty`: pairs of a name and a value."""
    listed = data.get("additionalProperty")
    pairs = [
        (text_of(one, "name"), text_of(one, "value")) for one in (listed if isinstance(listed, list) else [listed])
    ]
    return [(name, squeeze(value)) for name, value in pairs if name and value and len(value) <= LONGEST_VALUE]


def _apply_selectors(facts: Facts, found: dict[str, Found[Any]]) -> None:
    """A site file's selector wins over everything; one that finds nothing leaves what was found without it."""
    if not facts.hints.selectors:
        return
    texts = select_texts(facts.document, facts.hints.selectors)
    for name, values in texts.items():
        value = _typed(name, values, facts)
        if value is not None and not name.startswith("seller"):
            found[name] = Found(value=value, source="selector", detail=facts.hints.selectors[name])
    seller = {name.removeprefix("seller_"): values[0] for name, values in texts.items() if name.startswith("seller")}
    if seller:
        title = seller.get("name") or seller.get("seller")
        url = facts.document.base.resolve(seller["url"]) if seller.get("url") else None
        identity = seller.get("id") or account_id(url, facts) or title
        if identity:
            joined = seller.get("joined")
            value = SellerRef(
                id=identity,
                name=title,
                url=url,
                joined=(facts.read_date(joined) or joined) if joined else None,
                licence=seller.get("licence"),
            )
            found["seller"] = Found(value=value, source="selector", detail=", ".join(sorted(seller)))


def _typed(name: str, values: list[str], facts: Facts) -> Any:
    readers: dict[str, Callable[[str], Any]] = {
        "price": facts.read_price,
        "posted": facts.read_date,
        "updated": facts.read_date,
        "quantity": _read_count,
        "status": _read_status,
        "description": str,
    }
    if name == "images":
        return tuple(dict.fromkeys(url for value in values if (url := facts.document.base.resolve(value))))
    if name == "category":
        return tuple(values)
    if name in _TEXT_FIELDS or name in readers:
        return readers.get(name, squeeze)(values[0])
    return None


def _read_count(text: str) -> int | None:
    number = re.search(r"\d+", text)
    return int(number[0]) if number else None


def _read_status(text: str) -> ListingStatus | None:
    if SOLD.search(text):
        return ListingStatus.SOLD
    return ListingStatus.REMOVED if REMOVED.search(text) else None
