"""Who offers: the account, since when it exists, and the licence it states."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from attrs import evolve

from crawler.extraction.accounts import (
    LONGEST_NAME,
    SELLER_PATH,
    SINCE_WHEN,
    account_id,
    find_joined,
    find_licence,
    is_profile,
)
from crawler.extraction.facts import Facts, Found, words_of
from crawler.extraction.lexicon import LOGIN, SINCE, find_field
from crawler.extraction.sections import stands_in
from crawler.extraction.structured import Node, first, text_of
from crawler.extraction.text import read_text, squeeze
from crawler.extraction.zones import Zone
from pipelines.models import SellerRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from crawler.extraction.document import NamedElement

MOST_WORDS = 8
NEIGHBOURS = 8  # blocks that count as one place
NEAR_TITLE = 6  # blocks above the title among which a profile's link may stand
_ROLE = re.compile(  # what kind of account it is, and not what it is called
    r"(?:private?r?|privat\w+|gewerblich\w*|commercial|business|professional|professionnel\w*|particuli[eè]re?|particular|"
    r"profesional|частн\w+|verified|trusted|top)"
    r"(?:\s(?:seller|person|user|member|account|dealer|nutzer|anbieter|verkäufer|vendeur|vendedor|лицо|продавец))?",
    re.IGNORECASE,
)
_WRITERS = frozenset({"author", "by", "auteur", "autor", "автор"})
_AVATAR = re.compile(r"avatar|profile|userpic", re.IGNORECASE)
_COMPANY_NUMBER = re.compile(  # what registers of several countries call their numbers
    r"\b(?:siren|siret|rcs|hrb|ust-?id(?:nr)?|vat (?:no|number|reg)|c\.?i\.?f|n\.?i\.?f|cnpj|p\.? ?iva|kvk|regon|nip|"
    r"инн|огрн|dič|abn)\b\D{0,15}\d{2}",
    re.IGNORECASE,
)
_BY_NAME = re.compile(r"^(?:by|von|de|par|por|от|автор)[:\s]\s*", re.IGNORECASE)
_CONTACT_LINE = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+|\+?[\d\s()/.-]{6,20}")
_HOUSES = frozenset({"organization", "localbusiness", "store", "onlinestore", "sportinggoodsstore", "corporation"})
_NAMED_HANDLE = re.compile(r"(?P<name>\S.{0,58}?)\s\(@[\w.-]{2,40}(?:@[\w.-]{3,60})?\)")
_NO_NAME = re.compile(
    r"\b(?:reviews?|ratings?|feedback|contact|inquire|about|send|message|follow|view|show|see|visit|more|share|"
    r"report|save|other|listings?|ads|items|"
    r"profile|call|kontakt\w*|nachricht|anzeigen|folgen|bewertung\w*|contacter|voir|annonces|envoyer|contactar|"
    r"ver|anuncios|mensaje|enviar|"
    r"mensagem|написать|показать)\b",
    re.IGNORECASE,
)
_SHOP_PATH = re.compile(r"/(?:shops?|stores?|boutiques?|lojas?|tiendas?)/([^/?#-]{2,40})(?:[/?#]|$)", re.IGNORECASE)
_BY = re.compile(
    r"^(?:posted|sold|listed|published|offered|submitted|advertised) by[:\s]+(.{2,60})$|^(?:verkauft|"
    r"eingestellt|angeboten) von[:\s]+(.{2,60})$|"
    r"^(?:publi[ée]e? par|vendu par|propos[ée]e? par)[:\s]+(.{2,60})$|^(?:publicado|vendido|"
    r"anunciado) por[:\s]+(.{2,60})$",
    re.IGNORECASE,
)


def find_seller(facts: Facts) -> Found[SellerRef] | None:
    """Find the account behind an offer, with its id from its profile's address where there is one."""
    found = (
        _structured(facts)
        or _first_poster(facts)
        or _stated_handle(facts)
        or _labelled(facts)
        or _written(facts)
        or _linked(facts)
        or _named(facts)
        or _shop_link(facts)
        or _beside_contact(facts)
        or _beside_company_number(facts)
        or _above_since(facts)
        or _beside_avatar(facts)
        or _handle(facts)
        or _licensed_house(facts)
    )
    if found is None:
        return None
    url = found.value.url or _profile_of(found.value.name, facts)
    seller = evolve(found.value, url=url, id=account_id(url, facts) or found.value.id)
    joined, licence = find_joined(facts), find_licence(facts)
    return evolve(found, value=evolve(seller, joined=seller.joined or joined, licence=licence))


