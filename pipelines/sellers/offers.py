"""One listing as the rules over histories see it: what it offers, what its words show, how it ended."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import define, field, frozen

from pipelines.places import Places
from pipelines.reading.contacts import find_contacts
from pipelines.sellers.manner import Manner
from pipelines.sellers.serials import Serial, find_serials
from pipelines.store.tables import assessments, listings, pictures, sellers, sites, status_changes, versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipelines.models import JsonObject

_BATCH = 200
_ASKING = frozenset({"wanted_ad", "news_or_discussion"})
_ENDED = frozenset({"sold", "removed", "gone"})
_DEALERS = frozenset({"ffl_transfer", "licensed_intermediary"})
_SENTENCE = 80  # characters
_SHORTEST_CONTACT = 7  # characters
_STOP = re.compile(r"[.!?。！？\n](?:\s|$)|[.!?][A-Z]")
_LICENCE = re.compile(r"(?<![\w-])\d-\d{2}-(?:\d{3}-\d{2}-\d[A-HJ-M]-)?[0-9A-Z]{5}(?![\w-])")


@frozen(kw_only=True)
class Offer:
    """One listing of a seller: when it was offered and seen, what it offers and what its words show.

    `offered` is the site's own date where the page states one that is earlier than our first sight: at the first
    visit to a site years of listings come to sight on one day, and that is no burst. `ended` is when it was first
    seen as sold, removed or gone.
    """

    row: int
    site: str
    seller: str | None
    id: str
    first_seen: datetime
    last_seen: datetime
    offered: datetime
    text: str
    offers_things: bool  # not an ad that asks for a thing, nor one of a storefront that takes money and sends nothing
    items: Sequence[JsonObject]
    signals: Mapping[str, float]  # for, each with its strongest weight (log-odds)
    against: frozenset[str]
    review: str
    capture: str | None = None  # of its current version
    asks: bool = False
    new: bool = False  # by the page's own field for the condition
    status: str = "active"
    ended: datetime | None = None
    price: tuple[float, str] | None = None  # amount and currency
    country: str | None = None
    place: str | None = None  # the jurisdiction that the stated place names
    location: str | None = None
    contacts: tuple[tuple[str, str], ...] = ()  # kind and value
    anothers: frozenset[tuple[str, str]] = frozenset()  # of the contacts, those named as a dealer's who transfers
    licences: tuple[str, ...] = ()  # numbers in the text that have the form of one
    serials: tuple[Serial, ...] = ()
    pictures: tuple[int, ...] = ()  # fingerprints, 64 bits each


@define
class Where:
    """Reads stated places, each once."""

    places: Places = field(factory=Places.shipped)
    sites: dict[str, str | None] = field(factory=dict)
    _read: dict[tuple[str, str | None], str | None] = field(factory=dict)

    @classmethod
    def of(cls, connection: sa.Connection) -> Where:
        """With the countries of the sites that the store knows."""
        found = {
            row.name: row for row in connection.execute(sa.select(sites.c.name, sites.c.country, sites.c.currency))
        }
        where = cls()
        for name, row in found.items():
            where.sites[name] = row.country or where.places.currencies.get(row.currency or "")
        return where

    def country(self, site: str, content: JsonObject) -> str | None:
        """The country of an offer: as stated, its site's, or its currency's."""
        found: str | None = content["country"] or self.sites.get(site)
        if found is None and content["price"]:
            found = self.places.currencies.get(content["price"]["currency"] or "")
        return found

    def place(self, location: str | None, home: str | None) -> str | None:
        """The jurisdiction that a stated place names."""
        if not location:
            return None
        key = (location, home)
        if key not in self._read:
            self._read[key] = self.places.read(location, home=home)
        return self._read[key]


def read_offers(
    connection: sa.Connection, chosen: sa.ColumnElement[bool], as_of: datetime | None, where: Where
) -> Iterator[tuple[Any, Offer]]:
    """The offers of the listings that `chosen` holds for, each with the row id of its account."""
    if as_of is not None:
        chosen = sa.and_(chosen, listings.c.first_seen <= as_of)
    query = (
        sa.select(
            listings.c.id,
            listings.c.site,
            listings.c.native_id,
            listings.c.seller,
            listings.c.status,
            listings.c.first_seen,
            listings.c.last_seen,
            sellers.c.native_id.label("account"),
            versions.c.content,
            versions.c.capture,
            assessments.c.body,
            assessments.c["items"].label("found"),
        )
        .join(versions, versions.c.id == listings.c.version)
        .join(assessments, assessments.c.id == listings.c.assessment)
        .outerjoin(sellers, sellers.c.id == listings.c.seller)
        .where(chosen)
        .order_by(listings.c.first_seen, listings.c.id)
    )
    shown = _read_pictures(connection, chosen)
    changes = _read_changes(connection, chosen, as_of)
    for row in connection.execute(query.execution_options(yield_per=_BATCH)):
        yield row.seller, _offer(row, as_of, where, shown.get(row.id, ()), changes.get(row.id))


def _read_pictures(connection: sa.Connection, chosen: sa.ColumnElement[bool]) -> dict[int, tuple[int, ...]]:
    query = sa.select(pictures.c.listing, pictures.c.bits).join(listings, listings.c.id == pictures.c.listing)
    found: dict[int, dict[int, None]] = {}
    for listing, bits in connection.execute(query.where(chosen).order_by(pictures.c.id)):
        found.setdefault(listing, {})[bits] = None
    return {listing: tuple(bits) for listing, bits in found.items()}


def _read_changes(
    connection: sa.Connection, chosen: sa.ColumnElement[bool], as_of: datetime | None
) -> dict[int, tuple[str, datetime]]:
    """The last change of each listing that is not offered any more: how it ended, and when that was seen."""
    query = (
        sa.select(status_changes.c.listing, status_changes.c.status, status_changes.c.at)
        .join(listings, listings.c.id == status_changes.c.listing)
        .where(chosen)
        .order_by(status_changes.c.id)
    )
    if as_of is not None:
        query = query.where(status_changes.c.at <= as_of)
    last = {listing: (status, at) for listing, status, at in connection.execute(query)}
    return {listing: ended for listing, ended in last.items() if ended[0] in _ENDED}


def _offer(
    row: Any, as_of: datetime | None, where: Where, shown: tuple[int, ...], ended: tuple[str, datetime] | None
) -> Offer:
    signals: dict[str, float] = {}
    for signal in row.body["signals"]:
        if signal["polarity"] == "for":
            signals[signal["name"]] = max(signals.get(signal["name"], 0.0), signal["weight"])
    content = row.content
    price = content["price"]
    text = f"{content['title']}\n{content['description']}"
    country = where.country(row.site, content)
    return Offer(
        row=row.id,
        site=row.site,
        seller=row.account,
        id=row.native_id,
        first_seen=row.first_seen,
        last_seen=row.last_seen if as_of is None else min(row.last_seen, as_of),
        offered=min(read_moment(content["posted"]) or row.first_seen, row.first_seen),
        text=text,
        offers_things=row.body["class"] not in _ASKING and row.body.get("queue") != "scam_storefront",
        asks=row.body["class"] == "wanted_ad",
        new=Manner.shipped().says_new(content["condition"]),
        items=row.found,
        signals=signals,
        against=frozenset(one["name"] for one in row.body["signals"] if one["polarity"] == "against"),
        review=row.body["review"],
        capture=row.capture,
        status=ended[0] if ended else "active",
        ended=ended[1] if ended else None,
        price=(float(price["amount"]), price["currency"] or "") if price else None,
        country=country,
        place=where.place(content["location"], country) or country,
        location=content["location"],
        contacts=_contacts(content, country),
        anothers=read_anothers(content, row.body["signals"]),
        licences=tuple(dict.fromkeys(_LICENCE.findall(text))) if "-" in text else (),
        serials=tuple(find_serials(text)),
        pictures=shown,
    )


def _contacts(content: JsonObject, country: str | None) -> tuple[tuple[str, str], ...]:
    """Kind and value of the contacts in title and description, as they were read, and of those in the attributes."""
    found = [(one["kind"], one["value"]) for one in content["contacts"]]
    for text in content["attributes"].values():
        found += find_stated(str(text), country)
    return tuple(dict.fromkeys(found))


def find_stated(text: str, country: str | None) -> list[tuple[str, str]]:
    """Kind and value of the contacts in a text beside a listing's: an attribute's, an account's own about itself."""
    if "@" not in text and len(text) < _SHORTEST_CONTACT:
        return []
    return [(one.kind, one.value) for one in find_contacts(text, field="", country=country)]


def read_anothers(content: JsonObject, signals: Sequence[JsonObject]) -> frozenset[tuple[str, str]]:
    """Contacts that follow the words about a dealer's transfer in one sentence: "transfers at …, their number is"."""
    spans = [one for one in signals if one["name"] in _DEALERS and "end" in one]
    found = set()
    for contact in content["contacts"] if spans else ():
        text = content.get(contact["field"]) or ""
        for span in spans:
            between = text[max(0, span["end"] - 1) : contact["start"]]  # the span may hold its sentence's stop
            near = span["end"] <= contact["start"] <= span["end"] + _SENTENCE
            if span["field"] == contact["field"] and near and not _STOP.search(between):
                found.add((contact["kind"], contact["value"]))
    return frozenset(found)


def read_moment(text: str | None) -> datetime | None:
    """A date or time as pages state it, in UTC; None where it is none."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
