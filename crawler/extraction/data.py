"""Pages written for programs: JSON answers, feeds and sitemaps, read into the same values as pages for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from lxml import etree

from crawler.extraction.document import Document
from crawler.extraction.facts import Facts, find_currency
from crawler.extraction.structured import Structured
from crawler.extraction.urls import Base
from pipelines.models import ExtractedPage, Link, ListingContent, PageKind

if TYPE_CHECKING:
    from datetime import datetime

    from crawler.extraction.hints import ExtractionHints

MOST_LISTINGS = 1000  # of one answer or feed
MOST_LINKS = 50_000  # what sitemaps.org allows in one sitemap


@frozen(kw_only=True)
class DataPage:
    """What such a page is, and every offer that it holds in full: a list may hold many."""

    page: ExtractedPage
    listings: tuple[ListingContent, ...] = ()


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


def link_listing(url: str, hints: ExtractionHints) -> Link | None:
    """The link to an entry of a list: it must match the site file's pattern for listings where there is one."""
    if hints.listing_links is not None and not hints.listing_links.search(url):
        return None
    return Link(url=url, kind=PageKind.DETAIL)


def unique_links(links: list[Link]) -> tuple[Link, ...]:
    """Each address once, the first kind counts."""
    return tuple({link.url: link for link in reversed(links)}.values())[::-1][:MOST_LINKS]
