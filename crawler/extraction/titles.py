"""The title of a page: the heading that agrees best with what the page is called elsewhere in itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extraction.facts import Facts, Found, words_of
from crawler.extraction.structured import text_of
from crawler.extraction.text import read_text, squeeze
from crawler.extraction.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_TITLE = 300
LEAST_AGREEMENT = 0.6  # share of a candidate's words that the page's other names must hold
_SEPARATOR = re.compile(r"\s+[-–—|·:»«/]{1,2}\s+|\s*[|»]\s*|:\s+")


def find_title(facts: Facts) -> Found[str] | None:
    """Find the title; sets `facts.title_block`, from which other fields are near or far."""
    references = [(source, words_of(text), text) for source, text in _references(facts)]
    best: tuple[float, str, int, str] | None = None
    for text, block, weight, how in _candidates(facts):
        if not text or len(text) > LONGEST_TITLE or text.lower() in facts.site_names:
            continue
        score = weight * max((_agreement(words_of(text), words) for _, words, _ in references), default=0.0)
        if score > 0 and (best is None or score > best[0] + 0.01):
            best = (score, text, block, how)
    if best is not None:
        facts.title_block = best[2]
        return Found(value=best[1], source="structure", detail=best[3])
    heading = next(
        (block for block in facts.document.blocks if block.heading == 1 and not block.zone & Zone.OUTSIDE), None
    )
    for source, _, text in references:
        if source != "head" and not (heading and source == "opengraph"):
            return Found(value=_without_site(text, facts) if source == "opengraph" else text, source=source)
    if heading is not None:
        facts.title_block = heading.index
        return Found(value=_heading_text(heading.element, heading.text), source="structure", detail="h1")
    if references:
        return Found(value=_without_site(references[0][2], facts), source="heuristic", detail="title")
    return None


def _references(facts: Facts) -> Iterator[tuple[str, str]]:
    offer = facts.offer
    name = text_of(offer.data, "name") if offer else None
    if offer and name:
        yield offer.source, squeeze(name)
    for posting in facts.structured.postings[:1]:
        headline = text_of(posting.data, "headline") or text_of(posting.data, "name")
        if headline:
            yield posting.source, squeeze(headline)
    for key in ("og:title", "twitter:title"):
        if key in facts.document.meta:
            yield "opengraph", squeeze(facts.document.meta[key])
    if facts.document.head_title:
        yield "head", facts.document.head_title


def _candidates(facts: Facts) -> Iterator[tuple[str, int, float, str]]:
    seen = set()
    for block in facts.document.blocks:
        if block.heading and not block.zone & Zone.HIDDEN and block.element not in seen:
            seen.add(block.element)
            outside = block.zone & Zone.OUTSIDE
            weight = (1.5 if block.heading == 1 else 1.0) * (0.5 if outside else 1.0)
            yield _heading_text(block.element, block.text), block.index, weight, f"h{block.heading}"
    for named in facts.document.named.get("title", ())[:20]:
        if not named.zone & Zone.OUTSIDE and named.element not in seen:
            yield squeeze(read_text(named.element)), named.block, 0.9, "named"
    if not seen:
        for block in facts.document.shown[:60]:
            yield block.text, block.index, 0.8, "text"


def _heading_text(element: object, text: str) -> str:
    """The whole heading, where it is made of several lines."""
    from lxml.etree import _Element  # noqa: PLC0415

    if not isinstance(element, _Element):
        return text
    heading = element
    while heading is not None and heading.tag not in {"h1", "h2", "h3", "h4", "h5", "h6"}:
        parent = heading.getparent()
        if parent is None:
            return text
        heading = parent
    return squeeze(read_text(heading))


def _agreement(candidate: list[str], reference: list[str]) -> float:
    """Characters of the candidate's words that the reference holds, times their share; 0 below the least share."""
    known = set(reference)
    matched = sum(len(word) for word in candidate if word in known)
    total = sum(map(len, candidate))
    share = matched / total if total else 0.0
    return matched * share if share >= LEAST_AGREEMENT else 0.0


def _without_site(text: str, facts: Facts) -> str:
    """Drop the parts of a page's head title that name the site."""
    parts = [part for part in _SEPARATOR.split(text) if part.strip()]
    kept = [part for part in parts if not _names_site(part, facts)]
    if not kept or len(kept) == len(parts):
        return text
    start = text.find(kept[0])
    end = text.rfind(kept[-1]) + len(kept[-1])
    return text[start:end].strip()


def _names_site(part: str, facts: Facts) -> bool:
    squeezed = "".join(words_of(part))
    return any(squeezed and "".join(words_of(name)) == squeezed for name in facts.site_names)
