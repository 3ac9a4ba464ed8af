"""One page read: what kind it is, what it offers, and where its links lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from crawler.extraction.accounts import account_id, find_joined, find_licence
from crawler.extraction.answers import read_answer
from crawler.extraction.bodies import Form, may_be_data, recognise_form, refuse_page, unpack
from crawler.extraction.data import bare_facts, link_listing, list_page
from crawler.extraction.decoding import decode_body
from crawler.extraction.document import Document, parse_document
from crawler.extraction.facts import Facts, find_currency, find_languages
from crawler.extraction.feeds import read_feed
from crawler.extraction.gates import find_gate
from crawler.extraction.groups import Group, find_groups
from crawler.extraction.kinds import judge_kind, kind_by_address
from crawler.extraction.lexicon import REMOVED
from crawler.extraction.links import find_links
from crawler.extraction.offers import read_offer
from crawler.extraction.rows import find_rows
from crawler.extraction.sitemaps import read_sitemap
from crawler.extraction.streams import read_stream
from crawler.extraction.structured import read_structured
from crawler.extraction.text import squeeze
from crawler.extraction.titles import find_title
from crawler.extraction.urls import is_address
from pipelines.models import ExtractedPage, ListingStatus, PageKind, SellerRef

if TYPE_CHECKING:
    from datetime import datetime

    from crawler.extraction.hints import ExtractionHints

LITTLE_TEXT = 600  # characters: a notice in place of a listing


def extract(
    body: bytes | str,
    *,
    url: str | None,
    hints: ExtractionHints,
    now: datetime,
    content_type: str | None = None,
) -> ExtractedPage:
    """Read one page. `now` is aware: relative dates count back from it.

    A notice that a listing was removed, without the listing, is `detail` with a listing whose title is empty and
    whose status is `removed`: it tells how a known listing ended, and is no version of it.

    A login, a challenge or a consent wall never gives a listing or links. A page that cannot be parsed is
    `other`. A feed, a sitemap or a JSON list is an index with links to its entries; what a feed, a JSON list or a
    stream of messages tells of each entry are its `listings`. No network is used, and
    nothing raises on any bytes; a wrong selector raises lxml's XPathError.
    """
    unpacked = unpack(body)
    if unpacked is None:
        return ExtractedPage(kind=PageKind.OTHER, reason="packed, and cannot be unpacked")
    data = _read_as_data(unpacked, url=url, hints=hints, now=now, content_type=content_type)
    if data is not None:
        return data
    refusal = refuse_page(unpacked)
    if refusal is not None:
        return ExtractedPage(kind=PageKind.OTHER, reason=refusal)
    document = parse_document(unpacked, url=url, content_type=content_type)
    if document is None:
        return ExtractedPage(kind=PageKind.OTHER, reason="nothing to read")
    gate = find_gate(document)
    if gate is not None:
        return ExtractedPage(kind=gate[0], reason=gate[1])
    page = _read_page(_gather(document, hints, now))
    return evolve(page, reason=f"{page.reason}; too large to be read to its end") if document.cut else page


def _read_page(facts: Facts) -> ExtractedPage:
    document, hints = facts.document, facts.hints
    by_address = kind_by_address(facts)
    if by_address is not None and by_address[0] is not PageKind.DETAIL:
        return _without_offer(facts, *by_address, find_groups(document))
    listing = read_offer(facts)
    if by_address is not None:
        groups = find_groups(document) if hints.listing_links is None else []
        kind, reason = by_address
    else:
        groups = find_groups(document)
        kind, reason = judge_kind(facts, listing, groups)
    if kind is PageKind.DETAIL and listing.title and not _says_removed(facts):
        return ExtractedPage(
            kind=kind, listing=listing, seller=listing.seller, links=find_links(document, hints, None), reason=reason
        )
    if kind in {PageKind.DETAIL, PageKind.OTHER} and _says_removed(facts):
        gone = evolve(
            listing, title="", description="", status=ListingStatus.REMOVED, contacts=(), seller=None, price=None
        )
        return ExtractedPage(kind=PageKind.DETAIL, listing=gone, reason="says that its listing was removed")
    return _without_offer(facts, PageKind.OTHER if kind is PageKind.DETAIL else kind, reason, groups)


def _read_as_data(
    body: bytes | str, *, url: str | None, hints: ExtractionHints, now: datetime, content_type: str | None
) -> ExtractedPage | None:
    """Read JSON, feeds and sitemaps; None for what is none of them, or cannot be read as one."""
    if not may_be_data(body):
        return None
    source = decode_body(body, content_type)
    form = recognise_form(source, content_type)
    if form is Form.SITEMAP:
        return read_sitemap(source, url=url, hints=hints)
    if form is Form.HTML:
        return None
    facts = bare_facts(url if is_address(url) else None, hints, now)
    return read_answer(source, facts) if form is Form.JSON else read_feed(source, facts)


def _gather(document: Document, hints: ExtractionHints, now: datetime) -> Facts:
    structured = read_structured(document)
    return Facts(
        document=document,
        structured=structured,
        rows=find_rows(document),
        hints=hints,
        now=now,
        languages=find_languages(document, hints),
        currency=find_currency(document, structured, hints),
    )


def _without_offer(facts: Facts, kind: PageKind, reason: str, groups: list[Group]) -> ExtractedPage:
    listings = read_stream(facts) if kind in {PageKind.INDEX, PageKind.OTHER} else []
    if listings and kind is PageKind.OTHER:
        kind, reason = PageKind.INDEX, f"a stream of {len(listings)} messages"
    entries = groups[0] if groups and kind in {PageKind.INDEX, PageKind.SELLER} and not listings else None
    links = find_links(facts.document, facts.hints, entries)
    if listings:
        own = [link for one in listings if one.url and (link := link_listing(one.url, facts.hints))]
        return list_page([*own, *(link for link in links if link.kind is not PageKind.DETAIL)], listings, reason=reason)
    return ExtractedPage(
        kind=kind, seller=_read_profile(facts) if kind is PageKind.SELLER else None, links=links, reason=reason
    )


def _says_removed(facts: Facts) -> bool:
    """Whether a page with little text says that a moderator took its listing away."""
    if not REMOVED.occur_in(facts.document.folded):
        return False
    shown = facts.document.shown
    return sum(len(block.text) for block in shown) <= LITTLE_TEXT and any(REMOVED.search(block.text) for block in shown)


def _read_profile(facts: Facts) -> SellerRef | None:
    """The account a profile page is about."""
    title = find_title(facts)
    identity = account_id(facts.document.url, facts) or (title.value if title else None)
    if identity is None:
        return None
    row = facts.row("seller")
    name = squeeze(row.value) if row else title.value if title else None
    about = facts.row("about") or facts.row("description")
    return SellerRef(
        id=identity,
        name=name,
        url=facts.document.base.resolve(facts.document.url) if facts.document.url else None,
        joined=find_joined(facts),
        licence=find_licence(facts),
        profile=about.value if about else None,
    )
