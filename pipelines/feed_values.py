"""The values of a feed line, each read as strictly as it can be and never invented."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines.models import Price, SellerRef
from pipelines.reading.dates import read_date
from pipelines.reading.prices import read_price

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_SELLER = 256  # characters of an account's id
_MOST_PIECES = 1_000_000
_LEAST_ABSURD_PRICE = 10**12
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")


class BadLine(ValueError):
    """Why one line of a feed was set aside."""


def read_text(value: Any) -> str | None:
    """A text, or JSON of what is none; None where nothing is stated."""
    return None if value is None or value == "" else as_text(value)


def as_text(value: Any) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def read_texts(value: Any) -> tuple[str, ...]:
    """The texts of a list, or the one text; what is no text is left out."""
    many = value if isinstance(value, list) else [value]
    return tuple(one for one in many if isinstance(one, str) and one)


def read_country(body: Mapping[str, Any], default: str | None, countries: Mapping[str, str]) -> str | None:
    """The code stated, or of the name stated; the feed's own only where a line says nothing."""
    stated = read_text(body.get("country"))
    if stated is None:
        return default
    named = countries.get(stated.strip().casefold())
    return named or (stated.strip().upper() if re.fullmatch(r"\s*[A-Za-z]{2}\s*", stated) else None)


def read_posted(value: Any, now: datetime) -> str | None:
    """A date in any form dateparser reads, or seconds or milliseconds since 1970, as ISO 8601; else None."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    text = str(value).strip()
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC).isoformat()
    return read_date(text, now=now)


def read_amount(value: Any, stated: Any, default: str | None) -> Price | None:
    """A price as a number, a text or `{amount, currency}`; one without a currency has `default`. Raises `BadLine`."""
    if isinstance(value, dict) and "amount" in value:  # as our own export lines have it
        value, stated = value["amount"], value.get("currency") or stated
    if value is None or value == "" or isinstance(value, bool | dict | list):
        return None
    currency = _currency(stated) or default
    if isinstance(value, int | float):
        if not -math.inf < value < _LEAST_ABSURD_PRICE or value < 0:
            raise BadLine(f"price {str(value)[:20]} is not an amount")
        return Price(amount=Decimal(str(value)), currency=currency)
    return read_price(value, currency=currency)


def _currency(stated: Any) -> str | None:
    """`usd`, `USD` or `$` as its code; None where it is neither a code nor a known mark."""
    if not isinstance(stated, str) or not stated.strip():
        return None
    if re.fullmatch("[A-Za-z]{3}", stated.strip()):
        return stated.strip().upper()
    read = read_price(f"1 {stated.strip()}")
    return None if read is None else read.currency


def read_quantity(value: Any) -> int | None:
    """A number of pieces from 1 to a million; else None."""
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,7}\s*", value):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_PIECES else None


def read_seller(value: Any) -> SellerRef | None:
    """An account as a text or `{id, name, url, joined, licence, profile}`; `BadLine` where its id cannot be one."""
    fields: Mapping[str, Any] = value if isinstance(value, dict) else {"id": value, "name": value}
    name = read_text(fields.get("name"))
    native_id = name if fields.get("id") in (None, "") else fields["id"]
    if native_id is None:
        return None
    if isinstance(native_id, bool) or not isinstance(native_id, str | int) or not str(native_id).strip():
        raise BadLine("seller's id is not text")
    if len(str(native_id)) > LONGEST_SELLER:
        raise BadLine(f"seller's id is longer than {LONGEST_SELLER} characters")
    return SellerRef(
        id=str(native_id).strip(),
        name=name,
        url=read_text(fields.get("url")),
        joined=read_text(fields.get("joined")),
        licence=read_text(fields.get("licence")),
        profile=read_text(fields.get("profile")),
    )
