"""An offer as data: one object of a JSON answer, of a page's own scripts, or one item of a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from crawler.extraction.amounts import find_price_in
from crawler.extraction.assembly import assemble_listing
from crawler.extraction.facts import Facts, Found
from crawler.extraction.lexicon import KEYS
from crawler.extraction.text import squeeze
from crawler.extraction.urls import id_in
from crawler.extraction.values import (
    FIELDS,
    LONGEST_VALUE,
    MOST_VALUES,
    Record,
    currency_of,
    fold_record,
    minor_amount,
    name_value,
    read_field,
    read_moment,
    text_value,
)
from pipelines.models import ListingStatus, Price

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.models import ListingContent

TELLING = ("url", "id", "price", "price_minor", "description", "posted", "location", "seller", "images")
LEAST_TELLING = 2  # beside a title


def is_offer(record: Record) -> bool:
    """Whether an object has a title and enough of what offers have."""
    if not any(isinstance(record.get(key), str) and record[key].strip() for key in KEYS["title"]):
        return False
    return sum(any(record.get(key) not in (None, "", []) for key in KEYS[name]) for name in TELLING) >= LEAST_TELLING


def read_record(record: Record, facts: Facts, *, source: str, url: str | None) -> ListingContent:
    """Read an object as an offer. `url` is the offer's own address; `source` goes into the provenance."""
    found: dict[str, Found[Any]] = {}
    for name in FIELDS:
        read = read_field(name, record, facts)
        if read is not None:
            found[name] = Found(value=read[1], source=source, detail=read[0])
    if any(record.get(key) is True for key in KEYS["sold"]):
        found["status"] = Found(value=ListingStatus.SOLD, source=source, detail="sold")
    _price_of(record, facts, found, source)
    attributes = _attributes(record, facts)
    if attributes:
        found["attributes"] = Found(value=attributes, source=source, detail=f"{len(attributes)} keys")
    if facts.hints.country:
        found.setdefault("country", Found(value=facts.hints.country, source="heuristic", detail="site file"))
    own = id_in(url, facts.hints.listing_id) if facts.hints.listing_id and url else None
    if own:
        found["id"] = Found(value=own, source="url", detail="listing_id")
    return assemble_listing(found, url=url)


def _price_of(record: Record, facts: Facts, found: dict[str, Found[Any]], source: str) -> None:
    currency = currency_of(record)
    minor = minor_amount(record)
    if minor is not None:
        price = Price(amount=minor, currency=currency or facts.currency)
        found["price"] = Found(value=price, source=source, detail="hundredths")
        return
    if "price" in found:
        stated = found["price"].value
        found["price"] = evolve(found["price"], value=evolve(stated, currency=currency or stated.currency))
        return
    for name in ("title", "description"):
        written = find_price_in(found[name].value, facts) if name in found else None
        if written:
            found["price"] = Found(value=written.value, source="heuristic", detail=name)
            return


def _attributes(record: Record, facts: Facts) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for name in ("make", "model", "calibre"):
        stated = next((text for key in KEYS[name] if (text := name_value(record.get(key)))), None)
        if stated and len(stated) <= LONGEST_VALUE:
            attributes[name] = squeeze(stated)
    ends = next((read for key in KEYS["ends"] if (read := read_moment(record.get(key), facts))), None)
    if ends:
        attributes["ends"] = ends
    for key in KEYS["attributes"]:
        for label, value in _pairs(record.get(key)):
            if len(attributes) < MOST_VALUES and 0 < len(value) <= LONGEST_VALUE:
                attributes.setdefault(label, squeeze(value))
    return attributes


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for label, inner in value.items():
            text = text_value(inner)
            if text:
                yield text_value(str(label)) or "", text
    elif isinstance(value, list):
        for one in value[:MOST_VALUES]:
            record = fold_record(one) if isinstance(one, dict) else {}
            name = next((text for key in KEYS["label"] if (text := text_value(record.get(key)))), None)
            text = next((text for key in KEYS["value"] if (text := text_value(record.get(key)))), None)
            if name and text:
                yield name, text
