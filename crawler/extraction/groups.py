"""Repeated structure: links that look and stand alike are the entries of a list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import define, field

from crawler.extraction.accounts import leads_to_account
from crawler.extraction.lexicon import NEXT
from crawler.extraction.text import read_text, squeeze
from crawler.extraction.urls import canonicalise_url
from crawler.extraction.zones import Zone

if TYPE_CHECKING:
    from lxml.etree import _Element

    from crawler.extraction.document import Document, PageLink

LEAST_ENTRIES = 3
FIRST_ENTRIES = 8  # entries that are looked at closely
LONGEST_ENTRY = 150.0  # characters of an entry that count
ABOVE_HEADING = 0.3
_DIGITS = re.compile(r"\d+")
_PAGE = re.compile(
    r"[?&/](?:page|p|seite|pag|pagina|página|pg|start|offset|o|from|страница|stranica)[=/-]?\d+(?:[/&.]|$)|"
    r"/page-\d+|/\d{1,3}\.html?$|index\d+\.html",
    re.IGNORECASE,
)
_PART_OF_A_PAGE = re.compile(r"/comment/|/goto/|showpost|reply|permalink|/report|/share", re.IGNORECASE)
_CATEGORY = re.compile(
    r"/(?:c|cat|category|categories|kategorie|kategorien|rubrik|categorie|categories|rubrique|categoria|"
    r"categorias|section|browse|search|listings|listado|"
    r"anzeigen|annonces|anuncios|catalog|catalogue|katalog|forum|forums|board|f)(?:[/=?.-]|$)",
    re.IGNORECASE,
)
_MONEY = re.compile(r"[$€£₽₴₺₹¥₩]\s?\d|\d[\d.,\s]*\s?(?:[€$£₽₴₺₹¥]|EUR|USD|GBP|руб|zł|kr|元|円|CHF|R\$)")
_NO_ENTRIES = (_PAGE, _PART_OF_A_PAGE)


@define
class Group:
    """Links of one look: their canonical addresses in page order, and where they stand."""

    links: list[PageLink] = field(factory=list)
    urls: dict[str, PageLink] = field(factory=dict)
    texts: list[str] = field(factory=list)

    @property
    def first_block(self) -> int:
        """The index of the block at which the list begins."""
        return min(link.block for link in self.links)

    @property
    def last_block(self) -> int:
        """The index of the block at which the list ends."""
        return max(link.block for link in self.links)

    def priced(self) -> int:
        """How many of its first entries show an amount of money."""
        return sum(1 for text in self.entry_texts() if _MONEY.search(text))

    def entry_texts(self) -> list[str]:
        """The texts of its first entries, each with all that stands in the entry."""
        if not self.texts:
            self.texts.extend(_entry_text(link.element, self) for link in list(self.urls.values())[:FIRST_ENTRIES])
        return self.texts

    def mean_entry(self) -> float:
        """The mean length of its first entries, in characters."""
        texts = self.entry_texts()
        return sum(map(len, texts)) / max(1, len(texts))


def find_groups(document: Document) -> list[Group]:
    """Find the lists of links outside navigation, largest text first, each with at least three entries."""
    groups: dict[tuple[str, ...], Group] = {}
    for link in document.links:
        if link.zone & (Zone.CHROME | Zone.HIDDEN | Zone.RELATED):
            continue
        url = document.base.resolve(link.href)
        if (
            not url
            or url == document.url
            or leads_to_account(url)
            or any(pattern.search(url) for pattern in _NO_ENTRIES)
        ):
            continue
        group = groups.setdefault(_look(link.element, url), Group())
        group.links.append(link)
        if url not in group.urls:
            group.urls[url] = link
    found = [group for group in groups.values() if len(group.urls) >= LEAST_ENTRIES]
    heading = next((b.index for b in document.blocks if b.heading == 1 and not b.zone & Zone.OUTSIDE), 0)
    return sorted(found, key=lambda group: _weight(group, heading), reverse=True)


def _weight(group: Group, heading: int) -> float:
    """Entries times the length of what they say, more with prices and pictures, less above the main heading."""
    mean = min(LONGEST_ENTRY, group.mean_entry())
    pictured = any(link.element.find(".//img") is not None for link in group.links[:3])
    weight = len(group.urls) * (mean + 15 * pictured) * (1 + 2 * (group.priced() >= LEAST_ENTRIES))
    return weight * (ABOVE_HEADING if group.last_block < heading else 1.0)


def _look(element: _Element, url: str) -> tuple[str, ...]:
    parts = []
    current: _Element | None = element
    for _ in range(4):
        if current is None or current.tag == "body":
            break
        parts.append(f"{current.tag}.{_DIGITS.sub('', (current.get('class') or '').split(' ')[0])}")
        current = current.getparent()
    return (*parts, _shape(url))


def _shape(url: str) -> str:
    """The domain alone: entries of one list may lie in many folders, but outward links form groups of their own."""
    host = url.partition("://")[2].partition("/")[0].partition(":")[0]
    return ".".join(host.split(".")[-2:])


def _entry_text(element: _Element, group: Group) -> str:
    """The text of the whole entry around a link: up to where the next entry's link would be inside."""
    others = {id(link.element) for link in group.links}
    entry, current = element, element.getparent()
    for _ in range(6):
        if current is None or current.tag == "body":
            break
        inside = {canonicalise_url(link.get("href") or "") for link in current.iter("a") if id(link) in others}
        if len(inside) > 1:
            break
        entry, current = current, current.getparent()
    return squeeze(read_text(entry))


def is_page_turn(link: PageLink, url: str) -> bool:
    """Whether a link leads to another page of the same list."""
    relation = (link.element.get("rel") or "").lower()
    if relation in {"next", "prev"}:
        return True
    text = squeeze(read_text(link.element)).lower()
    return (text in NEXT or text.isdecimal()) and (_PAGE.search(url) is not None or text in NEXT)


def is_category(url: str) -> bool:
    """Whether an address by its own words leads to a list."""
    return _CATEGORY.search(url) is not None
