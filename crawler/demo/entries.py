"""The lines of a catalogue: sellers and listings, read strictly, every mistake with its file and line."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import frozen

from crawler.demo.clock import LAST_DAY
from pipelines.errors import BadInput
from pipelines.models import ListingStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path


@frozen(kw_only=True)
class SellerEntry:
    """One account of a marketplace."""

    id: str
    name: str
    joined: date
    profile: str
    location: str
    country: str  # ISO 3166-1 alpha-2
    licence: str | None  # as stated by the seller
    language: str


@frozen(kw_only=True)
class Event:
    """What changes about a listing on a day; None (and `reprices` False) means: not this."""

    day: int
    reprices: bool = False
    price: Decimal | None = None
    status: ListingStatus | None = None
    description: str | None = None


@frozen(kw_only=True)
class ListingEntry:
    """One offer of a marketplace, with everything that will happen to it."""

    id: str
    seller: str
    title: str
    description: str
    price: Decimal | None  # in the market's currency
    condition: str | None
    category: tuple[str, ...]
    attributes: Mapping[str, str]
    location: str
    language: str
    shipping: str | None
    image: str  # seeds the picture
    images: int
    appears: int  # day number
    events: tuple[Event, ...]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value == value.strip()


def _is_text_or_empty(value: Any) -> bool:
    return value == "" or _is_text(value)


def _is_text_or_null(value: Any) -> bool:
    return value is None or _is_text(value)


def _is_price(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value >= 0)


def _is_day(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LAST_DAY


def _is_date(value: Any) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _matches(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _is_path(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(_is_text(step) for step in value)


def _is_labels(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_text(label) and _is_text(text) for label, text in value.items())


def _is_events(value: Any) -> bool:
    if not isinstance(value, list) or not all(isinstance(event, dict) for event in value):
        return False
    days = [event.get("day") for event in value]
    return all(_is_day(day) for day in days) and days == sorted(days) and all(_is_event(event) for event in value)


def _is_event(event: Mapping[str, Any]) -> bool:
    checks: dict[str, Callable[[Any], bool]] = {
        "day": _is_day,
        "price": _is_price,
        "description": _is_text,
        "status": lambda value: value in {status.value for status in ListingStatus},
    }
    return len(event) > 1 and all(key in checks and checks[key](value) for key, value in event.items())


_LANGUAGE = _matches(r"[a-z]{2}")

_SELLER_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "id": (_matches(r"s-[a-z0-9-]+"), "s- and lower-case letters, digits, hyphens"),
    "name": (_is_text, "text"),
    "joined": (_is_date, "a date like 2024-05-01"),
    "profile": (_is_text_or_empty, "text, or empty"),
    "location": (_is_text, "text"),
    "country": (_matches(r"[A-Z]{2}"), "two capital letters"),
    "licence": (_is_text_or_null, "text or null"),
    "language": (_LANGUAGE, "two lower-case letters"),
}

_LISTING_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "id": (_matches(r"[1-9]\d{6,7}"), "7 or 8 digits as text"),
    "seller": (_matches(r"s-[a-z0-9-]+"), "a seller id"),
    "title": (_is_text, "text"),
    "description": (_is_text, "text"),
    "price": (_is_price, "a number or null"),
    "condition": (_is_text_or_null, "text or null"),
    "category": (_is_path, "a list of one or more names"),
    "attributes": (_is_labels, "an object of label and text"),
    "location": (_is_text, "text"),
    "language": (_LANGUAGE, "two lower-case letters"),
    "shipping": (_is_text_or_null, "text or null"),
    "image": (_is_text, "a word"),
    "images": (lambda value: type(value) is int and 1 <= value <= 3, "1, 2 or 3"),
    "appears": (_is_day, f"a day from 0 to {LAST_DAY}"),
    "events": (_is_events, "a list of changes in order of their days, of price, status or description"),
}


def read_sellers(path: Path) -> tuple[SellerEntry, ...]:
    """Read `sellers.jsonl`; BadInput names every mistake with its line."""
    return tuple(
        SellerEntry(**{**line, "joined": date.fromisoformat(line["joined"])})
        for line in _read_lines(path, _SELLER_FIELDS, unique="id")
    )


def read_listings(path: Path) -> tuple[ListingEntry, ...]:
    """Read `listings.jsonl`; BadInput names every mistake with its line."""
    return tuple(listing_of(line) for line in _read_lines(path, _LISTING_FIELDS, unique="id"))


def listing_of(line: Mapping[str, Any]) -> ListingEntry:
    """Make the value of one line that has passed the checks."""
    return ListingEntry(
        **{
            **line,
            "price": _amount(line["price"]),
            "category": tuple(line["category"]),
            "events": tuple(_event_of(event) for event in line["events"]),
        }
    )


def _amount(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number)).quantize(Decimal("0.01"))


def _event_of(event: Mapping[str, Any]) -> Event:
    return Event(
        day=event["day"],
        reprices="price" in event,
        price=_amount(event.get("price")),
        status=ListingStatus(event["status"]) if "status" in event else None,
        description=event.get("description"),
    )


def _read_lines(
    path: Path, fields: Mapping[str, tuple[Callable[[Any], bool], str]], *, unique: str
) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    mistakes: list[str] = []
    seen: set[str] = set()
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        where = f"{path.name}:{number}"
        try:
            line = json.loads(text)
        except ValueError as error:
            mistakes.append(f"{where}: not JSON ({error})")
            continue
        found = list(_mistakes_in(line, fields))
        if not found and line[unique] in seen:
            found = [f"{unique} {line[unique]!r} stands there twice"]
        mistakes.extend(f"{where}: {mistake}" for mistake in found)
        if not found:
            seen.add(line[unique])
            lines.append(line)
    if mistakes:
        raise BadInput(f"{path} has {len(mistakes)} mistakes, the first: {mistakes[0]}", details=tuple(mistakes))
    return lines


def _mistakes_in(line: Any, fields: Mapping[str, tuple[Callable[[Any], bool], str]]) -> Iterable[str]:
    if not isinstance(line, dict):
        yield "not an object"
        return
    for name in line.keys() - fields.keys():
        yield f"unknown field {name!r}"
    for name, (check, expected) in fields.items():
        if name not in line:
            yield f"{name} is missing"
        elif not check(line[name]):
            yield f"{name} is {str(line[name])[:60]!r}, expected {expected}"
