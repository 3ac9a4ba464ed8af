"""Values as programs write them: texts, names, moments, amounts, accounts."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crawler.extraction.lexicon import KEYS, REMOVED, SOLD, fold_key
from crawler.extraction.text import read_markup, squeeze
from pipelines.models import ListingStatus, Price, SellerRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crawler.extraction.facts import Facts

Record = dict[str, Any]  # keys folded

MOST_VALUES = 60  # pictures, categories or attributes of one offer
LONGEST_VALUE = 200
LATEST = 1e15  # milliseconds since 1970
_PLACE_PARTS = (
    "neighbourhood",
    "city",
    "municipality",
    "locality",
    "addresslocality",
    "region",
    "addressregion",
    "uf",
    "state",
)
_IN_BRACKETS = re.compile(r"^[^\s@]+@\S+ \((?P<name>[^)]+)\)$")  # RSS 2.0's authors: address (name)


def fold_record(data: dict[Any, Any]) -> Record:
    """Bring an object's keys to the form of the lexicon; the first of two alike stays."""
    record: Record = {}
    for key, value in data.items():
        record.setdefault(fold_key(str(key)), value)
    return record


def text_value(value: Any) -> str | None:
    """A string or number as text that can be stored; None for anything else, and for nothing."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str | int | float):
        text = str(value).encode("utf-8", "replace").decode("utf-8").replace("\x00", "").strip()
        return text or None
    return None


def name_value(value: Any) -> str | None:
    """A text, or the name of the thing that an object describes."""
    if isinstance(value, dict):
        record = fold_record(value)
        return next((text for key in KEYS["name"] if (text := text_value(record.get(key)))), None)
    return text_value(value)


def urls_of(record: Record) -> Iterator[str]:
    """The addresses that an object gives for itself, links of links included."""
    for key in ("links", *KEYS["url"]):
        yield from _hrefs(record.get(key), depth=0)


def _hrefs(value: Any, *, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and depth < 2:
        record = fold_record(value)
        for key in ("self", "alternate", "href", "html", "url"):
            yield from _hrefs(record.get(key), depth=depth + 1)
    elif isinstance(value, list) and depth < 2:
        for one in value[:MOST_VALUES]:
            yield from _hrefs(one, depth=depth + 1)


def _read_line(value: Any) -> str | None:
    """One line of text, markup read."""
    text = name_value(value)
    return squeeze(read_markup(text)) or None if text else None


def _read_description(value: Any) -> str | None:
    """The seller's text, its lines kept."""
    text = text_value(value)
    return read_markup(text) or None if text else None


