"""What kind of page it is, by evidence for an offer against evidence for a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from crawler.extraction.accounts import leads_to_account
from crawler.extraction.groups import is_page_turn
from crawler.extraction.structured import first, text_of
from crawler.extraction.urls import canonicalise_url
from crawler.extraction.zones import Zone
from pipelines.models import PageKind

if TYPE_CHECKING:
    from crawler.extraction.facts import Facts
    from crawler.extraction.groups import Group
    from pipelines.models import ListingContent

TELLING_ENTRY = 40  # characters: shorter entries are those of a menu
LONG_ENTRY = 400  # characters: longer entries are posts of one conversation
PREVIEW_ONLY = 300  # characters of text shown
_TELLING = frozenset(
    {
        "price",
        "bid",
        "ends",
        "condition",
        "make",
        "model",
        "calibre",
        "seller",
        "location",
        "posted",
        "shipping",
        "quantity",
        "id",
        "licence",
    }
)


@define
class Evidence:
    """Points for a kind of page, each with its reason."""

    points: float = 0.0
    reasons: list[str] = field(factory=list)

    def add(self, points: float, reason: str) -> None:
        """Note a reason with its weight."""
        if points:
            self.points += points
            self.reasons.append(reason)


def kind_by_address(facts: Facts) -> tuple[PageKind, str] | None:
    """What the site file's patterns say of the page's own address."""
    url = canonicalise_url(facts.document.url) if facts.document.url else None
    if url is None:
        return None
    hints = facts.hints
    for pattern, kind in (
        (hints.listing_links, PageKind.DETAIL),
        (hints.seller_links, PageKind.SELLER),
        (hints.index_links, PageKind.INDEX),
    ):
        if pattern is not None and pattern.search(url):
            return kind, f"its address matches the site file's pattern for {kind} pages"
    return None


def judge_kind(facts: Facts, listing: ListingContent, groups: list[Group]) -> tuple[PageKind, str]:
    """Weigh the page. `listing` is what it would be as an offer."""
    detail, index = _for_offer(facts, listing, groups), _for_list(facts, groups)
    url = facts.document.url
    if url and leads_to_account(url) and facts.offer is None:
        return PageKind.SELLER, "its address is a profile's"
    if max(detail.points, index.points) < 2:
        return PageKind.OTHER, "neither an offer nor a list"
    if index.points > detail.points:
        return PageKind.INDEX, "; ".join(index.reasons)
    return PageKind.DETAIL, "; ".join(detail.reasons)


def _for_offer(facts: Facts, listing: ListingContent, groups: list[Group]) -> Evidence:
    evidence = Evidence()
    meta_type = facts.document.meta.get("og:type", "").lower()
    offer = facts.offer
    if offer and offer.type != "aggregateoffer" and (first(offer.data, "offers") or text_of(offer.data, "price")):
        evidence.add(3, f"{offer.source} describes one {offer.type}")
    if (
        meta_type.startswith(("product", "og:product", "classified", "article", "auto", "book"))
        or "product:price:amount" in facts.document.meta
    ):
        evidence.add(2, f"og:type {meta_type or 'product'}")
    if facts.structured.postings and len(facts.structured.postings) < 3:
        evidence.add(2, "describes one posting")
    if len(facts.document.posts) > 1:
        evidence.add(2, "a conversation")
    known = {row.field for row in facts.rows if row.field in _TELLING}
    evidence.add(min(3.0, 0.75 * len(known)), f"{len(known)} labelled fields")
    start = min((group.first_block for group in groups[:1]), default=10**6)
    if (
        listing.price
        and listing.provenance["price"].source in {"structure", "label", "heuristic"}
        and facts.title_block < start
    ):
        evidence.add(1, "a price")
    own_text = (
        len(listing.description)
        if listing.provenance.get("description") and listing.provenance["description"].source != "opengraph"
        else 0
    )
    evidence.add(2 if own_text >= 150 else 1 if own_text >= 40 else 0, "a description")
    if any(block.heading == 1 and not block.zone & Zone.OUTSIDE for block in facts.document.blocks):
        evidence.add(0.5, "a main heading")
    shown = sum(len(block.text) for block in facts.document.shown)
    if not groups and shown < PREVIEW_ONLY and {"og:title", "og:description"} <= facts.document.meta.keys():
        evidence.add(2, "only describes itself for previews")
    if listing.seller:
        evidence.add(0.5, "a seller")
    return evidence


def _for_list(facts: Facts, groups: list[Group]) -> Evidence:
    evidence = Evidence()
    structured = facts.structured
    if any(
        node.type in {"itemlist", "searchresultspage", "offercatalog"} and len(_entries(node.data)) >= 3
        for node in structured.lists
    ) or any(node.type in {"searchresultspage", "collectionpage"} for node in structured.lists):
        evidence.add(3, "describes a list")
    offers = [node for node in structured.offers if text_of(node.data, "name")]
    if facts.offer is None and len(offers) > 3:
        evidence.add(3, f"describes {len(offers)} offers")
    if structured.offers and structured.offers[0].type == "aggregateoffer":
        evidence.add(2, "describes offers as a whole")
    if groups:
        entries = groups[0]
        count = len(entries.urls)
        telling = entries.priced() >= 3 or TELLING_ENTRY <= entries.mean_entry() <= LONG_ENTRY
        evidence.add(min(3.0, count / 5) * (1.0 if telling else 0.5), f"{count} entries alike")
        if entries.priced() >= 3:
            evidence.add(2, "entries with prices")
        if _share(facts, entries) > 0.5 and entries.mean_entry() <= LONG_ENTRY:
            evidence.add(1.5, "entries fill the page")
    if any(is_page_turn(link, link.href) for link in facts.document.links if not link.zone & Zone.HIDDEN):
        evidence.add(1, "page turns")
    return evidence


def _entries(data: dict[str, object]) -> list[object]:
    items = data.get("itemListElement")
    return items if isinstance(items, list) else []


def _share(facts: Facts, entries: Group) -> float:
    shown = facts.document.shown
    first_block, last_block = entries.first_block - 1, entries.last_block + 3
    inside = sum(len(block.text) for block in shown if first_block <= block.index <= last_block)
    return inside / max(1, sum(len(block.text) for block in shown))
