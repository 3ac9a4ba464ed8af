"""Listings of one thing are one Item; an ad for five guns is five.

A piece that a listing offers joins an earlier one of the same hand when nothing stated contradicts it (class, make,
model, calibre, a whole serial number) and something speaks for it: near-duplicate texts, the same stated serial number,
a picture of its own in both, or make, model, calibre, price and time together with words in common. Else it is a thing
of its own. Relisting one rifle forty times therefore counts one, five ads for five rifles count five, and so does one
ad for five, however often it comes. What a person merged or split wins over all of it.

The order in which listings came to us plays no part: they are taken in the order in which they were offered.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from pipelines.sellers.decisions import Hands
from pipelines.sellers.likeness import ALIKE, DOUBTFUL, Evidence, judge, stand_apart
from pipelines.sellers.wording import Wording, own_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from pipelines.models import JsonObject
    from pipelines.sellers.decisions import Piece
    from pipelines.sellers.history import SellerHistory
    from pipelines.sellers.offers import Offer

FIREARMS = frozenset({"firearm_handgun", "firearm_long"})
MOST_PIECES = 200
"""An ad's stated number beyond this is not counted piece by piece: it says "bulk", not how many were there."""

_STATED = ("make", "model", "calibre")


@frozen(eq=False)
class Joined:
    """A piece that joined a thing with little to say for it."""

    offer: Offer
    stated: JsonObject
    piece: Piece
    evidence: Evidence
    wording: Wording
    shown: Sequence[int]


@define(kw_only=True, eq=False)
class Item:
    """One thing offered, over all its listings. `quantity` is the largest number that an ad of it stated."""

    id: str
    item_class: str
    make: str | None
    model: str | None
    calibre: str | None
    offered: datetime
    first_seen: datetime
    last_seen: datetime
    offers: list[Offer]
    pieces: list[Piece]
    quantity: int = 1
    quoted: str | None = None  # the words that the number came from
    joined: list[Evidence] = field(factory=list)  # what each further listing joined by
    wordings: list[Wording] = field(factory=list, repr=False)
    doubtful: list[Joined] = field(factory=list, repr=False)

    @property
    def is_firearm(self) -> bool:
        """Whether it counts among the distinct firearms of a window."""
        return self.item_class in FIREARMS

    @property
    def sold(self) -> bool:
        """Whether the last listing of it says that it is sold."""
        return self.offers[-1].status == "sold"

    @property
    def why(self) -> str:
        """In words, why these listings are one item, and where several were offered at once."""
        several = f"; one of {self.quantity} by the words {self.quoted!r}" if self.quantity > 1 else ""
        if len(self.offers) == 1:
            return f"one listing{several}"
        words = dict.fromkeys(one.name for one in self.joined)
        alike = [one.likeness for one in self.joined if one.name == "texts alike"]
        told = [f"texts at least {min(alike):.0%} alike" if word == "texts alike" else word for word in words]
        return f"{len(self.offers)} listings, nothing stated differs, {', '.join(told)}{several}"


@frozen
class _Shelves:
    """A hand's items by class and model, so that a piece is compared only with what it could be."""

    items: list[Item] = field(factory=list)
    by_piece: dict[Piece, Item] = field(factory=dict)
    _by_model: dict[tuple[str, str | None], list[Item]] = field(factory=dict)
    _by_class: dict[str, list[Item]] = field(factory=dict)

    def add(self, item: Item) -> None:
        self.items.append(item)
        self._by_class.setdefault(item.item_class, []).append(item)
        self._by_model.setdefault((item.item_class, item.model), []).append(item)

    def name(self, item: Item, model: str) -> None:
        self._by_model[item.item_class, item.model].remove(item)
        item.model = model
        self._by_model.setdefault((item.item_class, model), []).append(item)

    def candidates(self, stated: JsonObject) -> Iterable[Item]:
        kind, model = stated["class"], stated["model"]
        if model is None:
            return self._by_class.get(kind, ())
        return [*self._by_model.get((kind, model), ()), *self._by_model.get((kind, None), ())]


def find_items(history: SellerHistory, *, common: Collection[int] = (), hands: Hands | None = None) -> list[Item]:
    """The distinct items of a hand's offers, in the order in which they were first offered.

    `common` are fingerprints of pictures that many show (stock photos): they say nothing. `hands` are the merges and
    splits that people made.
    """
    hands = hands or Hands()
    shelves = _Shelves()
    own = own_lines((offer.text, stated["model"]) for offer in history.offers for stated in offer.items)
    wordings: dict[str, Wording] = {}
    for offer in sorted(history.offers, key=_order):
        if not offer.offers_things:
            continue
        wording = wordings.get(offer.text) or wordings.setdefault(offer.text, Wording.of(offer.text, own))
        shown = tuple(bits for bits in offer.pictures if bits not in common)
        taken: set[str] = set()
        for number, stated in enumerate(_pieces(offer)):
            piece = (offer.site, offer.id, number)
            item = _place(shelves, offer, stated, piece, wording, shown, hands, taken)
            if not any(known is wording for known in item.wordings):
                item.wordings.append(wording)
            shelves.by_piece[piece] = item
            taken.add(item.id)
    return shelves.items


