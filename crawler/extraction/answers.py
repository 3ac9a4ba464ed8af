"""JSON answers: one offer, or a list of offers with links to each."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler.extraction.accounts import is_profile
from crawler.extraction.data import MOST_LISTINGS, link_listing, list_page, offer_page, unique_links
from crawler.extraction.kinds import kind_by_address
from crawler.extraction.lexicon import KEYS, fold_key
from crawler.extraction.records import is_offer, read_record
from crawler.extraction.urls import canonicalise_url
from crawler.extraction.values import Record, fold_record, read_seller, text_value, urls_of
from pipelines.models import ExtractedPage, Link, PageKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.extraction.facts import Facts
    from pipelines.models import ListingContent

DEEPEST = 6  # levels at which an offer or a list of them is looked for
MOST_NODES = 20_000
_ENVELOPES = ("attributes", "source", "node", "item", "listing", "ad", "document", "fields")
_PAGING = ("links", "link", "paging", "pagination", "meta", "pageinfo", "pages")


def read_answer(source: bytes, facts: Facts) -> ExtractedPage | None:
    """Read a JSON body; None where it is no JSON."""
    try:
        data = json.loads(source, strict=False)
    except (ValueError, RecursionError):
        return None
    by_address = kind_by_address(facts)
    expected = by_address[0] if by_address else None
    if expected is PageKind.SELLER and isinstance(data, dict):
        return _read_account(data, facts)
    one, many = _find_offers(data, _included(data))
    if expected is PageKind.INDEX or (expected is None and many is not None and (one is None or many[0] < one[0])):
        return _read_list(data, many[1] if many else [], facts)
    if one is not None:
        return _read_single(one[1], facts)
    if many is not None:
        return _read_list(data, many[1], facts)
    return ExtractedPage(kind=PageKind.OTHER, reason="JSON without an offer")


def _included(data: Any) -> dict[tuple[str, str], Any]:
    """What JSON:API sends beside its objects, by type and id (jsonapi.org, compound documents)."""
    listed = data.get("included") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        return {}
    objects = [one for one in listed[:MOST_LISTINGS] if isinstance(one, dict)]
    return {
        (str(one.get("type")), str(one.get("id"))): {"id": one.get("id")} | one["attributes"]
        for one in objects
        if isinstance(one.get("attributes"), dict)
    }


def _unwrap(value: dict[Any, Any], included: dict[tuple[str, str], Any]) -> Record:
    """An object's fields, also where they lie one level down in an envelope, with the objects it refers to."""
    record = fold_record(value)
    inner = next((record[key] for key in _ENVELOPES if isinstance(record.get(key), dict)), None)
    if inner is None or any(isinstance(record.get(key), str) for key in KEYS["title"]):
        return record
    related = record.get("relationships")
    for name, relation in related.items() if isinstance(related, dict) else ():
        target = relation.get("data") if isinstance(relation, dict) else None
        key = (str(target.get("type")), str(target.get("id"))) if isinstance(target, dict) else None
        if key in included:
            record.setdefault(fold_key(str(name)), included[key])
    return record | fold_record(inner)


def _find_offers(
    data: Any, included: dict[tuple[str, str], Any]
) -> tuple[tuple[int, Record] | None, tuple[int, list[Record]] | None]:
    """The shallowest object that is an offer, and the shallowest list of them, each with its depth."""
    one: tuple[int, Record] | None = None
    many: tuple[int, list[Record]] | None = None
    queue: deque[tuple[int, Any]] = deque([(0, data)])
    for _ in range(MOST_NODES):
        if not queue or (one and many):
            break
        depth, value = queue.popleft()
        if isinstance(value, dict):
            record = _unwrap(value, included)
            if one is None and is_offer(record):
                one = (depth, record)
            children = list(value.values())
        else:
            records = [_unwrap(entry, included) for entry in value[:MOST_LISTINGS] if isinstance(entry, dict)]
            offers = [record for record in records if is_offer(record)]
            if many is None and offers and 2 * len(offers) >= len(records):
                many = (depth, offers)
            children = value[:MOST_LISTINGS]
        if depth < DEEPEST:
            queue.extend((depth + 1, child) for child in children if isinstance(child, dict | list))
    return one, many


