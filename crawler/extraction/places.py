"""Where the thing is, and how it may be had."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from crawler.extraction.facts import Facts, Found
from crawler.extraction.lexicon import MAP, find_field
from crawler.extraction.structured import first, text_of
from crawler.extraction.text import read_text, squeeze
from crawler.extraction.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

LONGEST_PLACE = 120
LONGEST_WRITTEN = 60
MOST_WORDS = 7
MOST_ICONS = 500  # of a page
_PINS = "📍📌🗺️"
_NO_PLACE = re.compile(r"://|[$€£¥₽]|\d[.,]\d|@")
_PIN_NAME = re.compile(r"(?:^|[\W_])(?:map-?marker|map-?pin|pin|location|place|geo|marker)(?:$|[\W_])", re.IGNORECASE)
_MAP_HREF = re.compile(
    r"^geo:|//(?:www\.|maps\.)?google\.[a-z.]+/maps|//maps\.(?:google|apple|app\.goo)|goo\.gl/maps|openstreetmap\.org|"
    r"//yandex\.[a-z]+/maps|bing\.com/maps",
    re.IGNORECASE,
)
_META_KEYS = (
    ("og:locality", "og:region"),
    ("business:contact_data:locality", "business:contact_data:region"),
    ("geo.placename",),
)
_FROM = re.compile(
    r"(?:(?:this )?(?:item|product|seller)? ?(?:is )?(?:located|based) (?:in|at|near)|(?:item )?location|"
    r"(?:ships?|shipping|dispatched|dispatches|sent|shipped|posted|delivered) from|pick-?up (?:in|at|from)|"
    r"collection (?:in|at|from)|standort|(?:befindet sich|abzuholen|abholung|selbstabholung|standort) in|"
    r"versand (?:aus|von)|(?:situé|située|visible|disponible) à|expédié (?:de|depuis)|envoi depuis|"
    r"(?:ubicado|situado|se encuentra|se vende) en|(?:envío|enviado|se envía) desde|"
    r"(?:localizado|fica) em|(?:envio|enviado) de|находится в|отправка из|город|"
    r"si trova a|spedito da|ophalen in|verzonden vanuit|wysyłka z)\b\s*:?\s+(?P<place>[^\W\d_].*)|"
    r"(?-i:From (?P<origin>[A-Z][^\W\d_]+(?:,? [A-Z][^\W\d_]+){0,3})$)",
    re.IGNORECASE,
)
_PARTS = ("addressLocality", "addressRegion")
_CODE = re.compile(r"^[A-Z]{2}$")


def find_location(facts: Facts) -> Found[str] | None:
    """Find the place as the page writes it."""
    return (
        _labelled(facts)
        or _itemprops(facts)
        or _structured(facts)
        or _named(facts)
        or _written(facts)
        or _pinned(facts)
        or _mapped(facts)
        or _meta(facts)
    )


def find_country(facts: Facts) -> Found[str] | None:
    """Find the country (ISO 3166-1 alpha-2) where the page states its code, else the site's own."""
    for path, source, detail in _addresses(facts):
        stated = text_of(path, "addressCountry") or text_of(path, "address", "addressCountry")
        if stated and _CODE.match(stated.upper()) and len(stated) == 2:
            return Found(value=stated.upper(), source=source, detail=detail)
    row = facts.row("country")
    if row and _CODE.match(row.value):
        return Found(value=row.value, source="label", detail=row.label)
    return Found(value=facts.hints.country, source="heuristic", detail="site file") if facts.hints.country else None


def find_shipping(facts: Facts) -> Found[str] | None:
    """Find what the page says under a shipping label."""
    row = facts.row("shipping")
    return Found(value=squeeze(row.value)[:300], source="label", detail=row.label) if row else None


def _addresses(facts: Facts) -> Iterator[tuple[Any, str, str]]:
    offer = facts.offer
    if offer is None:
        return
    for path in (
        ("offers", "availableAtOrFrom", "address"),
        ("availableAtOrFrom", "address"),
        ("offers", "seller", "address"),
        ("seller", "address"),
        ("offers", "offeredBy", "address"),
        ("address",),
        ("location", "address"),
        ("areaServed",),
        ("offers", "areaServed"),
        ("contentLocation",),
    ):
        found = first(offer.data, *path)
        if found:
            yield found, offer.source, f"{offer.path}.{'.'.join(path)}"


def _structured(facts: Facts) -> Found[str] | None:
    for address, source, detail in _addresses(facts):
        if isinstance(address, str):
            return Found(value=squeeze(address), source=source, detail=detail)
        parts = [part for key in _PARTS if (part := text_of(address, key))] or [
            part for part in [text_of(address, "name")] if part
        ]
        if parts:
            return Found(value=", ".join(dict.fromkeys(parts)), source=source, detail=detail)
    return None


def _labelled(facts: Facts) -> Found[str] | None:
    row = facts.row("location")
    text = _plain_place(_apart(row.element) if row.value == read_text(row.element) else row.value) if row else ""
    if row and 1 < len(text) <= LONGEST_PLACE and re.search(r"[^\W\d_]", text):
        return Found(value=text, source="label", detail=row.label)
    return None