def _structured(facts: Facts) -> Found[SellerRef] | None:
    nodes: list[tuple[Node, tuple[str, ...]]] = []
    if facts.offer:
        nodes.extend(
            (facts.offer, path)
            for path in (("offers", "seller"), ("seller",), ("offers", "offeredBy"), ("offeredBy",), ("provider",))
        )
    nodes.extend((posting, ("author",)) for posting in facts.structured.postings[:1])
    for node, path in nodes:
        name = text_of(node.data, *path)
        if name and len(name) <= LONGEST_NAME and not name.startswith("http") and name.lower() not in facts.site_names:
            data = first(node.data, *path)
            url = facts.document.base.resolve(text_of(data, "url") or "") if isinstance(data, dict) else None
            url = (
                url
                if url
                and urlsplit(url).netloc == urlsplit(facts.document.base.origin).netloc
                and SELLER_PATH.search(url)
                else None
            )
            return Found(
                value=SellerRef(id=_stated_id(data) or name, name=name, url=url),
                source=node.source,
                detail=f"{node.path}.{'.'.join(path)}",
            )
    return None


def _stated_id(data: Any) -> str | None:
    return (text_of(data, "identifier") or text_of(data, "identifier", "value")) if isinstance(data, dict) else None


def _labelled(facts: Facts) -> Found[SellerRef] | None:
    for row in facts.rows:
        if row.field != "seller" or (facts.offer and row.label.lower() in _WRITERS):
            continue
        link = _link_in(row.element)
        name = squeeze(read_text(link)) if link is not None else squeeze(row.value.partition("\n")[0])
        if _is_name(name, facts):
            return _found(name, link, facts, source="label", detail=row.label)
    return None


def _first_poster(facts: Facts) -> Found[SellerRef] | None:
    """Find who wrote a conversation's first post: stated on it, or the first profile or author named in it."""
    if not facts.document.posts:
        return None
    first, end = facts.document.posts[0], facts.end_of_first_post
    stated = squeeze(first.element.get("data-author") or "")
    if stated and len(stated) <= LONGEST_NAME:
        return _found(stated, None, facts, source="structure", detail="data-author of the first post")
    for link in facts.document.links:
        if first.block <= link.block < end and is_profile(link.href, facts) and stands_in(link.element, first.element):
            name = squeeze(read_text(link.element))
            if _is_name(name, facts):
                return _found(name, link.element, facts, source="structure", detail="profile in the first post")
    for named in facts.document.named.get("seller", ()):
        name = squeeze(read_text(named.element))
        if first.block <= named.block < end and stands_in(named.element, first.element) and _is_name(name, facts):
            return _found(name, _link_in(named.element), facts, source="structure", detail="author of the first post")
    return None


def _link_in(element: _Element) -> _Element | None:
    for link in [element] if element.tag == "a" else element.iter("a"):
        if link.get("href") and squeeze(read_text(link)):
            return link
    return None


def _found(name: str, link: _Element | None, facts: Facts, *, source: str, detail: str) -> Found[SellerRef]:
    url = facts.document.base.resolve(link.get("href") or "") if link is not None else None
    return Found(value=SellerRef(id=name, name=name, url=url), source=source, detail=detail[:60])