def _read_single(record: Record, facts: Facts) -> ExtractedPage:
    url = canonicalise_url(facts.document.url) if facts.document.url else None
    listing = read_record(record, facts, source="structure", url=url)
    links = unique_links([link for link in [_link_seller(listing, facts)] if link])
    return offer_page(listing, links=links, reason="JSON describes one offer")


def _read_list(data: Any, records: list[Record], facts: Facts) -> ExtractedPage:
    listings = []
    links: list[Link] = []
    for record in records:
        link = _link_entry(record, facts)
        listing = read_record(record, facts, source="structure", url=link.url if link else None)
        listings.append(listing)
        links.extend(one for one in (link, _link_seller(listing, facts)) if one)
    links.extend(Link(url=url, kind=PageKind.INDEX) for url in _next_pages(data, facts))
    return list_page(links, listings, reason=f"JSON lists {len(records)} offers")


def _link_entry(record: Record, facts: Facts) -> Link | None:
    """The entry's own address, else its id below the list's address where the site file's pattern knows that."""
    base = facts.document.base
    for stated in urls_of(record):
        url = base.resolve(text_value(stated) or "")
        link = link_listing(url, facts.hints) if url else None
        if link:
            return link
    identity = next((text for key in KEYS["id"] if (text := text_value(record.get(key)))), None)
    if identity is None or facts.hints.listing_links is None or not base.url:
        return None
    url = base.resolve(f"{urlsplit(base.url).path.rstrip('/')}/{identity}")
    return link_listing(url, facts.hints) if url else None


def _link_seller(listing: ListingContent, facts: Facts) -> Link | None:
    url = listing.seller.url if listing.seller else None
    return Link(url=url, kind=PageKind.SELLER) if url and is_profile(url, facts) else None


def _next_pages(data: Any, facts: Facts) -> Iterator[str]:
    if not isinstance(data, dict):
        return
    record = fold_record(data)
    for place in (record, *(fold_record(record[key]) for key in _PAGING if isinstance(record.get(key), dict))):
        for url in _turns_of(place, facts):
            pattern = facts.hints.index_links
            if pattern is None or pattern.search(url):
                yield url


def _turns_of(place: Record, facts: Facts) -> Iterator[str]:
    here = facts.document.url
    for key in KEYS["next"]:
        stated = place.get(key)
        if isinstance(stated, dict):
            stated = fold_record(stated).get("href")
        if isinstance(stated, str) and stated.strip() and any(mark in stated for mark in "/?"):
            url = facts.document.base.resolve(text_value(stated) or "")
            if url:
                yield url
        elif isinstance(stated, int) and not isinstance(stated, bool) and here:
            yield _with_page(here, stated)
    page = next((place[key] for key in KEYS["page"] if isinstance(place.get(key), int)), None)
    pages = next((place[key] for key in KEYS["pages"] if isinstance(place.get(key), int)), None)
    if page is not None and pages is not None and 0 < page < pages and here:
        yield _with_page(here, page + 1)


def _with_page(url: str, page: int) -> str:
    parts = urlsplit(url)
    pairs = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != "page"]
    return canonicalise_url(urlunsplit(parts._replace(query=urlencode([*pairs, ("page", str(page))]))))


def _read_account(data: dict[str, Any], facts: Facts) -> ExtractedPage:
    inner = next((value for value in data.values() if isinstance(value, dict)), None)
    seller = read_seller(data, facts) or (read_seller(inner, facts) if inner else None)
    return ExtractedPage(kind=PageKind.SELLER, seller=seller, reason="its address is a profile's")
