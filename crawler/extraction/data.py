"""What pages written for programs share: JSON answers, feeds and sitemaps give the same values as pages for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from crawler.extraction.document import Document
from crawler.extraction.facts import Facts, find_currency
from crawler.extraction.structured import Structured
from crawler.extraction.urls import Base
from pipelines.models import ExtractedPage, Link, ListingContent, PageKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from crawler.extraction.hints import ExtractionHints

MOST_LISTINGS = 1000  # of one answer or feed
MOST_LINKS = 50_000  # what sitemaps.org allows in one sitemap


def bare_facts(url: str | None, hints: ExtractionHints, now: datetime) -> Facts:
    """What is known of a page that is not HTML: its address and what the site file says."""
    base = Base.of(url)
    document = Document(
        root=etree.Element("html"), url=url, base=base, source=b"", language=None, head_title="", meta={}
    )
    structured = Structured()
    return Facts(
        document=document,
        structured=structured,
        rows=[],
        hints=hints,
        now=now,
        languages=hints.languages,
        currency=find_currency(document, structured, hints),
    )


def list_page(links: Iterable[Link], listings: Iterable[ListingContent], *, reason: str) -> ExtractedPage:
    """A list with its links, and of its offers those that have an id and a title: each id once."""
    told = {one.id: one for one in listings if one.id and one.title}
    return ExtractedPage(
        kind=PageKind.INDEX, links=unique_links(list(links)), listings=tuple(told.values()), reason=reason
    )


def offer_page(listing: ListingContent, *, reason: str, links: tuple[Link, ...] = ()) -> ExtractedPage:
    """A page that is one offer."""
    return ExtractedPage(kind=PageKind.DETAIL, listing=listing, seller=listing.seller, links=links, reason=reason)


def link_listing(url: str, hints: ExtractionHints) -> Link | None:
    """The link to an entry of a list: it must match the site file's pattern for listings where there is one."""
    if hints.listing_links is not None and not hints.listing_links.search(url):
        return None
    return Link(url=url, kind=PageKind.DETAIL)


def unique_links(links: list[Link]) -> tuple[Link, ...]:
    """Each address once, the first kind counts."""
    return tuple({link.url: link for link in reversed(links)}.values())[::-1][:MOST_LINKS]
