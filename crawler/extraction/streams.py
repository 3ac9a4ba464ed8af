"""Streams of messages: a channel's preview or a timeline, where each entry is an offer with an address of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from attrs import frozen

from crawler.extraction.amounts import find_price_in
from crawler.extraction.assembly import assemble_listing
from crawler.extraction.facts import Facts, Found
from crawler.extraction.text import read_text, squeeze
from crawler.extraction.urls import id_in
from pipelines.models import SellerRef

if TYPE_CHECKING:
    from lxml.etree import _Element

    from pipelines.models import ListingContent

LEAST_ENTRIES = 2
MOST_ENTRIES = 500
HIGHEST = 8  # levels above an entry's time within which the entry lies
LEAST_TEXT = 8  # characters of a message
LONGEST_TITLE = 120
_BODY = re.compile(r"text|content|body|message|caption", re.IGNORECASE)
_AUTHOR = re.compile(r"author|owner|name|user|handle", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_BACKGROUND = re.compile(r"background-image\s*:\s*url\(\s*['\"]?([^'\")]+)", re.IGNORECASE)


@frozen(kw_only=True)
class _Entry:
    """A message: its own element, its address, and when it was written, as the page states it."""

    element: _Element
    url: str
    stamp: str


def read_stream(facts: Facts) -> list[ListingContent]:
    """Read the entries of a stream in page order; none where the page is no stream."""
    entries = _find_entries(facts)
    listings = [one for entry in entries if (one := _read_entry(entry, facts)) is not None]
    return listings if len(listings) >= LEAST_ENTRIES else []


def _find_entries(facts: Facts) -> list[_Entry]:
    """The elements around each time that links to an address of its own: up to where another entry would be inside."""
    times: dict[_Element, tuple[str, str]] = {}
    for named in facts.document.named.get("<time>", ())[: 2 * MOST_ENTRIES]:
        link = next((one for one in named.element.iterancestors("a") if one.get("href")), None)
        url = facts.document.base.resolve(link.get("href") or "") if link is not None else None
        stamp = named.element.get("datetime") or squeeze(read_text(named.element))
        if url and stamp and url != facts.document.url:
            times[named.element] = (url, stamp)
    counts: dict[_Element, int] = {}
    for time in times:
        for ancestor in time.iterancestors():
            counts[ancestor] = counts.get(ancestor, 0) + 1
    entries: dict[str, _Entry] = {}
    for time, (url, stamp) in times.items():
        element = time
        for ancestor in list(time.iterancestors())[:HIGHEST]:
            if counts[ancestor] > 1 or ancestor.tag == "body":
                break
            element = ancestor
        entries.setdefault(url, _Entry(element=element, url=url, stamp=stamp))
    alike = _most_alike(list(entries.values()))
    return alike[:MOST_ENTRIES] if len(alike) >= LEAST_ENTRIES else []


def _most_alike(entries: list[_Entry]) -> list[_Entry]:
    """The largest group of entries of one tag and class, whose addresses have one host."""
    groups: dict[tuple[str, str, str], list[_Entry]] = {}
    for entry in entries:
        first_class = (entry.element.get("class") or "").partition(" ")[0]
        groups.setdefault((str(entry.element.tag), first_class, urlsplit(entry.url).netloc), []).append(entry)
    return max(groups.values(), key=len, default=[])


def _read_entry(entry: _Entry, facts: Facts) -> ListingContent | None:
    text = _read_body(entry.element)
    if len(text) < LEAST_TEXT:
        return None
    found: dict[str, Found[Any]] = {
        "description": Found(value=text, source="structure", detail="message"),
        "title": Found(value=squeeze(text.partition("\n")[0])[:LONGEST_TITLE], source="heuristic", detail="first line"),
    }
    price, posted = find_price_in(text, facts), facts.read_date(entry.stamp)
    images = _images(entry.element, facts)
    seller = _author(entry.element, facts)
    for name, value, detail in (
        ("posted", posted, "time"),
        ("images", images, "pictures of the message"),
        ("seller", seller, "author of the message"),
        ("id", _own_id(entry.url, facts), "address of the message"),
    ):
        if value:
            found[name] = Found(value=value, source="structure", detail=detail)
    if price:
        found["price"] = price
    if facts.hints.country:
        found["country"] = Found(value=facts.hints.country, source="heuristic", detail="site file")
    return assemble_listing(found, url=entry.url)


def _read_body(entry: _Element) -> str:
    """The fullest text in an element named after messages that does not hold the entry's time."""
    bodies = [
        read_text(element)
        for element in entry.iter()
        if isinstance(element.tag, str)
        and _BODY.search(element.get("class") or "")
        and next(element.iter("time"), None) is None
    ]
    return max(bodies, key=len, default="")


def _own_id(url: str, facts: Facts) -> str:
    if facts.hints.listing_id:
        own = id_in(url, facts.hints.listing_id)
        if own:
            return own
    digits = _DIGITS.findall(urlsplit(url).path)
    return digits[-1] if digits else url


def _author(entry: _Element, facts: Facts) -> SellerRef | None:
    for link in entry.iter("a"):
        name = squeeze(read_text(link))
        if _AUTHOR.search(link.get("class") or "") and 0 < len(name) <= LONGEST_TITLE // 2:
            url = facts.document.base.resolve(link.get("href") or "")
            path = urlsplit(url).path.strip("/") if url else ""
            return SellerRef(id=path.rpartition("/")[2] or name, name=name, url=url)
    return None


def _images(entry: _Element, facts: Facts) -> tuple[str, ...]:
    stated = [image.get("src") or "" for image in entry.iter("img")]
    stated += [found[1] for element in entry.iter() if (found := _BACKGROUND.search(element.get("style") or ""))]
    resolved = (facts.document.base.resolve(one) for one in stated if one and not one.startswith("data:"))
    return tuple(dict.fromkeys(one for one in resolved if one))
