"""What an account shows that another may show too: contacts, pictures, texts, serial numbers, places.

Each is a number of 63 bits: two accounts are compared where they share one. Contacts and serial numbers cannot be read
back from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.licences.numbers import number_key, short_key
from pipelines.licences.register import contact_mark
from pipelines.sellers.offers import find_stated
from pipelines.sellers.serials import digest
from pipelines.sellers.wording import ALGORITHM, bands, number_of, sketch
from pipelines.store.replacing import replace_rows
from pipelines.store.tables import listings
from pipelines.store.tables.linking import offer_features, seller_marks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.models import JsonObject
    from pipelines.sellers.history import SellerHistory
    from pipelines.sellers.offers import Offer

MADE_BY = f"{ALGORITHM}-m3"
"""By which algorithm sketches, and in which form marks were made: an account with others is read again."""
LINKING = ("contact", "image", "text", "serial")
_DEALING = frozenset({"dealer", "licence_number_stated"})
_FEWEST_DIGITS = 9
_MOST_IN = 400
_IMAGE_BANDS = ((0, 21), (21, 21), (42, 22))
"""Three parts of a fingerprint's 64 bits: of two pictures that differ in two bits one part is the same."""


@frozen(kw_only=True)
class ContactUse:
    """How an account uses a contact: in how many listings, in how many of a hundred, between which days (ordinals)."""

    times: int  # at most 999
    share: int
    anothers: bool  # wherever it stands it is named as the dealer's who does the transfer
    first: int
    last: int
    lent: bool = False  # a telephone number: who gives it up does not keep it

    def pack(self) -> int:
        """All of it in one number, as a mark keeps it."""
        days = (self.lent * 10**6 + self.last) * 10**6 + self.first
        number = (days * 1000 + self.share) * 1000 + self.times
        return -number if self.anothers else number

    @classmethod
    def unpack(cls, number: int) -> ContactUse:
        """What `pack` put in."""
        rest, times = divmod(abs(number), 1000)
        days, share = divmod(rest, 1000)
        until, first = divmod(days, 10**6)
        lent, last = divmod(until, 10**6)
        return cls(times=times, share=share, anothers=number < 0, first=first, last=last, lent=bool(lent))


def renew_marks(connection: sa.Connection, histories: Sequence[SellerHistory], key: bytes) -> None:
    """Keep the marks and features of these accounts in the place of what was known of them."""
    rows = [history.row for history in histories]
    shown = [offer.row for history in histories for offer in history.offers]
    features = [_features(offer, history.row) for history in histories for offer in history.offers]
    marks = [mark for history in histories for mark in _marks(history, key, features_of(features, history.row))]
    # A listing that came from another account has features still: it is named itself too.
    parts = [offer_features.c.listing.in_(shown[at : at + _MOST_IN]) for at in range(0, len(shown), _MOST_IN)]
    gone = sa.and_(offer_features.c.seller.in_(rows), offer_features.c.listing.not_in(_current(rows)))
    replace_rows(connection, offer_features, [*parts, gone], features)
    replace_rows(connection, seller_marks, [seller_marks.c.seller.in_(rows)], marks)


def _current(rows: Sequence[int | None]) -> sa.Select[tuple[int]]:
    return sa.select(listings.c.id).where(listings.c.seller.in_(rows))


def features_of(features: Sequence[JsonObject], row: int | None) -> dict[int, bytes]:
    """The sketches of an account's listings."""
    return {one["listing"]: one["sketch"] for one in features if one["seller"] == row}


def _features(offer: Offer, row: int | None) -> JsonObject:
    alone = offer.items[0] if len(offer.items) == 1 and (offer.items[0].get("quantity") or 1) == 1 else None
    priced = alone is not None and offer.price is not None and offer.offers_things
    return {
        "listing": offer.row,
        "seller": row,
        "algorithm": MADE_BY,
        "sketch": sketch(offer.text) or b"",
        "make": alone["make"] if alone else None,
        "model": alone["model"] if alone else None,
        "currency": offer.price[1] or None if priced and offer.price else None,
        "amount": offer.price[0] if priced and offer.price else None,
        "offered": offer.offered,
    }


