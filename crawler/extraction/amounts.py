"""The price a page asks, and how many there are."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from attrs import evolve

from crawler.extraction.facts import Facts, Found
from crawler.extraction.structured import first, text_of
from crawler.extraction.text import INLINE, UNSEEN, squeeze
from crawler.extraction.zones import Zone
from pipelines.models import Price

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any

    from lxml.etree import _Element

    from crawler.extraction.document import Block

LONGEST_TEXT = 20_000  # characters of a description in which a price is looked for
LONGEST_PRICE = 80  # characters of an element that is named price
_MONEY = re.compile(
    r"[$€£₽₴₺₹¥￥₩]|\b(?:EUR|USD|GBP|CHF|CAD|AUD|PLN|BRL|RUB|MXN)\b|\b(?:euros?|dollars?|bucks|reais|pesos|pounds)\b|руб|\d\s?р\.|"
    r"грн|zł|元|円|块|kr\b|\bTL\b|Kč|ريال|دينار|درهم|جنيه|ليرة|ر\.س|د\.إ",
    re.IGNORECASE,
)
NEAR = 40  # blocks after the title among which an unnamed price is looked for
_IN_STOCK = re.compile(
    r"(?:only )?(?P<before>[1-9]\d{0,5})\s(?:pcs |pieces |items? )?(?:in stock|available|left in stock|left|"
    r"auf lager|verfügbar|en stock|disponibles?|em estoque|disponíveis|в наличии)[.!]?|"
    r"(?:in stock|available|auf lager|verfügbar|en stock|disponibles?|em estoque|в наличии|库存|متوفر)[:：]?\s?"
    r"(?P<after>[1-9]\d{0,5})(?:\s?(?:pcs|pieces|items?|stück|produits?|unidades|uds?|un|шт|件|قطع))?\.?",
    re.IGNORECASE,
)
_LINE_THROUGH = re.compile(r"line-through", re.IGNORECASE)
_CENTS = re.compile(r"\d{2}")
_WHOLE = re.compile(r"\d\s*$")
_STRUCK = frozenset({"s", "del", "strike"})


def find_price(facts: Facts) -> Found[Price] | None:
    """Find the price asked: stated in structured data, labelled, named, or the first amount below the title."""
    return (
        _structured_price(facts)
        or _opengraph_price(facts)
        or _labelled_price(facts)
        or _named_price(facts)
        or _near_price(facts)
    )


def find_price_in(text: str, facts: Facts) -> Found[Price] | None:
    """Find the first amount with a currency mark in the description, for pages that show a price nowhere else."""
    for line in text[:LONGEST_TEXT].split("\n"):
        price = facts.read_price(line) if _MONEY.search(line) else None
        if price and price.currency:
            return Found(value=price, source="heuristic", detail="description")
    return None


def _structured_price(facts: Facts) -> Found[Price] | None:
    offer = facts.offer
    if offer is None:
        return None
    for path, data in _offers_of(offer.data):
        for key in ("price", "lowPrice", "highPrice"):
            stated = text_of(data, key) or text_of(data, "priceSpecification", key)
            currency = text_of(data, "priceCurrency") or text_of(data, "priceSpecification", "priceCurrency")
            price = _plain_price(stated, currency, facts) if stated else None
            if price:
                return Found(value=price, source=offer.source, detail=f"{offer.path}{path}.{key}")
    return None


def _offers_of(data: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "", data
    for key in ("offers", "makesOffer"):
        offers = data.get(key)
        for number, one in enumerate(offers if isinstance(offers, list) else [offers]):
            if isinstance(one, dict):
                yield f".{key}[{number}]", one
                yield f".{key}[{number}].offers", first(one, "offers")


def _plain_price(stated: str, currency: str | None, facts: Facts) -> Price | None:
    code = currency.upper() if currency and len(currency) == 3 and currency.isalpha() else None
    try:
        amount = Decimal(stated)
    except InvalidOperation:
        return facts.read_price(stated, code)
    return Price(amount=amount, currency=code or facts.currency) if amount.is_finite() and amount > 0 else None


def _opengraph_price(facts: Facts) -> Found[Price] | None:
    meta = facts.document.meta
    for prefix in ("product:price", "og:price", "product:sale_price"):
        stated = meta.get(f"{prefix}:amount")
        price = _plain_price(stated, meta.get(f"{prefix}:currency"), facts) if stated else None
        if price:
            return Found(value=price, source="opengraph", detail=f"{prefix}:amount")
    return None


def _labelled_price(facts: Facts) -> Found[Price] | None:
    for name in ("bid", "price"):  # what is bid now, not where bidding began
        for row in facts.rows:
            price = facts.read_price(row.value[:LONGEST_PRICE]) if row.field == name else None
            if price:
                return Found(value=price, source="label", detail=row.label)
    return None


def _named_price(facts: Facts) -> Found[Price] | None:
    if facts.row("price"):
        return None  # the page has a place for its price and states no amount there
    former = {named.element for named in facts.document.named.get("former", ())}
    later: list[Found[Price]] = []
    for named in facts.document.named.get("price", ()):
        if named.zone & Zone.OUTSIDE or named.element in former or _is_struck(named.element):
            continue
        shown = read_asked(named.element, former)
        text = named.element.get("content") or shown
        price = facts.read_price(text) if 0 < len(text) <= LONGEST_PRICE else None
        if price is None:
            continue
        if price.currency is None and 0 < len(shown) <= LONGEST_PRICE:  # a bare amount for machines
            price = evolve(price, currency=(facts.read_price(shown) or price).currency)
        found = Found(value=price, source="structure", detail=_how(named.element))
        if named.block >= facts.title_block and price.currency:
            return found
        later.append(found)
    return next((found for found in later if found.value.currency), later[0] if later else None)


def read_asked(element: _Element, former: Collection[_Element] = ()) -> str:
    """An element's text without amounts that are struck out or named as former; raised cents get their comma."""
    parts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and child.tag not in UNSEEN and child not in former and not _strikes(child):
            text = read_asked(child, former)
            cents = child.tag == "sup" and _CENTS.fullmatch(text) and _WHOLE.search("".join(parts))
            parts.append(f",{text}" if cents else text if child.tag in INLINE else f" {text} ")
        parts.append(child.tail or "")
    return squeeze("".join(parts))


