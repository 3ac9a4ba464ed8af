"""Sitemaps and sitemap indexes (sitemaps.org): lists of a site's addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.extraction.accounts import leads_to_account
from crawler.extraction.data import MOST_LINKS, list_page
from crawler.extraction.groups import is_category
from crawler.extraction.markup import children_named, local_name, parse_xml, text_in
from crawler.extraction.urls import Base
from pipelines.models import Link, PageKind

if TYPE_CHECKING:
    from crawler.extraction.hints import ExtractionHints
    from pipelines.models import ExtractedPage


def read_sitemap(source: bytes, *, url: str | None, hints: ExtractionHints) -> ExtractedPage | None:
    """Read a sitemap as an index page; None where it cannot be read safely.

    The sitemaps that a sitemap index names are indexes. Of a sitemap's pages those that match the site file's
    patterns are taken; without patterns each is a listing unless its address is a profile's or a category's.
    """
    root = parse_xml(source)
    if root is None:
        return None
    base = Base.of(url)
    of_sitemaps = local_name(root) == "sitemapindex"
    links = []
    for entry in list(children_named(root, "sitemap", "url"))[:MOST_LINKS]:
        stated = next((text_in(loc) for loc in children_named(entry, "loc")), "")
        address = base.resolve(stated) if stated else None
        if address is None or (base.origin and urlsplit(address).netloc != urlsplit(base.origin).netloc):
            continue
        kind = PageKind.INDEX if of_sitemaps else _kind_of(address, hints)
        if kind is not None:
            links.append(Link(url=address, kind=kind))
    what = "sitemap index" if of_sitemaps else "sitemap"
    return list_page(links, (), reason=f"a {what} with {len(links)} links")


def _kind_of(address: str, hints: ExtractionHints) -> PageKind | None:
    for pattern, kind in (
        (hints.listing_links, PageKind.DETAIL),
        (hints.seller_links, PageKind.SELLER),
        (hints.index_links, PageKind.INDEX),
    ):
        if pattern is not None and pattern.search(address):
            return kind
    if hints.listing_links is not None:
        return None
    if leads_to_account(address):
        return PageKind.SELLER
    return PageKind.INDEX if is_category(address) else PageKind.DETAIL
