"""When an offer was posted and last changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extraction.facts import Facts, Found
from crawler.extraction.lexicon import SINCE, UPDATED
from crawler.extraction.structured import text_of
from crawler.extraction.text import read_text, squeeze
from crawler.extraction.zones import Zone
from pipelines.reading.dates import is_relative

if TYPE_CHECKING:
    from lxml.etree import _Element

    from crawler.extraction.document import Block

LONGEST = 60
HEAD_OF_POST = 12  # blocks of a post among which its date stands
_CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}")
_BARE_DATE = re.compile(
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:,?\s\d{1,2}:\d{2})?|"
    r"\d{1,2}\.?\s[^\W\d_]{3,10}\.?\s\d{4}(?:,?\s\d{1,2}:\d{2})?"
)
_POSTED_KEYS = ("datePosted", "datePublished", "uploadDate", "dateCreated", "availabilityStarts", "validFrom")
_WORDS = re.compile(
    r"(?<![^\W\d_])(?:posted|published|listed|added|created|online since|eingestellt|erstellt|online seit|"
    r"inseriert|veröffentlicht|publi[ée]e?|mise? en ligne|déposée?|ajoutée?|"
    r"publicado|publicada|subido|anunciado|postado|опубликован\w*|размещен\w*|добавлен\w*|نُ?شر\w*|أضيف|发布|刊登|"
    r"dodan[eo]|opublikowan\w*)",
    re.IGNORECASE,
)


def find_posted(facts: Facts) -> Found[str] | None:
    """Find when the offer was posted."""
    return (
        _structured(facts, _POSTED_KEYS)
        or _meta(facts)
        or _head_of_post(facts)
        or _labelled(facts, "posted")
        or _said(facts)
        or _time_element(facts)
        or _named(facts, Zone.OUTSIDE)
        or _below_title(facts)
        or _named(facts, Zone.HIDDEN | Zone.RELATED)
    )


def find_updated(facts: Facts) -> Found[str] | None:
    """Find when the offer was last changed."""
    found = _structured(facts, ("dateModified",)) or _labelled(facts, "updated")
    if found:
        return found
    if not UPDATED.occur_in(facts.document.folded):
        return None
    for block in facts.document.shown:
        if len(block.text) <= LONGEST and UPDATED.search(block.text):
            read = facts.read_date(_after(UPDATED.pattern, block.text))
            if read:
                return Found(value=read, source="heuristic", detail=block.text[:40])
    return None


def _structured(facts: Facts, keys: tuple[str, ...]) -> Found[str] | None:
    for node in [*([facts.offer] if facts.offer else []), *facts.structured.postings[:1]]:
        for key in keys:
            stated = text_of(node.data, key) or text_of(node.data, "offers", key)
            read = facts.read_date(stated) if stated else None
            if read:
                return Found(value=read, source=node.source, detail=f"{node.path}.{key}")
    return None


def _meta(facts: Facts) -> Found[str] | None:
    stated = facts.document.meta.get("article:published_time") or facts.document.meta.get("og:published_time")
    read = facts.read_date(stated) if stated else None
    return Found(value=read, source="opengraph", detail="article:published_time") if read else None


def _labelled(facts: Facts, field_name: str) -> Found[str] | None:
    for row in facts.rows:
        if row.field == field_name and len(row.value) <= LONGEST:
            stamp = _stamp(row.element) if field_name == "posted" and len(row.element) else None
            read = facts.read_date(stamp or row.value)
            if read:
                return Found(value=read, source="label", detail=row.label)
    return None


def _stamp(element: _Element) -> str | None:
    for time in element.iter("time"):
        stamp = time.get("datetime")
        if stamp:
            return stamp
    return None


def _time_element(facts: Facts) -> Found[str] | None:
    """The first `<time>` below the title that is not part of a list."""
    for named in facts.document.named.get("<time>", ()):
        if named.zone & Zone.OUTSIDE:
            continue
        stamp = named.element.get("datetime") or squeeze(read_text(named.element))
        read = facts.read_date(stamp) if stamp and len(stamp) <= LONGEST else None
        if read:
            return Found(value=read, source="structure", detail="time")
    return None


def _said(facts: Facts) -> Found[str] | None:
    for block in facts.document.shown:
        if len(block.text) <= 2 * LONGEST and _WORDS.search(block.text):
            stated = _after(_WORDS, block.text)
            read = facts.read_date(_stamp(block.element) or stated[:LONGEST]) if stated else None
            if read:
                return Found(value=read, source="heuristic", detail=block.text[:40])
    return None


def _head_of_post(facts: Facts) -> Found[str] | None:
    """A short line with date and clock in a conversation's first post, as every engine heads its posts."""
    if not facts.document.posts:
        return None
    first, end = facts.document.posts[0], facts.end_of_first_post
    others = {row.block for row in facts.rows if row.field in {"joined", "updated"}}
    for block in facts.document.blocks[first.block : min(end, first.block + HEAD_OF_POST)]:
        if block.zone & Zone.HIDDEN or len(block.text) > LONGEST or SINCE.search(block.text) or block.index in others:
            continue
        read = facts.read_date(_stamp(block.element) or block.text) if _CLOCK.search(block.text) else None
        if read and "T" in read:
            return Found(value=read, source="structure", detail="head of the first post")
    return None


def _below_title(facts: Facts) -> Found[str] | None:
    """A line right below the title that is nothing but a date, or that ends in `» date`, as forum posts are headed."""
    for block in facts.document.blocks[facts.title_block + 1 : facts.title_block + 10]:
        if block.zone & Zone.OUTSIDE or len(block.text) > LONGEST:
            continue
        _, mark, tail = block.text.partition(" » ")
        text = tail if mark else block.text.strip("()[] ")
        read = facts.read_date(text) if _BARE_DATE.fullmatch(text) or mark else _date_apart(block, facts)
        if read and not SINCE.search(block.text):
            return Found(value=read, source="heuristic", detail="date below the title")
    return None


def _date_apart(block: Block, facts: Facts) -> str | None:
    """A date that stands in an element of its own within a line, as in `Ada · Reno · 3 days ago`."""
    for piece in block.pieces:
        text = piece.text.strip(" ·•|,-()\n")
        if piece.element is not block.element and (_BARE_DATE.fullmatch(text) or is_relative(text)):
            return facts.read_date(text)
    return None


def _after(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    if match is None:
        return ""
    rest = text[match.end() :].lstrip(" :：-")
    return rest if any(character.isdigit() for character in rest) or not any(c.isdigit() for c in text) else text


def _named(facts: Facts, zones: int) -> Found[str] | None:
    for named in facts.document.named.get("posted", ())[:20]:
        if named.zone & zones or named.block < facts.title_block - 8:
            continue
        text = squeeze(read_text(named.element))
        read = facts.read_date(text) if 3 < len(text) <= LONGEST else None
        if read:
            return Found(
                value=read,
                source="structure",
                detail=f"class={named.element.get('class') or named.element.get('id') or ''}"[:60],
            )
    return None
