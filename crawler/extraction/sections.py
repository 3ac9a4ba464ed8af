"""Parts of a page that are about something else: other offers, and the answers of a conversation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extraction.lexicon import RELATED
from crawler.extraction.zones import Zone

if TYPE_CHECKING:
    from lxml.etree import _Element

    from crawler.extraction.document import Document, NamedElement, PageImage, PageLink

_WORD = re.compile(r"[^\W\d_]{3}|[\u4e00-\u9fff]")
EARLIEST_RELATED = 5  # blocks: a heading before that many is the page's own
SECTION_LEVELS = 4  # levels above a heading within which its section is thought to end


def mark_sections(document: Document) -> None:
    """Put other offers and answers into their zone, so that no field is read from them."""
    if RELATED.occur_in(document.folded):
        _mark_related(document)
    if document.posts:
        _mark_replies(document)


def _mark_related(document: Document) -> None:
    """Mark what stands under a heading like "Similar items".

    It ends at the next heading of its level, or where the part of the page that the heading stands in ends.
    """
    first, level, section = 0, 0, document.root
    for block in document.blocks:
        if first and (
            (0 < block.heading <= level and not RELATED.search(block.text)) or not stands_in(block.element, section)
        ):
            _mark(document, first, block.index, headings=1)
            first = 0
        elif not first and block.heading > 1 and block.index > EARLIEST_RELATED and RELATED.search(block.text):
            first, level, section = block.index, block.heading, _section_of(block.element)
    if first:
        _mark(document, first, len(document.blocks) + 1, headings=1)


def _section_of(element: _Element) -> _Element:
    for _ in range(SECTION_LEVELS):
        parent = element.getparent()
        if parent is None:
            break
        element = parent
    return element


def stands_in(element: _Element | None, container: _Element) -> bool:
    """Whether an element is `container` or lies within it."""
    while element is not None:
        if element is container:
            return True
        element = element.getparent()
    return False


def _mark_replies(document: Document) -> None:
    """Mark the answers of a conversation: its first post is the offer.

    Where posts are headed by links, the page is a list of articles and no conversation.
    """
    posts = document.posts
    linked = sum(1 for post in posts if _is_headed_by_a_link(post.element))
    if 2 * linked > len(posts):
        posts.clear()
    if len(posts) < 2:
        return
    last = posts[-1]
    end = next((one.index for one in document.blocks[last.block :] if not stands_in(one.element, last.element)), None)
    _mark(document, posts[1].block, len(document.blocks) + 1 if end is None else end, headings=0)


def _is_headed_by_a_link(post: _Element) -> bool:
    """Whether a heading of words leads elsewhere; a linked number or date is only the post's own address."""
    link = post.find(".//h2//a[@href]")
    return link is not None and _WORD.search("".join(str(part) for part in link.itertext())) is not None


def _mark(document: Document, first: int, last: int, *, headings: int) -> None:
    """Mark the blocks from `first` to before `last`, and what stands in them but for the first `headings`."""
    for block in document.blocks[first:last]:
        block.zone |= Zone.RELATED
    named = (one for elements in document.named.values() for one in elements)
    standing: list[PageLink | PageImage | NamedElement] = [*document.links, *document.images, *named]
    for one in standing:
        if first + headings <= one.block < last:
            one.zone |= Zone.RELATED