def _marks(history: SellerHistory, key: bytes, sketches: dict[int, bytes]) -> Iterator[JsonObject]:
    seen: dict[tuple[str, int], JsonObject] = {}
    for kind, value, listing, detail in _all_marks(history, key, sketches):
        mark = {"kind": kind, "value": value, "seller": history.row, "listing": listing, "detail": detail}
        seen.setdefault((kind, value), mark)
    yield from seen.values()


def _all_marks(
    history: SellerHistory, key: bytes, sketches: dict[int, bytes]
) -> Iterator[tuple[str, int, int | None, int | None]]:
    """Kind, value, a listing that shows it, and its detail."""
    yield from _contacts(history)
    for offer in history.offers:
        for kind, value, detail in _marks_of(offer, key, sketches[offer.row]):
            yield kind, value, offer.row, detail
    for account in history.accounts:
        if account.licence and number_key(account.licence):
            yield "licence", licence_mark(account.licence), None, None
    dealing = sum(1 for offer in history.offers if offer.against & _DEALING)
    if any(account.licence for account in history.accounts) or dealing > len(history.offers) / 2:
        yield "dealer", 1, None, None


def _contacts(history: SellerHistory) -> Iterator[tuple[str, int, int, int]]:
    """Each contact once; its detail is how the account uses it."""
    shown: dict[int, list[Offer]] = {}
    lent: set[int] = set()
    dealers = {offer.row: {contact_mark(*one) for one in offer.anothers} for offer in history.offers}
    for offer in history.offers:
        for kind, value in offer.contacts:
            if kind != "phone" or sum(one.isdecimal() for one in value) >= _FEWEST_DIGITS:
                mark = contact_mark(kind, value)
                shown.setdefault(mark, []).append(offer)
                lent.update({mark} if kind == "phone" else ())
    for account in history.accounts if history.offers else ():
        for kind, value in find_stated(account.profile or "", history.country):
            shown[contact_mark(kind, value)] = [*history.offers]  # what an account says of itself stands beside all
            lent.update({contact_mark(kind, value)} if kind == "phone" else ())
    for mark, offers in shown.items():
        times = len({offer.row for offer in offers})
        share = max(1, round(100 * times / len(history.offers)))
        use = ContactUse(
            times=min(999, times),
            share=share,
            anothers=all(mark in dealers[offer.row] for offer in offers),
            first=min(offer.offered for offer in offers).toordinal(),
            last=max(offer.offered for offer in offers).toordinal(),
            lent=mark in lent,
        )
        yield "contact", mark, offers[0].row, use.pack()


def _marks_of(offer: Offer, key: bytes, sketched: bytes) -> Iterator[tuple[str, int, int | None]]:
    """Kind, value and detail: of a picture its whole fingerprint. A storefront's pictures are taken from others."""
    for bits in offer.pictures if offer.offers_things else ():
        for value in image_bands(bits):
            yield "image", value, bits
    if sketched:
        for value in bands(sketched):
            yield "text", value, None
    for serial in offer.serials:
        if serial.whole:
            yield "serial", int(digest(key, serial.text)[:16], 16) >> 1, None
    for number in offer.licences:
        yield "licence", licence_mark(number), None
    if offer.location:
        yield "town", number_of(" ".join(offer.location.casefold().split())), None
    if offer.place:
        yield "place", number_of(offer.place), None


def image_bands(bits: int) -> list[int]:
    """The parts of a fingerprint by which pictures near to it are found."""
    whole = bits & (2**64 - 1)
    return [number_of("image", str(start), str(whole >> start & (2**size - 1))) for start, size in _IMAGE_BANDS]


def licence_mark(stated: str) -> int:
    """The mark of a licence number: of what stays through its renewals."""
    return number_of(short_key(stated) or number_key(stated))