def _linked(facts: Facts) -> Found[SellerRef] | None:
    for link in facts.document.links:
        if link.zone & Zone.OUTSIDE or link.block < facts.title_block - NEAR_TITLE or not is_profile(link.href, facts):
            continue
        name = squeeze(read_text(link.element))
        if _is_name(name, facts):
            return _found(name, link.element, facts, source="structure", detail="link to a profile")
    return None


def _shop_link(facts: Facts) -> Found[SellerRef] | None:
    """Find a link to a shop whose text is the shop's own part of the address: `/shop/BirchAndSteel`."""
    for link in facts.document.links:
        match = _SHOP_PATH.search(link.href) if not link.zone & Zone.OUTSIDE else None
        name = squeeze(read_text(link.element)) if match else ""
        if match and name and "".join(words_of(name)) == "".join(words_of(match[1])) and _is_name(name, facts):
            return _found(name, link.element, facts, source="structure", detail="link to a shop")
    return None


def _named(facts: Facts) -> Found[SellerRef] | None:
    for text, element in _named_texts(facts):
        if _is_name(text, facts):
            detail = f"class={element.get('class') or element.get('id') or ''}"
            return _found(text, _link_in(element), facts, source="structure", detail=detail)
    return None


def _named_texts(facts: Facts) -> Iterator[tuple[str, _Element]]:
    """One-line texts in elements named after sellers: below the title first, and those whose names say `name`."""
    named = [
        one
        for one in facts.document.named.get("seller", ())
        if not one.zone & Zone.OUTSIDE or (one.element.get("itemprop") or "").lower() == "seller"
    ]
    if "price" in _itemprops(facts):  # whoever wrote a product is not who sells it
        named = [one for one in named if (one.element.get("itemprop") or "").lower() != "author"]
    named.sort(key=lambda one: (*_distance(one, facts), not _says_name(one.element)))
    for one in named[:12]:
        text = one.element.get("content") or read_text(one.element)
        if "\n" not in text:
            yield _BY_NAME.sub("", squeeze(text)).partition(" » ")[0], one.element


def _distance(named: NamedElement, facts: Facts) -> tuple[bool, bool, int]:
    return named.element.get("content") is None, named.block < facts.title_block, named.block // NEIGHBOURS


def _itemprops(facts: Facts) -> set[str]:
    return {(one.element.get("itemprop") or "").lower() for one in facts.document.named.get("price", ())}


def _says_name(element: _Element) -> bool:
    return "name" in f"{element.get('class')} {element.get('itemprop')} {element.get('id')}".lower()


def _is_name(text: str, facts: Facts) -> bool:
    """Whether a short text can be what an account is called: no label, date, number, address or words of the page."""
    return (
        1 < len(text) <= LONGEST_NAME
        and len(text.split()) <= MOST_WORDS
        and re.search(r"[^\W\d_]", text) is not None
        and not text.endswith((":", "：", "?", "!"))
        and "://" not in text
        and (len(set(text.lower())) > 1 or not text.isascii())  # "xxx" is no name, 露露 is one
        and find_field(text) is None
        and text.lower() not in facts.site_names
        and LOGIN.search(text) is None
        and _NO_NAME.search(text) is None
        and _ROLE.fullmatch(text) is None
        and facts.read_date(text) is None
    )


def _beside_contact(facts: Facts) -> Found[SellerRef] | None:
    """Find a short line right before an e-mail address or a phone number that stands alone."""
    for before, block in pairwise(facts.document.shown):
        if block.index <= facts.title_block or len(block.text) > LONGEST_NAME or before.heading or before.link_chars:
            continue
        if (
            _CONTACT_LINE.fullmatch(block.text)
            and _is_name(before.text, facts)
            and not any(map(str.isdigit, before.text))
        ):
            return _found(before.text, None, facts, source="heuristic", detail="beside a contact")
    return None