def _order(offer: Offer) -> tuple[datetime, str, str]:
    return offer.offered, offer.site, offer.id


def _place(
    shelves: _Shelves,
    offer: Offer,
    stated: JsonObject,
    piece: Piece,
    wording: Wording,
    shown: Sequence[int],
    hands: Hands,
    taken: Collection[str],
) -> Item:
    merged = next((shelves.by_piece[one] for one in hands.together(piece) if one in shelves.by_piece), None)
    if merged is not None:
        _join(shelves, merged, offer, stated, piece, Evidence("joined by a person", 1.0))
        return merged
    best: tuple[Item, Evidence] | None = None
    for item in shelves.candidates(stated):
        if item.id in taken or not _compatible(item, stated) or hands.are_apart(piece, item.pieces):
            continue
        evidence = judge(item, offer, stated, wording, shown)
        if evidence is not None and (best is None or evidence.likeness > best[1].likeness):
            best = (item, evidence)
            if evidence.likeness >= 1.0:
                break
    if best is None:
        item = _new_item(offer, stated, piece)
        shelves.add(item)
        return item
    _join(shelves, best[0], offer, stated, piece, best[1])
    if best[1].name == DOUBTFUL:
        best[0].doubtful.append(Joined(offer, stated, piece, best[1], wording, shown))
    elif best[1].parts:
        for parted in _part(best[0], offer, wording):
            again = _place(
                shelves, parted.offer, parted.stated, parted.piece, parted.wording, parted.shown, hands, taken
            )
            again.wordings.append(parted.wording)
            shelves.by_piece[parted.piece] = again
    return best[0]


def _part(item: Item, offer: Offer, wording: Wording) -> list[Joined]:
    """The thing itself comes again: what joined it with little to say for it and cannot be it is taken out."""
    strange = [one for one in item.doubtful if not one.wording.likeness(wording, ALIKE)]
    parted = [one for one in strange if stand_apart(one.offer, offer)]
    for one in parted:
        item.doubtful.remove(one)
        item.offers.remove(one.offer)
        item.pieces.remove(one.piece)
        item.joined.remove(one.evidence)
        item.wordings[:] = [wording for wording in item.wordings if wording is not one.wording]
    return parted


def _pieces(offer: Offer) -> Iterator[JsonObject]:
    for stated in offer.items:
        for _ in range(min(int(stated.get("quantity") or 1), MOST_PIECES)):
            yield stated


def _compatible(item: Item, stated: JsonObject) -> bool:
    pairs = ((getattr(item, name), stated[name]) for name in _STATED)
    return all(ours is None or theirs is None or ours == theirs for ours, theirs in pairs)


def _new_item(offer: Offer, stated: JsonObject, piece: Piece) -> Item:
    key = json.dumps([offer.site, offer.seller, offer.id, piece[2]])
    quantity = int(stated.get("quantity") or 1)
    return Item(
        id=hashlib.sha256(key.encode()).hexdigest()[:16],
        item_class=stated["class"],
        make=stated["make"],
        model=stated["model"],
        calibre=stated["calibre"],
        offered=offer.offered,
        first_seen=offer.first_seen,
        last_seen=offer.last_seen,
        offers=[offer],
        pieces=[piece],
        quantity=quantity,
        quoted=_quoted(offer, stated) if quantity > 1 else None,
    )


def _join(shelves: _Shelves, item: Item, offer: Offer, stated: JsonObject, piece: Piece, evidence: Evidence) -> None:
    item.make = item.make or stated["make"]
    item.calibre = item.calibre or stated["calibre"]
    if item.model is None and stated["model"] is not None:
        shelves.name(item, stated["model"])
    quantity = int(stated.get("quantity") or 1)
    if quantity > item.quantity:
        item.quantity, item.quoted = quantity, _quoted(offer, stated)
    if item.offers[-1] is not offer:
        item.offers.append(offer)
        item.joined.append(evidence)
    item.pieces.append(piece)
    item.first_seen = min(item.first_seen, offer.first_seen)
    item.last_seen = max(item.last_seen, offer.last_seen)


def _quoted(offer: Offer, stated: JsonObject) -> str:
    """The words about the number: those of the thing, with what stands right before and after it in its field."""
    title, _, description = offer.text.partition("\n")
    text = title if stated.get("field", "title") == "title" else description
    start, end = int(stated.get("start") or 0), int(stated.get("end") or 0)
    return " ".join(text[max(0, start - 24) : end + 12].split())[:80]
