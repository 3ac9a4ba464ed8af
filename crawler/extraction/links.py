"""The links that a crawl may follow from a page, by what they are thought to lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.extraction.accounts import leads_to_account
from crawler.extraction.groups import is_category, is_page_turn
from crawler.extraction.urls import canonicalise_url
from crawler.extraction.zones import Zone
from pipelines.models import Link, PageKind

if TYPE_CHECKING:
    from crawler.extraction.document import Document, PageLink
    from crawler.extraction.groups import Group
    from crawler.extraction.hints import ExtractionHints


def find_links(document: Document, hints: ExtractionHints, entries: Group | None) -> tuple[Link, ...]:
    """Find listing, index and seller links: absolute, canonical, in page order, each address once.

    A pattern of the site file decides alone for its kind; without one the entries of the page's main list are
    listings, page turns and category addresses are indexes, profile addresses are sellers.
    """
    found: dict[str, PageKind] = {}
    here = canonicalise_url(document.url) if document.url else None
    site = urlsplit(document.base.origin).netloc
    for link in document.links:
        url = document.base.resolve(link.href)
        if url is None or url == here or url in found:
            continue
        kind = _kind_of(link, url, hints, entries, site)
        if kind is not None:
            found[url] = kind
    return tuple(Link(url=url, kind=kind) for url, kind in found.items())


def _kind_of(link: PageLink, url: str, hints: ExtractionHints, entries: Group | None, site: str) -> PageKind | None:
    for pattern, kind in (
        (hints.listing_links, PageKind.DETAIL),
        (hints.seller_links, PageKind.SELLER),
        (hints.index_links, PageKind.INDEX),
    ):
        if pattern is not None and pattern.search(url):
            return kind
    if hints.listing_links is None and entries is not None and url in entries.urls:
        return PageKind.DETAIL
    if site and urlsplit(url).netloc != site:
        return None
    if hints.seller_links is None and not link.zone & Zone.OUTSIDE and leads_to_account(url):
        return PageKind.SELLER
    turns = hints.index_links is None and (is_page_turn(link, url) or is_category(url))
    return PageKind.INDEX if turns else None
