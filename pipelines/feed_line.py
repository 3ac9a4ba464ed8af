"""One line of a marketplace's own feed (docs/schema/feed.json) as a listing's content."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

from attrs import field, frozen

from pipelines.content import is_storable, storable
from pipelines.errors import BadInput
from pipelines.feed_values import (
    BadLine,
    as_text,
    read_amount,
    read_country,
    read_posted,
    read_quantity,
    read_seller,
    read_text,
    read_texts,
)
from pipelines.models import Contact, ListingContent, Provenance
from pipelines.reading.contacts import find_contacts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

LONGEST_LINE = 8_000_000  # bytes
LONGEST_KEY = 512  # bytes of SITE/ID: the index takes no longer one
LONGEST_TITLE = 4_000  # characters
_READ_FOR_CONTACTS = 20_000  # characters of a text, as many as the classifiers read
_MOST_NESTED = 50
_KNOWN = frozenset(
    {
        "category",
        "condition",
        "country",
        "currency",
        "description",
        "id",
        "images",
        "location",
        "posted",
        "price",
        "quantity",
        "seller",
        "shipping",
        "title",
        "url",
    }
)
_SITE = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def _capitals(code: str | None) -> str | None:
    return None if code is None else code.strip().upper()


@frozen(kw_only=True)
class FeedOptions:
    """How a feed is to be read: `names` maps our keys to the feed's, `currency` is that of bare prices.

    `site` names a folder of the vault and the part of SITE/ID before the first slash. Raises `BadInput` with every
    mistake at once.
    """

    site: str
    currency: str | None = field(default=None, converter=_capitals)
    country: str | None = field(default=None, converter=_capitals)
    names: Mapping[str, str] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        mistakes = []
        if not _SITE.fullmatch(self.site):
            mistakes.append(f"site {self.site!r}: up to 63 lower-case letters, digits, dashes, dots and underscores")
        if self.currency is not None and not re.fullmatch("[A-Z]{3}", self.currency):
            mistakes.append(f"currency {self.currency!r}: three letters (ISO 4217), for example USD")
        if self.country is not None and not re.fullmatch("[A-Z]{2}", self.country):
            mistakes.append(f"country {self.country!r}: two letters (ISO 3166), for example US")
        if mistakes:
            raise BadInput("the feed cannot be read so", details=tuple(mistakes))


def read_names(text: str | None) -> dict[str, str]:
    """`price=price_usd,location=state` as a mapping from our key to the feed's.

    Raises `BadInput` with every mistake at once.
    """
    names: dict[str, str] = {}
    mistakes = []
    for pair in (text or "").split(","):
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not pair.strip():
            continue
        if not equals or not ours or not theirs:
            mistakes.append(f"{pair.strip()!r} is not OURS=THEIRS")
        elif ours not in _KNOWN:
            mistakes.append(f"{ours!r} is no key of a feed line: one of {', '.join(sorted(_KNOWN))}")
        elif ours in names:
            mistakes.append(f"{ours!r} is given twice: {names[ours]!r} and {theirs!r}")
        else:
            names[ours] = theirs
    if mistakes:
        hint = "for example --map price=price_usd,location=state"
        raise BadInput(f"--map {text!r} cannot be used", hint=hint, details=tuple(mistakes))
    return names


def parse_line(
    raw: bytes, options: FeedOptions, now: datetime, *, countries: Mapping[str, str] | None = None
) -> ListingContent:
    """The listing on one line of a feed; `countries` are codes (ISO 3166) by the case-folded names of countries.

    Raises `BadLine` with the reason. Keys that the contract does not name are kept as attributes, and so are a price,
    a date, a country and the like that cannot be read: nothing stated is lost, and no value is invented.
    """
    body = _clean(_rename(_parse_object(raw), options.names))
    native_id, title = _identity(body, options.site), _title(body)
    description = body.get("description") or ""
    if not isinstance(description, str):
        raise BadLine("description is not text")
    country = read_country(body, options.country, countries or {})
    posted = read_posted(body.get("posted"), now)
    price = read_amount(body.get("price"), body.get("currency"), options.currency)
    images = read_texts(body.get("images"))
    category, quantity, seller = (
        read_texts(body.get("category")),
        read_quantity(body.get("quantity")),
        read_seller(body.get("seller")),
    )
    read: dict[str, object] = {"posted": posted, "price": price, "country": country, "images": images}
    read |= {"category": category, "quantity": quantity, "seller": seller}
    left = {key for key, value in read.items() if not value}
    return ListingContent(
        id=native_id,
        title=title,
        description=description,
        url=read_text(body.get("url")),
        price=price,
        quantity=quantity,
        condition=read_text(body.get("condition")),
        category=category,
        attributes={
            key: as_text(value)
            for key, value in body.items()
            if (key not in _KNOWN or key in left) and value not in (None, "", [])
        },
        seller=seller,
        contacts=(*_contacts(title, "title", country), *_contacts(description, "description", country)),
        location=read_text(body.get("location")),
        country=country,
        shipping=read_text(body.get("shipping")),
        posted=posted,
        images=images,
        provenance={
            key: Provenance(source="feed", detail=options.names.get(key, key)) for key in body if key in _KNOWN
        },
    )


def mapped_keys(raw: bytes, options: FeedOptions) -> frozenset[str]:
    """Which of the feed's keys that `options` maps stand on a line; none where it cannot be read."""
    try:
        body = _parse_object(raw)
    except BadLine:
        return frozenset()
    return frozenset(theirs for theirs in options.names.values() if theirs in body)


