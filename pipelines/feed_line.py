"""One line of a marketplace's own feed (docs/schema/feed.json) as a listing's content."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from pipelines.errors import BadInput
from pipelines.models import ListingContent, Price, Provenance, SellerRef
from pipelines.reading.contacts import find_contacts
from pipelines.reading.dates import read_date
from pipelines.reading.prices import read_price

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_LONGEST_LINE = 8_000_000
_MOST_PIECES = 1_000_000
_TEXT_KEYS = ("url", "location", "category", "condition", "shipping")
_KNOWN = frozenset(
    {
        "id",
        "title",
        "description",
        "price",
        "currency",
        "posted",
        "seller",
        "country",
        "quantity",
        "images",
        *_TEXT_KEYS,
    }
)
_UNSTORABLE = dict.fromkeys([0, *range(0xD800, 0xE000)], "\ufffd")
"""NUL and lone surrogates, which no store keeps: shown as U+FFFD; the line itself lies in the vault as it came."""


class BadLine(ValueError):
    """Why one line of a feed was set aside."""


@frozen(kw_only=True)
class FeedOptions:
    """How a feed is to be read: `names` maps our keys to the feed's, `currency` is that of bare prices."""

    site: str
    currency: str | None = None
    country: str | None = None
    names: Mapping[str, str] = field(factory=dict)


def read_names(text: str | None) -> dict[str, str]:
    """`price=price_usd,location=state` as a mapping from our key to the feed's."""
    names: dict[str, str] = {}
    for pair in (text or "").split(","):
        if not pair:
            continue
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not equals or not theirs:
            raise BadInput(
                f"--map {pair!r} is not OURS=THEIRS", hint="for example --map price=price_usd,location=state"
            )
        if ours not in _KNOWN:
            raise BadInput(
                f"--map names {ours!r}, which is no key of a feed line", hint=f"one of {', '.join(sorted(_KNOWN))}"
            )
        names[ours] = theirs
    return names


def parse_line(raw: bytes, options: FeedOptions, now: datetime) -> ListingContent:
    """The listing on one line of a feed.

    Raises `BadLine` with the reason. Keys that the contract does not name are kept as attributes.
    """
    body = _parse_object(raw)
    body |= {ours: body.pop(theirs) for ours, theirs in options.names.items() if theirs in body}
    native_id, title = body.get("id"), body.get("title")
    if isinstance(native_id, int) and not isinstance(native_id, bool):
        native_id = str(native_id)
    if not isinstance(native_id, str) or not native_id.strip():
        raise BadLine("id is missing or not text")
    if not isinstance(title, str):
        raise BadLine("title is missing or not text")
    description = body.get("description") or ""
    if not isinstance(description, str):
        raise BadLine("description is not text")
    texts = {name: _text(body, name) for name in _TEXT_KEYS}
    country = (_text(body, "country") or options.country or "").upper()[:2] or None
    posted = None if body.get("posted") is None else read_date(str(body["posted"]), now=now)
    return ListingContent(
        id=native_id.strip(),
        url=texts["url"],
        title=title,
        description=description,
        price=_price(body, options.currency),
        quantity=_quantity(body),
        condition=texts["condition"],
        category=(texts["category"],) if texts["category"] else (),
        attributes={key: _as_text(value) for key, value in body.items() if key not in _KNOWN and value is not None},
        seller=_seller(body.get("seller")),
        contacts=(
            *find_contacts(title, field="title", country=country),
            *find_contacts(description, field="description", country=country),
        ),
        location=texts["location"],
        country=country,
        shipping=texts["shipping"],
        posted=posted or _text(body, "posted"),
        images=tuple(str(image) for image in body.get("images") or ()),
        provenance={
            key: Provenance(source="feed", detail=options.names.get(key, key)) for key in body if key in _KNOWN
        },
    )


def _parse_object(raw: bytes) -> dict[str, Any]:
    if len(raw) > _LONGEST_LINE:
        raise BadLine(f"the line has {len(raw)} bytes; at most {_LONGEST_LINE} are read")
    try:
        body = _storable(json.loads(raw.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise BadLine(f"not UTF-8 at byte {error.start}") from error
    except (ValueError, RecursionError) as error:
        raise BadLine(f"not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadLine("not a JSON object")
    return body


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(_UNSTORABLE)
    if isinstance(value, dict):
        return {key.translate(_UNSTORABLE): _storable(one) for key, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, list) else value


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    return _as_text(value)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _price(body: Mapping[str, Any], currency: str | None) -> Price | None:
    value = body.get("price")
    stated = _text(body, "currency") or currency
    if value is None or value == "" or isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        if not math.isfinite(value) or value < 0:
            raise BadLine(f"price {value} is not an amount")
        return Price(amount=Decimal(str(value)), currency=stated)
    return read_price(str(value), currency=stated)


def _quantity(body: Mapping[str, Any]) -> int | None:
    value = body.get("quantity")
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value.strip())
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_PIECES else None


def _seller(value: Any) -> SellerRef | None:
    if value is None or value == "":
        return None
    if isinstance(value, dict):
        native_id = value.get("id") or value.get("name")
        if native_id is None:
            return None
        return SellerRef(
            id=str(native_id),
            name=_text(value, "name"),
            joined=_text(value, "joined"),
            licence=_text(value, "licence"),
            url=_text(value, "url"),
        )
    return SellerRef(id=str(value), name=str(value))
