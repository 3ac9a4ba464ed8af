"""Data that a page carries in its scripts, for fields that the page itself does not show."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from crawler.extraction.facts import Facts, Found, words_of
from crawler.extraction.lexicon import KEYS
from crawler.extraction.values import fold_record, read_field

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 3_000_000  # characters of one script
MOST_NODES = 200_000
_MARKS = (b"application/json", b"__NEXT_DATA__", b"window.__", b"__INITIAL", b"data-json")
_ASSIGNED = re.compile(r"(?:window(?:\.|\[['\"])|var |let |const )[\w$]+(?:['\"]\])?\s*=\s*(?=[{\[])")
_FILLED = ("title", "description", "posted", "location", "seller", "price")


def fill_from_scripts(facts: Facts, found: dict[str, Found[Any]]) -> None:
    """Fill fields that are missing from the one object in the page's scripts that bears the page's title."""
    missing = set(_FILLED) - found.keys()
    if not missing or not any(mark in facts.document.source for mark in _MARKS):
        return
    title = found["title"].value if "title" in found else facts.document.head_title
    record = _best_record(facts, set(words_of(title)))
    if record is None:
        return
    for name in sorted(missing):
        read = read_field(name, record, facts)
        if read is not None:
            found[name] = Found(value=read[1], source="script", detail=read[0])


def _best_record(facts: Facts, title: set[str]) -> dict[str, Any] | None:
    """The object with the most telling keys among those whose title has most of the page's words."""
    best: tuple[int, dict[str, Any]] | None = None
    for data in _read_scripts(facts):
        for record in _objects(data):
            name = next((record[key] for key in KEYS["title"] if isinstance(record.get(key), str)), None)
            if not name:
                continue
            words = set(words_of(name))
            if not words or len(words & title) < 0.7 * len(words):
                continue
            telling = sum(any(key in record for key in keys) for keys in (KEYS[name] for name in _FILLED))
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
            yield fold_record(value)
            stack.extend(inner for inner in value.values() if isinstance(inner, dict | list))
        elif isinstance(value, list):
            stack.extend(inner for inner in value if isinstance(inner, dict | list))
