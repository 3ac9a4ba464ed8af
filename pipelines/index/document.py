"""A listing as the index takes it, and the flat columns that both engines hold of it."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define, field, frozen

from pipelines.errors import BadInput
from pipelines.index.analysis import fold_value
from pipelines.index.columns import ABSENT, BANDS, GAP, NO_DAY_LAST, NO_PRICE_LAST, VECTOR_LENGTH, label
from pipelines.index.contacts import contact_values
from pipelines.index.fields import day_number, day_of, period

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from pipelines.index.analysis import Analyzer
    from pipelines.models import JsonObject
    from pipelines.places import Places

_REVIEW_ORDER = ("none", "idle", "review")
LONGEST_KEY = 512  # bytes: Elasticsearch's limit for an id


class UnusableDocument(BadInput):
    """A document that no engine can take: trying again cannot help."""


@frozen(kw_only=True, eq=False)
class IndexDocument:
    """One listing.

    `key` is `site/id`; `sequence` the journal's number of the change it reflects (a later one never gives way to an
    earlier); `line` the Export line with `decision` and `seller_review`; `vector` 384 float32, or None.
    """

    key: str
    sequence: int
    line: JsonObject
    vector: NDArray[np.float32] | None = None


@define(eq=False, slots=True)
class PreparedDocument:
    """A document analysed: `columns` by name (absent: no value), `line` as JSON bytes, `vector` of length 1."""

    key: str
    sequence: int
    tie: int
    columns: dict[str, Any]
    line: bytes
    vector: NDArray[np.float32] | None = field(default=None)


def tie_of(key: str) -> int:
    """The order of documents that are otherwise equal: 63 bits of the key's BLAKE2b, the same on every engine."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1