def read_moment(value: Any, facts: Facts) -> str | None:
    """A date as text, or seconds or milliseconds since 1970."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_epoch(float(value), facts) if abs(value) < LATEST else None
    return facts.read_date(text) if (text := text_value(value)) else None


def _from_epoch(seconds: float, facts: Facts) -> str | None:
    seconds = seconds / 1000 if seconds > 1e11 else seconds
    if not 9e8 < seconds <= facts.now.timestamp() + 86400:
        return None
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="seconds")


def _read_place(value: Any) -> str | None:
    """A place as text, or the parts of an address from small to large."""
    if isinstance(value, dict):
        record = fold_record(value)
        parts = [text for part in _PLACE_PARTS if (text := text_value(record.get(part)))]
        return ", ".join(dict.fromkeys(parts)) or text_value(record.get("name")) or text_value(record.get("label"))
    text = text_value(value)
    return squeeze(text) if text else None


def read_seller(value: Any, facts: Facts) -> SellerRef | None:
    """An account: a name, or an object with id, name and address."""
    if isinstance(value, list):
        value = next(iter(value), None)
    name = name_value(value)
    bracketed = _IN_BRACKETS.match(name) if name else None
    name = squeeze(bracketed["name"] if bracketed else name) if name else None
    if not isinstance(value, dict):
        return SellerRef(id=name, name=name) if name else None
    record = fold_record(value)
    identity = next((text for key in KEYS["id"] if (text := text_value(record.get(key)))), name)
    if identity is None:
        return None
    url = next(urls_of(record), None)
    joined = next((text for key in KEYS["joined"] if (text := text_value(record.get(key)))), None)
    licence = next((text for key in KEYS["licence"] if (text := text_value(record.get(key)))), None)
    about = text_value(record.get("about")) or text_value(record.get("bio"))
    return SellerRef(
        id=identity,
        name=name,
        url=facts.document.base.resolve(text_value(url) or "") if url else None,
        joined=(facts.read_date(joined) or joined) if joined else None,
        licence=licence,
        profile=about,
    )


def _read_count(value: Any) -> int | None:
    text = text_value(value)
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 7 and int(text) > 0 else None


def _read_category(value: Any) -> tuple[str, ...] | None:
    values = value if isinstance(value, list) else [value]
    names = [squeeze(name) for one in values[:MOST_VALUES] if (name := name_value(one))]
    if len(names) == 1:
        names = [part.strip() for part in re.split(r"\s*[>›»/]\s*", names[0]) if part.strip()]
    return tuple(names) or None


def _read_images(value: Any, facts: Facts) -> tuple[str, ...] | None:
    urls = []
    for one in (value if isinstance(value, list) else [value])[:MOST_VALUES]:
        record = fold_record(one) if isinstance(one, dict) else {}
        stated = text_value(record.get("src")) or next(urls_of(record), None) if record else text_value(one)
        resolved = facts.document.base.resolve(text_value(stated) or "") if stated else None
        if resolved and resolved.startswith("http"):
            urls.append(resolved)
    return tuple(dict.fromkeys(urls)) or None


def _read_country(value: Any) -> str | None:
    text = text_value(value)
    return text.upper() if text and re.fullmatch(r"[A-Za-z]{2}", text) else None


def _read_status(value: Any) -> ListingStatus | None:
    text = (text_value(value) or "").rsplit("/", 1)[-1]
    if SOLD.search(text) or text.lower().replace("_", "") in {"outofstock", "soldout"}:
        return ListingStatus.SOLD
    return ListingStatus.REMOVED if REMOVED.search(text) or text.lower() in {"removed", "deleted"} else None


def read_amount(value: Any, facts: Facts, currency: str | None = None) -> Price | None:
    """A price: a number, a text, or an object with amount and currency, also under `offers`."""
    if isinstance(value, list):
        value = next(iter(value), None)
    if isinstance(value, dict):
        record = fold_record(value)
        currency = currency_of(record) or currency
        minor = minor_amount(record)
        if minor is not None:
            return Price(amount=minor, currency=currency or facts.currency)
        inner = next((record[key] for key in (*KEYS["price"], "value") if record.get(key) not in (None, "")), None)
        return None if isinstance(inner, dict | list) else read_amount(inner, facts, currency)
    text = text_value(value)
    if text is None or len(text) > LONGEST_VALUE:
        return None
    if re.fullmatch(r"\d{1,12}(?:\.\d{1,4})?", text):
        amount = Decimal(text)
        return Price(amount=amount, currency=currency or facts.currency) if amount > 0 else None
    return facts.read_price(text, currency)


def minor_amount(record: Record) -> Decimal | None:
    """An amount stated in hundredths, as integers."""
    for key in KEYS["price_minor"]:
        text = text_value(record.get(key))
        if text and text.isascii() and text.isdecimal() and int(text[:12]) > 0:
            return Decimal(text[:12]) / 100
    return None


def currency_of(record: Record) -> str | None:
    """The ISO 4217 code that an object states."""
    stated = next((text for key in KEYS["currency"] if (text := text_value(record.get(key)))), None)
    return stated.upper() if stated and re.fullmatch(r"[A-Za-z]{3}", stated) else None


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "title": _read_line,
    "description": _read_description,
    "id": text_value,
    "quantity": _read_count,
    "condition": _read_line,
    "category": _read_category,
    "location": _read_place,
    "country": _read_country,
    "shipping": _read_line,
    "status": _read_status,
}
_IN_CONTEXT: dict[str, Callable[[Any, Facts], Any]] = {
    "seller": read_seller,
    "posted": read_moment,
    "updated": read_moment,
    "images": _read_images,
    "price": read_amount,
}
FIELDS = (*_PLAIN, *_IN_CONTEXT)


def read_field(name: str, record: Record, facts: Facts) -> tuple[str, Any] | None:
    """Read a field of an object: the key under which it stood, and its value."""
    for key in KEYS[name]:
        stated = record.get(key)
        if isinstance(stated, bool) or stated in (None, "", [], {}):
            continue
        value = _PLAIN[name](stated) if name in _PLAIN else _IN_CONTEXT[name](stated, facts)
        if value is not None:
            return key, value
    return None
