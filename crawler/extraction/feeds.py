"""RSS and Atom feeds: a list of offers, as far as each item tells, with a link to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.extraction.data import MOST_LISTINGS, link_listing, list_page, offer_page
from crawler.extraction.lexicon import KEYS
from crawler.extraction.markup import children_named, local_name, parse_xml, text_in
from crawler.extraction.records import read_record
from crawler.extraction.urls import canonicalise_url
from crawler.extraction.values import Record, fold_record
from pipelines.models import ExtractedPage, Link, PageKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from crawler.extraction.facts import Facts

_TEXTS = ("encoded", "content", "description", "summary")
_PICTURES = ("enclosure", "thumbnail", "image", "content")
_ACCOUNT_PARTS = ("name", "uri", "email")


def read_feed(source: bytes, facts: Facts) -> ExtractedPage | None:
    """Read an RSS (0.9x, 1.0, 2.0) or Atom document; None where it cannot be read safely."""
    root = parse_xml(source)
    if root is None:
        return None
    if local_name(root) == "entry":
        return _read_entry(root, facts)
    items = [element for element in root.iter() if local_name(element) in {"item", "entry"}][:MOST_LISTINGS]
    listings = []
    links: list[Link] = []
    for item in items:
        url = _address(item, facts)
        link = link_listing(url, facts.hints) if url else None
        if url and not link:
            continue
        listings.append(read_record(_record(item), facts, source="feed", url=url))
        links.extend([link] if link else [])
    links.extend(Link(url=url, kind=PageKind.INDEX) for url in _next_pages(root, facts))
    return list_page(links, listings, reason=f"a feed of {len(items)} items")


def _read_entry(entry: _Element, facts: Facts) -> ExtractedPage:
    url = _address(entry, facts) or (canonicalise_url(facts.document.url) if facts.document.url else None)
    listing = read_record(_record(entry), facts, source="feed", url=url)
    if not listing.title:
        return ExtractedPage(kind=PageKind.OTHER, reason="a feed's entry without a title")
    return offer_page(listing, reason="a feed's single entry")


def _address(item: _Element, facts: Facts) -> str | None:
    """The item's own page: RSS writes it as text, Atom as an attribute; a guid may be one too."""
    for link in children_named(item, "link"):
        stated = link.get("href") if link.get("rel", "alternate") == "alternate" else None
        stated = stated or text_in(link)
        resolved = facts.document.base.resolve(stated) if stated else None
        if resolved:
            return resolved
    for guid in children_named(item, "guid", "id"):
        stated = text_in(guid)
        if stated.startswith(("http://", "https://")) and guid.get("isPermaLink", "true").lower() != "false":
            return facts.document.base.resolve(stated)
    return None


def _record(item: _Element) -> Record:
    """The item as an object; of several texts the fullest, pictures and categories as lists."""
    record: Record = {}
    pictures = []
    for child in item:
        name = local_name(child)
        if not name or name == "link":
            continue
        if name in _PICTURES and child.get("url"):
            if (child.get("type") or child.get("medium") or "image").startswith("image"):
                pictures.append(child.get("url"))
            continue
        if name == "category":
            record.setdefault("category", []).append(child.get("term") or text_in(child))
        elif name in KEYS["seller"] and len(child):
            record.setdefault(
                name, {local_name(one): text_in(one) for one in child if local_name(one) in _ACCOUNT_PARTS}
            )
        elif name not in _TEXTS:
            record.setdefault(name, text_in(child))
    texts = [text_in(child) for child in children_named(item, *_TEXTS)]
    if texts:
        record["description"] = max(texts, key=len)
    if pictures:
        record["images"] = pictures
    return fold_record(record)


def _next_pages(root: _Element, facts: Facts) -> Iterator[str]:
    """Where an Atom or RSS feed goes on (RFC 5005)."""
    for link in root.iter():
        if local_name(link) == "link" and link.get("rel") == "next" and link.get("href"):
            url = facts.document.base.resolve(link.get("href") or "")
            if url:
                yield url
