"""Data that a page carries in its scripts, for fields that the page itself does not show."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from crawler.extraction.facts import Facts, Found, words_of
from crawler.extraction.text import squeeze
from pipelines.models import SellerRef

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 3_000_000  # characters of one script
MOST_NODES = 200_000
_MARKS = (b"application/json", b"__NEXT_DATA__", b"window.__", b"__INITIAL", b"data-json")
_ASSIGNED = re.compile(r"(?:window(?:\.|\[['\"])|var |let |const )[\w$]+(?:['\"]\])?\s*=\s*(?=[{\[])")
_KEYS = {
    "title": ("title", "subject", "name", "headline"),
    "description": ("description", "body", "text", "content"),
    "posted": (
        "dateposted",
        "posted",
        "postedat",
        "listtime",
        "listedat",
        "publishedat",
        "datepublished",
        "createdat",
        "created",
        "creationdate",
        "first_publication_date",
        "createddate",
        "creation_date",
        "date_created",
        "origlisttime",
        "onlinesince",
    ),
    "location": ("location", "address", "city", "place"),
    "seller": ("seller", "owner", "user", "vendor", "author", "store", "dealer"),
    "price": ("price", "amount", "pricevalue", "askingprice", "priceraw"),
}
_NAMES = ("name", "displayname", "username", "nickname", "title", "companyname", "login")


def fill_from_scripts(facts: Facts, found: dict[str, Found[Any]]) -> None:
    """Fill fields that are missing from the one object in the page's scripts that bears the page's title."""
    missing = {"title", "description", "posted", "location", "seller", "price"} - found.keys()
    if not missing or not any(mark in facts.document.source for mark in _MARKS):
        return
    title = found["title"].value if "title" in found else facts.document.head_title
    record = _best_record(facts, set(words_of(title)))
    if record is None:
        return
    for name in sorted(missing):
        value = _value(name, record, facts)
        if value is not None:
            found[name] = Found(value=value, source="script", detail=name)


def _best_record(facts: Facts, title: set[str]) -> dict[str, Any] | None:
    """The object with the most telling keys among those whose title has most of the page's words."""
    best: tuple[int, dict[str, Any]] | None = None
    for data in _read_scripts(facts):
        for record in _objects(data):
            name = next((record[key] for key in _KEYS["title"] if isinstance(record.get(key), str)), None)
            if not name:
                continue
            words = set(words_of(name))
            if not words or len(words & title) < 0.7 * len(words):
                continue
            telling = sum(any(key in record for key in keys) for keys in _KEYS.values())
            if telling >= 3 and (best is None or telling > best[0]):
                best = (telling, record)
    return best[1] if best else None


def _read_scripts(facts: Facts) -> Iterator[Any]:
    for script in facts.document.root.iter("script"):
        text = script.text or ""
        if not text.strip() or len(text) > LARGEST or "ld+json" in (script.get("type") or ""):
            continue
        stripped = text.strip()
        if stripped[0] in "{[":
            starts = [0]
            text = stripped
        else:
            starts = [match.end() for match in _ASSIGNED.finditer(text)][:10]
        for start in starts:
            try:
                yield json.JSONDecoder(strict=False).raw_decode(text, start)[0]
            except (ValueError, RecursionError):
                continue
    for element in facts.document.root.iterfind(".//*[@data-json]"):
        try:
            yield json.loads(element.get("data-json") or "", strict=False)
        except (ValueError, RecursionError):
            continue


def _objects(data: Any) -> Iterator[dict[str, Any]]:
    stack = [data]
    for _ in range(MOST_NODES):
        if not stack:
            return
        value = stack.pop()
        if isinstance(value, dict):
            record = {key.lower(): inner for key, inner in value.items()}
            yield record
            stack.extend(inner for inner in value.values() if isinstance(inner, dict | list))
        elif isinstance(value, list):
            stack.extend(inner for inner in value if isinstance(inner, dict | list))


def _value(name: str, record: dict[str, Any], facts: Facts) -> Any:
    for key in _KEYS[name]:
        stated = record.get(key)
        if isinstance(stated, dict):
            lowered = {inner.lower(): value for inner, value in stated.items()}
            if name == "location":
                parts = [
                    lowered[part]
                    for part in ("neighbourhood", "city", "municipality", "region", "uf", "state")
                    if isinstance(lowered.get(part), str)
                ]
                stated = ", ".join(dict.fromkeys(parts)) or lowered.get("name") or lowered.get("label")
            else:
                stated = next(
                    (lowered[inner] for inner in _NAMES if isinstance(lowered.get(inner), str)), None
                ) or lowered.get("amount")
        if isinstance(stated, bool) or stated is None or stated == "":
            continue
        read = _read(name, stated, facts)
        if read is not None:
            return read
    return None


def _read(name: str, stated: Any, facts: Facts) -> Any:
    if name == "posted":
        if isinstance(stated, int | float):
            return _from_epoch(float(stated), facts)
        return facts.read_date(stated) if isinstance(stated, str) else None
    if name == "price":
        return facts.read_price(str(stated)) if isinstance(stated, str | int | float) else None
    if not isinstance(stated, str):
        return None
    if name == "seller":
        return SellerRef(id=squeeze(stated), name=squeeze(stated))
    return stated.strip() if name == "description" else squeeze(stated)


def _from_epoch(seconds: float, facts: Facts) -> str | None:
    from datetime import UTC, datetime  # noqa: PLC0415

    seconds = seconds / 1000 if seconds > 1e11 else seconds
    if not 9e8 < seconds <= facts.now.timestamp() + 86400:
        return None
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="seconds")