def _is_mended(block: Block) -> bool:
    """Whether parts of a line are struck out or raised, so that its plain text misleads."""
    return any(piece.element.tag == "sup" or _is_struck(piece.element) for piece in block.pieces)


def _strikes(element: _Element) -> bool:
    return element.tag in _STRUCK or _LINE_THROUGH.search(element.get("style") or "") is not None


def _is_struck(element: _Element) -> bool:
    parent = element.getparent()
    return _strikes(element) or (parent is not None and _strikes(parent))


def _how(element: _Element) -> str:
    return (
        f"itemprop={element.get('itemprop')}"
        if element.get("itemprop")
        else f"class={element.get('class') or element.get('id') or ''}"[:60]
    )


def _near_price(facts: Facts) -> Found[Price] | None:
    if facts.row("price"):
        return None
    blocks = facts.document.blocks
    for block in blocks[facts.title_block : facts.title_block + NEAR]:
        if (
            block.zone & Zone.OUTSIDE
            or len(block.text) > LONGEST_PRICE
            or "://" in block.text
            or _is_struck(block.element)
        ):
            continue
        text = read_asked(block.element) if _is_mended(block) else block.text
        price = facts.read_price(text) if 0 < len(text) <= LONGEST_PRICE else None
        if price and price.currency and _has_mark(text):
            return Found(value=price, source="heuristic", detail="first amount below the title")
    return None


def _has_mark(text: str) -> bool:
    """Whether an amount has a currency of its own: a bare number with a hint is no price in running text."""
    return re.search(r"[^\W\d_]|[$€£¥₽₴₺₹₪₩]", text) is not None


def find_quantity(facts: Facts) -> Found[int] | None:
    """Find how many are offered, where a label says so."""
    row = facts.row("quantity")
    number = re.search(r"(?<![\d.,])\d{1,6}(?![\d.,]*\d)", row.value) if row else None
    if row and number and int(number[0]) > 0:
        return Found(value=int(number[0]), source="label", detail=row.label)
    for block in facts.document.shown:
        stock = _IN_STOCK.fullmatch(block.text) if len(block.text) <= LONGEST_PRICE else None
        if stock and block.index >= facts.title_block:
            return Found(value=int(stock["before"] or stock["after"]), source="heuristic", detail="in stock")
    offer = facts.offer
    stated = text_of(offer.data, "offers", "inventoryLevel", "value") if offer else None
    if offer and stated and stated.isdecimal() and int(stated) > 0:
        return Found(value=int(stated), source=offer.source, detail="offers.inventoryLevel")
    return None
