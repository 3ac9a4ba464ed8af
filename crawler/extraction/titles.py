"""The title of a page: the heading that agrees best with what the page is called elsewhere in itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extraction.document import HEADINGS
from crawler.extraction.facts import Facts, Found, words_of
from crawler.extraction.lexicon import find_field
from crawler.extraction.structured import text_of
from crawler.extraction.text import read_text, squeeze
from crawler.extraction.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from crawler.extraction.document import Block, NamedElement

Reference = tuple[str, list[str], str]  # where a name of the page stands, its words, its text
MOST_LINES = 2  # line ends within a heading: one with more holds other things beside the title
LONGEST_TITLE = 300
ONLY_HEADING = 3.0  # characters of agreement that being the only main heading is worth
VERBATIM = 1.2  # what it is worth that another name of the page holds a candidate word for word
LOWEST_TITLE = 3  # level of heading
LEAST_AGREEMENT = 0.6  # share of a candidate's words that the page's other names must hold
_WITH_AMOUNT = re.compile(r"^(?P<title>.*\S.*?)\s+[-–—|·]\s+(?:[$€£¥]|EUR|USD)\s?\d")
_SEPARATOR = re.compile(r"\s+[-–—|·:»«/]{1,2}\s+|\s*[|»]\s*|:\s+")


def find_title(facts: Facts) -> Found[str] | None:
    """Find the title; sets `facts.title` and `title_block`, from which other fields are near or far."""
    references = [(source, words_of(text), text) for source, text in _references(facts)]
    best = _best_candidate(facts, references)
    if best is not None:
        _, facts.title, facts.title_block, how = best
        return Found(value=_without_badges(facts.title, references), source="structure", detail=how)
    heading = _first_heading(facts)
    for source, _, text in references:
        if source != "head" and not (heading and source == "opengraph"):
            return Found(value=_without_site(text, facts) if source == "opengraph" else text, source=source)
    if heading is not None:
        facts.title_block = heading.index
        facts.title = squeeze(read_heading(heading.element, heading.text))
        return Found(value=facts.title, source="structure", detail=f"h{heading.heading}")
    subject = next((one for one in facts.document.named.get("title", ()) if _is_subject(one)), None)
    if subject is not None:
        facts.title_block, facts.title = subject.block, squeeze(read_text(subject.element))
        return Found(value=facts.title, source="structure", detail="named")
    if references:
        return Found(value=_without_site(references[0][2], facts), source="heuristic", detail="title")
    return None


def _first_heading(facts: Facts) -> Block | None:
    """The first main heading; without one, and where the page's head says other things, its first heading at all."""
    shown = [one for one in facts.document.blocks if one.heading and not one.zone & Zone.OUTSIDE]
    main = next((one for one in shown if one.heading == 1), None)
    return main or next((one for one in shown if one.heading <= LOWEST_TITLE and find_field(one.text) is None), None)


def _is_subject(named: NamedElement) -> bool:
    return not named.zone & Zone.OUTSIDE and "subject" in (named.element.get("class") or "").lower()


def _best_candidate(facts: Facts, references: list[Reference]) -> tuple[float, str, int, str] | None:
    best: tuple[float, str, int, str] | None = None
    single = len({one.element for one in facts.document.shown if one.heading == 1}) == 1
    names = facts.site_names
    for text, block, weight, how in _candidates(facts):
        if not text or len(text) > LONGEST_TITLE or text.lower() in names:
            continue
        if how == "text" and not any(_covers(text, reference) for _, _, reference in references):
            continue
        words, main = words_of(text), how == "h1"
        score = weight * max((_agreement(words, known, heading=main) for _, known, _ in references), default=0.0)
        score *= VERBATIM if any(text in one and _covers(text, one) for _, _, one in references) else 1.0
        if score > 0 and main and single:
            score += ONLY_HEADING
        if score > 0 and (best is None or score > best[0] + 0.01):
            best = (score, text, block, how)
    return best


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
            whole = read_heading(block.element, block.text)
            crowded = whole.count("\n") > MOST_LINES
            yield (
                block.text if crowded else squeeze(whole),
                block.index,
                weight,
                "line" if crowded else f"h{block.heading}",
            )
    for named in facts.document.named.get("title", ())[:20]:
        if not named.zone & Zone.OUTSIDE and named.element not in seen:
            yield squeeze(read_text(named.element)), named.block, 0.9, "named"
    if not seen:
        for block in facts.document.shown[:60]:
            yield block.text, block.index, 0.8, "text"


def read_heading(element: _Element, text: str) -> str:
    """The whole heading, where it is made of several lines."""
    if element.tag in HEADINGS and len(element) == 0:
        return text
    heading: _Element | None = element
    while heading is not None and heading.tag not in HEADINGS:
        heading = heading.getparent()
    return read_text(heading) if heading is not None else text


def _without_badges(heading: str, references: list[Reference]) -> str:
    """A heading without the badge before or after its text, where the page's own data names exactly the rest."""
    amount = _WITH_AMOUNT.search(heading)
    if amount and any(
        source == "head" and reference.startswith(amount["title"]) for source, _, reference in references
    ):
        return amount["title"]
    for source, _, name in references:
        if (
            source in {"json-ld", "microdata"}
            and name in heading
            and LEAST_AGREEMENT * len(heading) <= len(name) < len(heading)
        ):
            return name
    return heading


def _covers(text: str, reference: str) -> bool:
    return len(text) >= LEAST_AGREEMENT * len(reference)


def _agreement(candidate: list[str], reference: list[str], *, heading: bool) -> float:
    """Characters of the candidate's words that the reference holds, times their share.

    Below the least share it is 0, but for main headings, which may say more than the page's other names.
    """
    known = set(reference)
    matched = sum(len(word) for word in candidate if word in known)
    total = sum(map(len, candidate))
    share = matched / total if total else 0.0
    if heading:
        return matched * max(share, LEAST_AGREEMENT)
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