def _apart(element: _Element) -> str:
    """Text with commas where parts stand in elements of their own without a space between."""
    joined = ""
    for part in read_text(element).split("\n"):
        joined = f"{joined}, {part}" if joined else part
    pieces = [squeeze(str(piece)) for piece in element.itertext() if str(piece).strip()]
    glued = all(str(piece) == str(piece).strip() for piece in element.itertext())
    return ", ".join(pieces) if glued and len(pieces) > 1 else joined


def _plain_place(text: str) -> str:
    """A place without the words of its link to a map and without its label."""
    squeezed = squeeze(MAP.remove_from(text))
    label, colon, rest = squeezed.partition(":")
    squeezed = rest if colon and find_field(label) else squeezed
    return squeezed.strip(" ,;:-–|·()[]")


def _itemprops(facts: Facts) -> Found[str] | None:
    texts = [
        squeeze(read_text(named.element)) or named.element.get("content") or ""
        for named in facts.document.named.get("location", ())
        if (named.element.get("itemprop") or "").lower() in {"addresslocality", "addressregion"}
        and not named.zone & (Zone.CHROME | Zone.RELATED)
    ]
    texts = [text for text in dict.fromkeys(texts) if text]
    return Found(value=", ".join(texts[:2]), source="microdata", detail="address") if texts else None


def _named(facts: Facts) -> Found[str] | None:
    for named in facts.document.named.get("location", ()):
        if named.zone & Zone.OUTSIDE or named.block < facts.title_block - 3:
            continue
        text = read_text(named.element)
        if "\n" in text or next(named.element.iter("input", "button"), None) is not None:
            continue
        text = _plain_place(text)
        if 2 < len(text) <= LONGEST_PLACE and find_field(text) is None and re.search(r"[^\W\d_]{2}", text):
            return Found(
                value=text,
                source="structure",
                detail=f"class={named.element.get('class') or named.element.get('id') or ''}"[:60],
            )
    return None


def _written(facts: Facts) -> Found[str] | None:
    """Find a line that begins with `Located in`, `Ships from` and the like."""
    for block in facts.document.shown:
        match = _FROM.match(block.text) if len(block.text) <= LONGEST_PLACE else None
        stated = match["place"] or match["origin"] if match else ""
        place = _plain_place(stated)
        if place and _is_place(place, facts):
            return Found(value=place, source="heuristic", detail=block.text[: -len(stated)].strip()[:40])
    return None


def _pinned(facts: Facts) -> Found[str] | None:
    """Find a line with a map pin: a character, a picture, or an empty element named after places."""
    for block in facts.document.shown:
        if block.text[:1] in _PINS and _is_place(place := _plain_place(block.text.strip(_PINS)), facts):
            return Found(value=place, source="heuristic", detail="map pin")
    named = facts.document.named.get("location", ())[:MOST_ICONS]
    icons = [one.element for one in named if not one.zone & Zone.OUTSIDE]
    if b"<svg" in facts.document.source or b"<i " in facts.document.source:
        icons.extend(islice(_icons(facts), MOST_ICONS))
    for icon in icons:
        parent = icon.getparent()
        if parent is None or read_text(icon) or "\n" in (text := read_text(parent)):
            continue
        if _is_place(place := _plain_place(text), facts):
            return Found(value=place, source="structure", detail="map pin")
    return None


def _icons(facts: Facts) -> Iterator[_Element]:
    for element in facts.document.root.iter("svg", "i"):
        used = " ".join(use.get("href") or use.get("xlink:href") or "" for use in element.iter("use"))
        if _PIN_NAME.search(f"{element.get('class') or ''} {element.get('aria-label') or ''} {used}"):
            yield element


def _mapped(facts: Facts) -> Found[str] | None:
    """Find the text of a link to a map."""
    for link in facts.document.links:
        if not link.zone & Zone.OUTSIDE and _MAP_HREF.search(link.href):
            place = _plain_place(read_text(link.element))
            if _is_place(place, facts):
                return Found(value=place, source="structure", detail="link to a map")
    return None


def _meta(facts: Facts) -> Found[str] | None:
    meta = facts.document.meta
    for keys in _META_KEYS:
        parts = [meta[key] for key in keys if key in meta]
        if parts:
            return Found(value=", ".join(dict.fromkeys(parts)), source="opengraph", detail=keys[0])
    return None


def _is_place(text: str, facts: Facts) -> bool:
    """Whether a short line can be a place: letters, few words, no label, no date, no sentence."""
    return (
        2 < len(text) <= LONGEST_WRITTEN
        and len(text.split()) <= MOST_WORDS
        and re.search(r"[^\W\d_]{2}", text) is not None
        and not text.endswith((".", "!", "?", ":"))
        and not _NO_PLACE.search(text)
        and find_field(text) is None
        and facts.read_date(text) is None
    )
