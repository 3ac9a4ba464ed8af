"""A page read once: its blocks of text, links, pictures and labelled rows, in reading order.

One walk over the tree collects everything that the finders of single fields need, since walking is what costs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import define, field
from lxml import etree

from crawler.extraction.decoding import decode_body
from crawler.extraction.sections import mark_sections
from crawler.extraction.text import INLINE, UNSEEN, is_hidden, squeeze
from crawler.extraction.urls import Base, is_address
from crawler.extraction.zones import Zone, describe_names

if TYPE_CHECKING:
    from lxml.etree import _Element

HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_ZONED = {
    "nav": Zone.CHROME,
    "footer": Zone.CHROME,
    "aside": Zone.ASIDE,
    "form": Zone.FORM,
    "button": Zone.CONTROL,
    "label": Zone.LABEL,
}
_TEST_IDS = ("data-testid", "data-marker", "data-cy", "data-q", "data-qa-id", "data-test", "data-ds-component")
_TITLE = re.compile(rb"<title[^>]{0,200}>", re.IGNORECASE)
_MARKUP = re.compile(rb"</title\s*>|</?(?:head|body|meta|link|script|style|base)\b", re.IGNORECASE)
_HEAD = 100_000  # bytes in which a page's title begins, and the most that one may have
MOST_BLOCKS = 20_000  # lines or links after which a page is not read further: a long forum page has 5,000
MOST_ELEMENTS = 200_000
CHECKED_EVERY = 100  # elements
DEEPEST = 200  # levels; libxml2 itself stops a little above
# What forum software calls the posts of a thread: post-12, js-post-12, p12, pid_12, msg_12, elComment_12.
_POST_ID = re.compile(r"(?:js-)?(?:post|pid|msg|message|p|elComment)[-_]?(?P<number>\d+)", re.IGNORECASE)
_POSTS_MARK = re.compile(rb"\bid\s*=\s*[\"']?(?:js-)?(?:post|pid|msg|message|p|elComment)[-_]?\d", re.IGNORECASE)


@define
class Piece:
    """Text that stands directly in one element."""

    text: str
    element: _Element


@define
class Block:
    """A run of inline text between two block ends: what a reader takes for one line or paragraph."""

    pieces: list[Piece]
    element: _Element
    zone: int
    heading: int
    index: int
    text: str
    link_chars: int


@define
class PageLink:
    """A link as it stands on the page; `block` is the index of the block that holds or follows it."""

    href: str
    element: _Element
    zone: int
    block: int


@define
class NamedElement:
    """An element whose names hint at a field; `block` is the index of its first block."""

    element: _Element
    zone: int
    block: int


@define
class PageImage:
    """A picture as it stands on the page."""

    element: _Element
    zone: int
    block: int


@define
class Document:
    """The page, walked."""

    root: _Element
    url: str | None
    base: Base
    source: bytes
    language: str | None
    head_title: str
    meta: dict[str, str]
    blocks: list[Block] = field(factory=list)
    links: list[PageLink] = field(factory=list)
    images: list[PageImage] = field(factory=list)
    named: dict[str, list[NamedElement]] = field(factory=dict)
    posts: list[NamedElement] = field(factory=list)  # of a conversation, in order
    cut: bool = False  # whether the page was too large to be read to its end
    folded: str = ""  # the text of all blocks in lower case

    @property
    def shown(self) -> list[Block]:
        """The blocks outside navigation, footers and what is hidden."""
        return [block for block in self.blocks if not block.zone & Zone.OUTSIDE]


def parse_document(body: bytes | str, *, url: str | None, content_type: str | None) -> Document | None:
    """Parse and walk a page; None where there is nothing to parse."""
    source = decode_body(body, content_type)
    url = url if is_address(url) else None
    if not source.strip():
        return None
    source = _close_title(source)
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(source, parser)
    except etree.XMLSyntaxError:
        return None
    if root is None or not isinstance(root.tag, str):
        return None
    head = root.find("head")
    title, meta, base_url = _read_head(root, head, url)
    if url is None:
        url = _own_address(root, meta)
        base_url = base_url or url
    document = Document(
        root=root,
        url=url,
        base=Base.of(base_url),
        source=source,
        language=root.get("lang") or root.get("xml:lang"),
        head_title=title,
        meta=meta,
    )
    body_element = root.find("body")
    _Walk(document).visit(body_element if body_element is not None else root)
    document.folded = "\n".join([block.text for block in document.blocks]).lower()
    mark_sections(document)
    return document


def _close_title(source: bytes) -> bytes:
    """End a head title that holds markup or is never closed: parsers would take the rest of the page for its text."""
    opened = _TITLE.search(source, 0, _HEAD)
    if opened is None:
        return source
    markup = _MARKUP.search(source, opened.end(), opened.end() + _HEAD)
    if markup is None or markup[0].lower().startswith(b"</title"):
        return source
    return source[: markup.start()] + b"</title>" + source[markup.start() :]


def _own_address(root: _Element, meta: dict[str, str]) -> str | None:
    """The address a page gives itself, for a saved page whose address is not known."""
    for link in root.iter("link"):
        if (link.get("rel") or "").lower() == "canonical" and Base.of(link.get("href")).origin:
            return link.get("href")
    stated = meta.get("og:url")
    return stated if Base.of(stated).origin else None


def _read_head(root: _Element, head: _Element | None, url: str | None) -> tuple[str, dict[str, str], str | None]:
    title, base_url = "", url
    meta: dict[str, str] = {}
    for element in (root if head is None else head).iter("title", "meta", "base"):
        if element.tag == "title":
            title = title or squeeze("".join(str(part) for part in element.itertext()))
        elif element.tag == "base":
            href = element.get("href")
            if href:
                base_url = Base.of(url).resolve(href) or base_url
        else:
            name = element.get("property") or element.get("name")
            content = element.get("content")
            if name and content and content.strip():
                meta.setdefault(name.lower(), content.strip())
    return title, meta, base_url


def _ancestors_of_the_subject(root: _Element) -> set[_Element]:
    """Elements around the main heading: a page-wide wrapper called `has-sidebar` is no sidebar."""
    protected: set[_Element] = set()
    for subject in root.iter("h1", "main", "article"):
        if subject.tag == "main":
            protected.add(subject)
        for ancestor in subject.iterancestors():
            if ancestor in protected or ancestor.tag in {"nav", "footer", "header"}:
                break
            protected.add(ancestor)
        if subject.tag == "article":
            break
    return protected


class _Walk:
    """The one pass over the body."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._pieces: list[Piece] = []
        self._link_chars = 0
        self._elements = 0
        self._names: dict[str, tuple[tuple[str, ...], int]] = {}
        self._test_ids = b"data-" in document.source
        self._post_numbers: set[str] = set()
        self._has_posts = _POSTS_MARK.search(document.source) is not None
        self._protected = _ancestors_of_the_subject(document.root)

    def visit(self, body: _Element) -> None:
        self._enter(body, Zone.NONE, 0, body, in_link=False, depth=0)
        self._flush(body, Zone.NONE, 0)
        self._document.cut = self._is_full()

    def _is_full(self) -> bool:
        document = self._document
        return (
            len(document.blocks) >= MOST_BLOCKS or len(document.links) >= MOST_BLOCKS or self._elements > MOST_ELEMENTS
        )

    def _enter(self, element: _Element, zone: int, heading: int, block: _Element, *, in_link: bool, depth: int) -> None:
        if element.text:
            self._add(element.text, element, in_link=in_link)
        for child in element:
            tag = child.tag
            self._elements += 1
            if self._elements % CHECKED_EVERY == 0 and self._is_full():
                break
            if tag == "br":
                self._flush(block, zone, heading)
            elif tag not in UNSEEN and isinstance(tag, str) and depth < DEEPEST:
                self._child(child, tag, zone, heading, block, in_link=in_link, depth=depth)
            if child.tail:
                self._add(child.tail, element, in_link=in_link)

    def _child(
        self, child: _Element, tag: str, zone: int, heading: int, block: _Element, *, in_link: bool, depth: int
    ) -> None:
        if child.attrib:
            zone = self._read_names(child, tag, zone)
        zone |= _ZONED.get(tag, 0)
        if tag == "time":
            named = self._document.named.setdefault("<time>", [])
            named.append(NamedElement(child, zone, len(self._document.blocks)))
        if tag == "a":
            href = child.get("href")
            if href:
                self._document.links.append(PageLink(href, child, zone, len(self._document.blocks)))
                in_link = True
        elif tag == "img":
            self._document.images.append(PageImage(child, zone, len(self._document.blocks)))
            return
        if tag in INLINE:
            self._enter(child, zone, heading, block, in_link=in_link, depth=depth + 1)
            return
        self._flush(block, zone, heading)
        level = HEADINGS.get(tag, heading)
        self._enter(child, zone, level, child, in_link=in_link, depth=depth + 1)
        self._flush(child, zone, level)

    def _read_names(self, element: _Element, tag: str, zone: int) -> int:
        key = self._key(element, tag)
        if len(key) > 2:
            described = self._names.get(key)
            if described is None:
                described = self._names[key] = describe_names(key)
            fields, more = described
            if more and element not in self._protected:
                zone |= more
            for name in fields:
                self._document.named.setdefault(name, []).append(
                    NamedElement(element, zone, len(self._document.blocks))
                )
        if is_hidden(element):
            zone |= Zone.HIDDEN
        if self._has_posts and tag != "a":
            self._note_post(element, zone)
        return zone

    def _key(self, element: _Element, tag: str) -> str:
        key = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('itemprop') or ''}"
        if self._test_ids:
            key += f" {next((element.get(name) for name in _TEST_IDS if element.get(name)), '')}"
        if element.get("property"):  # RDFa
            key += f" {element.get('property')}"
        if element.get("role"):
            key += f" role={element.get('role')}"
        if "crumb" in (element.get("aria-label") or "").lower():
            key += " breadcrumb"
        return f"{key} <header>" if tag == "header" else key

    def _note_post(self, element: _Element, zone: int) -> None:
        match = _POST_ID.fullmatch(element.get("id") or "")
        if match is None or len(element) == 0:
            return
        number = match["number"]
        if number not in self._post_numbers:  # an anchor inside a post bears its number again
            self._post_numbers.add(number)
            self._document.posts.append(NamedElement(element, zone, len(self._document.blocks)))

    def _add(self, text: str, element: _Element, *, in_link: bool) -> None:
        if text.isspace():
            if self._pieces:
                self._pieces.append(Piece(" ", element))
            return
        self._pieces.append(Piece(text, element))
        if in_link:
            self._link_chars += len(text)

    def _flush(self, element: _Element, zone: int, heading: int) -> None:
        if not self._pieces:
            return
        pieces, self._pieces = self._pieces, []
        text = squeeze("".join([piece.text for piece in pieces]))
        if text:
            blocks = self._document.blocks
            blocks.append(Block(pieces, element, zone, heading, len(blocks), text, self._link_chars))
        self._link_chars = 0
