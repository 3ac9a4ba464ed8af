"""How values are worded on a screen: times with their zone, prices, names of signals and levels."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

LEVELS = {"review": "needs review", "idle": "worth a look if idle", "none": "nothing that needs review"}
DECISIONS = {"relevant": "relevant", "not_relevant": "not relevant", "unsure": "unsure"}
SCORES = {
    "unlicensed_sale": "unlicensed sale",
    "bulk_sale": "bulk sale",
    "straw_purchase": "straw purchase",
    "untraceable": "untraceable",
    "prohibited_item": "prohibited item",
}
RUN_STATES = {
    "running": "running",
    "done": "done",
    "degraded": "found less than expected",
    "paused": "needs a person",
    "failed": "failed",
    "interrupted": "interrupted",
}
_UNWRITABLE = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_HARD_IN_A_PATH = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]|^\.{0,2}$")


def printable(value: Any) -> Any:
    """`value` (text, or JSON with texts in it) with lone surrogates as U+FFFD: one for one, so that spans still fit."""
    if isinstance(value, str):
        return value if value.isascii() else value.translate(_UNWRITABLE)
    if isinstance(value, dict):
        return {printable(name): printable(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable(one) for one in value]
    return value


def moment(value: datetime | str | None) -> str:
    """A time to the minute in UTC, and it says so; a day stays a day, wording that is no time stays as it is."""
    if value is None or value == "":
        return "not known"
    found = _read_moment(value)
    if isinstance(found, datetime):
        return f"{found:%Y-%m-%d %H:%M} UTC"
    return found if isinstance(found, str) else found.isoformat()


def day(value: datetime | str | None) -> str:
    """The day of a time, in UTC."""
    if value is None or value == "":
        return "not known"
    found = _read_moment(value)
    return found if isinstance(found, str) else f"{found:%Y-%m-%d}"


def _read_moment(value: datetime | date | str) -> datetime | date | str:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            return value
    if not isinstance(value, datetime):
        return value
    return value.astimezone(UTC) if value.tzinfo else value.isoformat(" ", "minutes") + " (the site's time)"


def price(value: Mapping[str, Any] | None) -> str:
    """An amount with its currency, as stated."""
    if not value:
        return "no price"
    whole, _, cents = str(value["amount"]).partition(".")
    grouped = f"{int(whole):,}" if whole.isascii() and whole.isdigit() and len(whole) < 20 else whole
    shown = f"{grouped}.{cents:0<2}" if cents.strip("0") else grouped
    return f"{shown} {value['currency'] or '(currency not stated)'}"


def name(text: str) -> str:
    """A code word (no_check_offered) as words."""
    return text.replace("_", " ")


def signed(weight: float) -> str:
    """A weight with its sign, a real minus."""
    return f"{weight:+.2f}".replace("-", "−")


def listing_address(site: str, native_id: str) -> str:
    """Where a listing's page is."""
    return _address("/listing", site, native_id)


def seller_address(site: str, native_id: str) -> str:
    """Where a seller's page is."""
    return _address("/seller", site, native_id)


def _address(base: str, site: str, native_id: str) -> str:
    # A browser swallows "." and "..", and a path holds no line break: such ids travel in the query.
    if _HARD_IN_A_PATH.search(native_id):
        return f"{base}?{urlencode({'site': site, 'id': native_id})}"
    return f"{base}/{quote(site, safe='')}/{quote(native_id, safe='')}"