def _beside_company_number(facts: Facts) -> Found[SellerRef] | None:
    """Find the name that a register's number of a company stands beside."""
    for before, block in pairwise(facts.document.shown):
        if len(block.text) > 3 * LONGEST_NAME or not _COMPANY_NUMBER.search(block.text):
            continue
        link = _link_in(block.element)
        name = squeeze(read_text(link)) if link is not None else before.text
        if _is_name(name, facts):
            return _found(name, link, facts, source="heuristic", detail="beside a company's number")
    return None


def _above_since(facts: Facts) -> Found[SellerRef] | None:
    """Find the name right above `Member since 2019`, or one line further up."""
    if not SINCE.occur_in(facts.document.folded):
        return None
    shown = facts.document.shown
    for place, block in enumerate(shown):
        if block.index <= facts.title_block or len(block.text) > LONGEST_NAME or not SINCE_WHEN.search(block.text):
            continue
        if not any(map(str.isdigit, block.text)):
            continue
        for above in reversed(shown[max(0, place - 2) : place]):
            if above.index > facts.title_block and _is_name(above.text, facts):
                return _found(above.text, _link_in(above.element), facts, source="heuristic", detail="above since")
    return None


def _beside_avatar(facts: Facts) -> Found[SellerRef] | None:
    """Find a line beside a person's picture whose alternative text says the same."""
    blocks = facts.document.blocks
    for image in facts.document.images:
        alt = squeeze(image.element.get("alt") or "")
        if not alt or len(alt) > 2 * LONGEST_NAME or image.zone & Zone.OUTSIDE:
            continue
        if not _AVATAR.search(f"{image.element.get('class')} {image.element.get('src')} {alt}"):
            continue
        for block in blocks[image.block : image.block + 3]:
            if block.text in alt and not block.zone & Zone.OUTSIDE and _is_name(block.text, facts):
                return _found(block.text, _link_in(block.element), facts, source="heuristic", detail="beside an avatar")
    return None


def _licensed_house(facts: Facts) -> Found[SellerRef] | None:
    """Take the site itself for the seller where the page states a licence and names nobody: a dealer's own shop."""
    if find_licence(facts) is None:
        return None
    houses = [text_of(node.data, "name") for node in facts.structured.nodes if node.type in _HOUSES]
    host = urlsplit(facts.document.base.origin).hostname
    name = next((one for one in houses if one and len(one) <= LONGEST_NAME), facts.document.meta.get("og:site_name"))
    identity = name or host
    return Found(value=SellerRef(id=identity, name=name), source="structure", detail="licence") if identity else None


def _stated_handle(facts: Facts) -> Found[SellerRef] | None:
    """Find `Ada Lake (@ada@a.example)` as a page's own name: networks call a message's page by its account."""
    named = _NAMED_HANDLE.fullmatch(facts.document.meta.get("og:title", ""))
    return _found(named["name"], None, facts, source="opengraph", detail="og:title") if named else None


def _handle(facts: Facts) -> Found[SellerRef] | None:
    """Find `@name` in a head title: pages of messengers and networks call themselves by the account."""
    match = re.search(r"(?<!\w)@\w{3,40}", facts.document.head_title)
    return _found(match[0], None, facts, source="heuristic", detail="head title") if match else None


def _written(facts: Facts) -> Found[SellerRef] | None:
    for block in facts.document.shown:
        match = _BY.match(block.text)
        name = next(group for group in match.groups() if group).strip() if match else ""
        if match and _is_name(name, facts):
            return _found(name, _link_in(block.element), facts, source="heuristic", detail="written")
    return None


def _profile_of(name: str | None, facts: Facts) -> str | None:
    """The address of the link on the page that bears the seller's name and leads to a profile."""
    for link in facts.document.links:
        if is_profile(link.href, facts) and squeeze(read_text(link.element)) == name:
            return facts.document.base.resolve(link.href)
    return None
