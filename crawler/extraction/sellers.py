"""Who offers: the account, since when it exists, and the licence it states."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from attrs import evolve

from crawler.extraction.facts import Facts, Found
from crawler.extraction.lexicon import find_field
from crawler.extraction.structured import Node, first, text_of
from crawler.extraction.text import read_text, squeeze
from crawler.extraction.zones import Zone
from pipelines.models import SellerRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

LONGEST_NAME = 60
SELLER_PATH = re.compile(
    r"/(?:users?|u|sellers?|members?|profiles?|profil|vendors?|dealers?|shops?|stores?|haendler|anbieter|verkaeufer|mitglied|nutzer|vendeurs?|"
    r"boutiques?|membre|vendedor(?:es)?|usuarios?|perfil|loja|tienda|anunciante|polzovatel|prodavets|account|people|agents?|seller-?profile|ffl)"
    r"(?:[/=.-]|\?)(?!(?:login|register|new|create|index)\b)[^/?#]",
    re.IGNORECASE,
)
_BY = re.compile(
    r"^(?:posted|sold|listed|published|offered|submitted|advertised) by[:\s]+(.{2,60})$|^(?:verkauft|eingestellt|angeboten) von[:\s]+(.{2,60})$|"
    r"^(?:publi[ée]e? par|vendu par|propos[ée]e? par)[:\s]+(.{2,60})$|^(?:publicado|vendido|anunciado) por[:\s]+(.{2,60})$",
    re.IGNORECASE,
)
_LICENCE = re.compile(r"(?<!\d)\d-\d{2}-\d{3}-\d{2}-\d[A-Z0-9]-\d{5}(?!\d)")  # an FFL number, 27 CFR 478.92's layout
_SINCE = re.compile(
    r"(?:member|user|registered|joined|on \w+|seller|active|selling)?\s?(?:since|joined)[:\s]+(.{4,30})$|(?:seit|depuis|desde|membro desde|عضو منذ|منذ|注册于|加入于)[:：\s]*(.{4,30})$|"
    r"(?:на сайте с|зарегистрирован[а]?)[:\s]*(.{4,30})$",
    re.IGNORECASE,
)


def find_seller(facts: Facts) -> Found[SellerRef] | None:
    """Find the account behind an offer, with its id from its profile's address where there is one."""
    found = _structured(facts) or _labelled(facts) or _linked(facts) or _named(facts) or _written(facts)
    if found is None:
        return None
    url = found.value.url or _profile_of(found.value.name, facts)
    seller = evolve(found.value, url=url, id=seller_id(url) or found.value.id)
    joined, licence = find_joined(facts), find_licence(facts)
    return evolve(found, value=evolve(seller, joined=seller.joined or joined, licence=licence))


def seller_id(url: str | None) -> str | None:
    """The account's own part of its profile's address: a parameter's value, else the last telling part of the path."""
    if not url:
        return None
    parts = urlsplit(url)
    for key, value in parse_qsl(parts.query):
        if (
            key.lower()
            in {
                "id",
                "uid",
                "user",
                "seller",
                "u",
                "user_id",
                "userid",
                "seller_id",
                "member",
                "username",
                "name",
                "anbieter",
                "nutzer",
                "vendedor",
            }
            and value
        ):
            return value
    segments = [segment for segment in parts.path.split("/") if segment]
    match = SELLER_PATH.search(parts.path)
    if match:
        rest = parts.path[match.end() - 1 :].split("/")
        if rest[0]:
            return re.sub(r"\.(?:html?|php|aspx?)$", "", rest[0])
    return segments[-1] if segments else None


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
        if row.field != "seller":
            continue
        link = _seller_link(row.element, facts)
        name = squeeze(read_text(link)) if link is not None else squeeze(row.value.partition("\n")[0])
        if 0 < len(name) <= LONGEST_NAME and find_field(name) is None:
            url = facts.document.base.resolve(link.get("href") or "") if link is not None else None
            return Found(value=SellerRef(id=name, name=name, url=url), source="label", detail=row.label)
    return None


def _seller_link(element: _Element, facts: Facts) -> _Element | None:
    for link in [element] if element.tag == "a" else element.iter("a"):
        if link.get("href") and squeeze(read_text(link)):
            return link
    return None


def _linked(facts: Facts) -> Found[SellerRef] | None:
    pattern = facts.hints.seller_links or SELLER_PATH
    for link in facts.document.links:
        if link.zone & Zone.OUTSIDE or not pattern.search(link.href):
            continue
        url = facts.document.base.resolve(link.href)
        name = squeeze(read_text(link.element))
        if url and 1 < len(name) <= LONGEST_NAME and link.block >= facts.title_block - 6:
            return Found(value=SellerRef(id=name, name=name, url=url), source="structure", detail="link to a profile")
    return None


def _named(facts: Facts) -> Found[SellerRef] | None:
    for text, element in _named_texts(facts):
        if (
            find_field(text) is None
            and not text.endswith(":")
            and re.search(r"[^\W\d_]", text)
            and text.lower() not in facts.site_names
        ):
            link = _seller_link(element, facts)
            url = facts.document.base.resolve(link.get("href") or "") if link is not None else None
            detail = f"class={element.get('class') or element.get('id') or ''}"[:60]
            return Found(value=SellerRef(id=text, name=text, url=url), source="structure", detail=detail)
    return None


def _named_texts(facts: Facts) -> Iterator[tuple[str, _Element]]:
    """Short texts in elements named after sellers, those whose name also says `name` first."""
    named = [one for one in facts.document.named.get("seller", ()) if not one.zone & Zone.OUTSIDE]
    named.sort(
        key=lambda one: (
            one.block < facts.title_block,
            "name" not in f"{one.element.get('class')}{one.element.get('itemprop')}".lower(),
        )
    )
    for one in named[:12]:
        text = squeeze(read_text(one.element))
        if 1 < len(text) <= LONGEST_NAME:
            yield text, one.element


def _written(facts: Facts) -> Found[SellerRef] | None:
    for block in facts.document.shown:
        match = _BY.match(block.text)
        if match:
            name = next(group for group in match.groups() if group).strip()
            return Found(
                value=SellerRef(id=name, name=name),
                source="heuristic",
                detail=block.text[: match.start(match.lastindex or 1)].strip(),
            )
    return None


def _profile_of(name: str | None, facts: Facts) -> str | None:
    """The address of the link on the page that bears the seller's name and leads to a profile."""
    pattern = facts.hints.seller_links or SELLER_PATH
    for link in facts.document.links:
        if pattern.search(link.href) and squeeze(read_text(link.element)) == name:
            return facts.document.base.resolve(link.href)
    return None


def find_joined(facts: Facts) -> str | None:
    """Since when the account exists: an ISO date, or the site's own wording where it could not be read."""
    row = facts.row("joined")
    stated = row.value if row and len(row.value) <= LONGEST_NAME else None
    if stated is None:
        for block in facts.document.shown:
            match = _SINCE.search(block.text) if len(block.text) <= LONGEST_NAME else None
            if match and any(character.isdigit() for character in block.text):
                stated = next(group for group in match.groups() if group)
                break
    return (facts.read_date(stated) or squeeze(stated)) if stated else None


def find_licence(facts: Facts) -> str | None:
    """The licence number that the page states, as stated."""
    row = facts.row("licence")
    if row and any(character.isdigit() for character in row.value) and len(row.value) <= LONGEST_NAME:
        return squeeze(row.value)
    for block in facts.document.shown:
        match = _LICENCE.search(block.text)
        if match:
            return match[0]
    return None