def prepare(document: IndexDocument, analyzer: Analyzer, places: Places | None = None) -> PreparedDocument:
    """Analyse a document, its state by `places` where given. UnusableDocument says what is wrong with it."""
    line = document.line
    try:
        encoded = json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        if document.key != f"{line['site']}/{line['id']}" or len(document.key.encode()) > LONGEST_KEY:
            raise UnusableDocument(f"the key {document.key!r} is not the line's site/id, or is too long")
        columns = _columns(line, analyzer, places)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UnusableDocument(f"{document.key}: not an export line: {error!r}") from error
    if not 0 <= document.sequence < 2**62:
        raise UnusableDocument(f"{document.key}: sequence {document.sequence} is out of range")
    tie = tie_of(document.key)
    columns.update(key=[document.key], sequence=document.sequence, tie=tie)
    return PreparedDocument(
        key=document.key,
        sequence=document.sequence,
        tie=tie,
        columns=columns,
        line=encoded,
        vector=None if document.vector is None else unit(document.vector),
    )


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vector with length 1, as float32. UnusableDocument where it has another shape or no direction."""
    if vector.shape != (VECTOR_LENGTH,):
        raise UnusableDocument(f"a vector has {VECTOR_LENGTH} numbers, not shape {vector.shape}")
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not math.isfinite(length) or length == 0.0:
        raise UnusableDocument("a vector needs a direction: this one is zero or not finite")
    return (vector / length).astype(np.float32)


def _columns(line: Mapping[str, Any], analyzer: Analyzer, places: Places | None) -> dict[str, Any]:
    assessment = line.get("assessment") or {}
    language = assessment.get("language")
    items = line.get("items") or []
    columns: dict[str, Any] = {}
    for name in ("title", "description"):
        words, stems = analyzer.columns(line.get(name) or "", language)
        columns[name], columns[f"{name}_stem"] = words or ABSENT, stems or ABSENT
    columns["site"] = [fold_value(line["site"])]
    columns["signal"] = _folded(signal["name"] for signal in assessment.get("signals") or ())
    columns["class"] = _folded((assessment.get("class"), *(item.get("class") for item in items)))
    columns["language"] = _folded((language,))
    columns["status"] = _folded((line.get("status"),))
    columns["review"] = _folded((_review(assessment.get("review"), line.get("seller_review")),))
    columns["decision"] = _folded((line.get("decision") or "none",))
    for name in ("make", "model", "calibre"):
        _add_words(columns, name, [item.get(name) for item in items], analyzer)
    _add_words(columns, "location", [line.get("location")], analyzer)
    _add_seller(columns, line.get("seller"), analyzer)
    columns["country"] = _folded((line.get("country"),))
    columns["country_label"] = [label(fold_value(text), text) for text in _texts((line.get("country"),))]
    columns["contact"] = contact_values(line.get("contacts") or ())
    place, home = line.get("location"), line.get("country")
    columns["state"] = _folded(((places.read(place, home=home) if places and place else None) or home,))
    _add_price(columns, line.get("price"))
    _add_score(columns, assessment.get("scores") or {})
    _add_days(columns, line)
    return columns


def _texts(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))


def _folded(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(folded for value in values if value and (folded := fold_value(value))))


def _review(of_listing: str | None, of_seller: str | None) -> str | None:
    levels = [level for level in (of_listing, of_seller) if level is not None]
    return max(levels, key=_REVIEW_ORDER.index) if levels else None


def _add_words(columns: dict[str, Any], name: str, values: Iterable[str | None], analyzer: Analyzer) -> None:
    texts = _texts(values)
    columns[name] = _spaced(texts, analyzer)
    columns[f"{name}_label"] = [label(fold_value(text), text[:256]) for text in texts]


def _spaced(texts: Iterable[str], analyzer: Analyzer) -> str:
    return f" {GAP} ".join(words for text in texts if (words := " ".join(analyzer.words(text)))) or ABSENT


def _add_seller(columns: dict[str, Any], seller: Mapping[str, Any] | None, analyzer: Analyzer) -> None:
    identity, name = (seller or {}).get("id"), (seller or {}).get("name")
    columns["seller"] = _spaced(_texts((name, identity)), analyzer)
    columns["seller_id"] = _folded((identity,))
    columns["seller_label"] = [label(fold_value(identity), identity[:256])] if identity else []


def _add_price(columns: dict[str, Any], price: Mapping[str, Any] | None) -> None:
    amount = (price or {}).get("amount")
    if amount is not None:
        columns["price"] = float(amount)
        if not math.isfinite(columns["price"]):
            raise ValueError("the price is not a number")
    columns["price_low"] = columns.get("price", NO_PRICE_LAST)
    columns["price_high"] = columns.get("price", -NO_PRICE_LAST)


def _add_score(columns: dict[str, Any], scores: Mapping[str, float]) -> None:
    if scores:
        highest = columns["score"] = float(max(scores.values()))
        columns["band"] = [BANDS[min(int(highest * len(BANDS)), len(BANDS) - 1)]]


def _add_days(columns: dict[str, Any], line: Mapping[str, Any]) -> None:
    posted = _posted_day(line.get("posted"))
    if posted is not None:
        columns["posted_day"], columns["posted_month"] = posted, _month(posted)
    columns["posted_first"] = NO_DAY_LAST if posted is None else posted
    columns["posted_last"] = -NO_DAY_LAST if posted is None else posted
    first, last = _moment(line["first_seen"]), _moment(line["last_seen"])
    columns["first_day"] = day_number(first.date())
    columns["first_month"] = _month(columns["first_day"])
    columns["seen_day"] = day_number(last.date())
    columns["seen_month"] = _month(columns["seen_day"])
    columns["seen_at"] = int(last.timestamp())


def _posted_day(posted: str | None) -> int | None:
    """The day of `posted` in the site's own zone: what the page said. None where it is no ISO date."""
    try:
        return period((posted or "")[:10])[0]
    except ValueError:
        return None


def _month(day: int) -> int:
    moment = day_of(day)
    return moment.year * 12 + moment.month - 1


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