def _parse_object(raw: bytes) -> dict[str, Any]:
    if len(raw) > LONGEST_LINE:
        raise BadLine(f"the line is longer than {LONGEST_LINE} bytes")
    try:
        body = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise BadLine(f"not UTF-8 at byte {error.start}") from error
    except BadLine:
        raise
    except (ValueError, RecursionError) as error:
        raise BadLine(f"not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadLine("not a JSON object")
    _require_shallow(body)
    return body


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadLine(f"the key {twice[:80]!r} is given twice")
    return body


def _refuse(constant: str) -> NoReturn:
    raise BadLine(f"not JSON: {constant} is no JSON value")


def _require_shallow(body: Any) -> None:
    level = [body]
    for _ in range(_MOST_NESTED):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise BadLine(f"nested more than {_MOST_NESTED} deep")


def _clean(body: dict[str, Any]) -> dict[str, Any]:
    """`body` as a store can keep it. By a changed id one listing or account could pass for another: set aside."""
    seller = body.get("seller")
    ids = {"id": body.get("id"), "seller": seller.get("id") if isinstance(seller, dict) else seller}
    for key, value in ids.items():
        if isinstance(value, str) and not is_storable(value):
            raise BadLine(f"{key} holds a character that no store keeps")
    clean: dict[str, Any] = storable(body)
    return clean


def _rename(body: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """`body` under our names. A key that serves one of them stays under its own only where that is ours too."""
    renamed = {ours: body[theirs] for ours, theirs in names.items() if theirs in body}
    used = set(names.values()) - _KNOWN
    return {key: value for key, value in body.items() if key not in used} | renamed


def _identity(body: Mapping[str, Any], site: str) -> str:
    value = body.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise BadLine("id is missing or not text")
    native_id = value.strip()
    if len(f"{site}/{native_id}".encode()) > LONGEST_KEY:
        raise BadLine(f"id is too long: SITE/ID may have {LONGEST_KEY} bytes")
    return native_id


def _title(body: Mapping[str, Any]) -> str:
    title = body.get("title")
    if not isinstance(title, str):
        raise BadLine("title is missing or not text")
    if len(title) > LONGEST_TITLE:
        raise BadLine(f"title has {len(title)} characters; at most {LONGEST_TITLE} are taken")
    return title


def _contacts(text: str, name: str, country: str | None) -> tuple[Contact, ...]:
    return find_contacts(text[:_READ_FOR_CONTACTS], field=name, country=country)
