"""Listings of one thing are one Item; an ad for five guns is five.

A piece that a listing offers joins an earlier one of the same seller when nothing stated contradicts it (class,
make, model, calibre) and the two texts are near duplicates; else it is a thing of its own. Relisting one rifle forty
times therefore counts one, five ads for five rifles count five, and so does one ad for five, however often it comes.
The order in which listings came to us plays no part: they are taken in the order in which they were offered.
"""

from __future__ import annotations

import hashlib
import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from pipelines.models import JsonObject
    from pipelines.sellers.history import Offer, SellerHistory

ALIKE = 0.5
"""Least share of words and word pairs that two texts of one item have in common (Jaccard).

Measured on pairs of our own (tests/pipelines/sellers): an ad with a fifth of its words changed keeps 0.53 and more, a
line of six words with one changed 0.50; two ads by one hand for two guns of one model have 0.18 at most, and 0.47 where
three lines of the same boilerplate follow. Pairs alone lose the short ads (0.33)."""

FIREARMS = frozenset({"firearm_handgun", "firearm_long"})
MOST_PIECES = 200
"""An ad's stated number beyond this is not counted piece by piece: it says "bulk", not how many were there."""

_STATED = ("make", "model", "calibre")
_WORD = re.compile(r"\w+")
_BITS = 1024


@frozen(eq=False)
class _Wording:
    """A text as the set of its words and word pairs, and that set thrown into a number for a quick upper bound."""

    parts: frozenset[str | tuple[str, str]]
    bits: int
    collided: int  # parts that share a bit with another

    @classmethod
    def of(cls, text: str) -> _Wording:
        words = _WORD.findall(text.casefold())
        parts = frozenset(words) | frozenset(pairwise(words))
        bits = 0
        for part in parts:
            bits |= 1 << (hash(part) % _BITS)
        return cls(parts, bits, len(parts) - bits.bit_count())

    def likeness(self, other: _Wording, least: float) -> float:
        """The share of parts in common (Jaccard), or 0 where it is under `least`."""
        total = len(self.parts) + len(other.parts)
        if not total:
            return 1.0
        most = (self.bits & other.bits).bit_count() + min(self.collided, other.collided)
        if most < least * (total - most):
            return 0.0
        common = len(self.parts & other.parts)
        likeness = common / (total - common)
        return likeness if likeness >= least else 0.0


@define(kw_only=True, eq=False)
class Item:
    """One thing offered, over all its listings."""

    id: str
    item_class: str
    make: str | None
    model: str | None
    calibre: str | None
    offered: datetime
    first_seen: datetime
    last_seen: datetime
    offers: list[Offer]
    likeness: float = 1.0  # the least likeness by which a listing joined
    wordings: list[_Wording] = field(factory=list, repr=False)

    @property
    def is_firearm(self) -> bool:
        """Whether it counts among the distinct firearms of a window."""
        return self.item_class in FIREARMS

    @property
    def why(self) -> str:
        """In words, why these listings are one item."""
        if len(self.offers) == 1:
            return "one listing"
        return f"{len(self.offers)} listings, nothing stated differs, texts at least {self.likeness:.0%} alike"


@frozen
class _Shelves:
    """A seller's items by class and model, so that a piece is compared only with what it could be."""

    items: list[Item] = field(factory=list)
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


def find_items(history: SellerHistory) -> list[Item]:
    """The distinct items of a seller's offers, in the order in which they were first offered."""
    shelves = _Shelves()
    wordings: dict[str, _Wording] = {}
    for offer in sorted(history.offers, key=lambda one: (one.offered, one.site, one.id)):
        if not offer.offers_things:
            continue
        wording = wordings.get(offer.text) or wordings.setdefault(offer.text, _Wording.of(offer.text))
        taken: set[str] = set()
        for number, stated in enumerate(_pieces(offer)):
            found = _best_match(shelves.candidates(stated), stated, wording, taken)
            if found is None:
                item = _new_item(history, offer, stated, number)
                shelves.add(item)
            else:
                item, likeness = found
                _join(shelves, item, offer, stated, likeness)
            if not any(known is wording for known in item.wordings):
                item.wordings.append(wording)
            taken.add(item.id)
    return shelves.items


def _pieces(offer: Offer) -> Iterator[JsonObject]:
    for stated in offer.items:
        for _ in range(min(int(stated.get("quantity") or 1), MOST_PIECES)):
            yield stated


def _best_match(
    candidates: Iterable[Item], stated: JsonObject, wording: _Wording, taken: set[str]
) -> tuple[Item, float] | None:
    best: tuple[Item, float] | None = None
    for item in candidates:
        if item.id in taken or not _compatible(item, stated):
            continue
        likeness = _likeness(item.wordings, wording)
        if likeness and (best is None or likeness > best[1]):
            best = (item, likeness)
            if likeness == 1.0:
                break
    return best


def _likeness(known: Sequence[_Wording], wording: _Wording) -> float:
    if any(one is wording for one in known):
        return 1.0
    return max(one.likeness(wording, ALIKE) for one in known)


def _compatible(item: Item, stated: JsonObject) -> bool:
    pairs = ((getattr(item, name), stated[name]) for name in _STATED)
    return all(ours is None or theirs is None or ours == theirs for ours, theirs in pairs)


def _new_item(history: SellerHistory, offer: Offer, stated: JsonObject, number: int) -> Item:
    key = json.dumps([history.site, history.id, offer.id, number])
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
    )


def _join(shelves: _Shelves, item: Item, offer: Offer, stated: JsonObject, likeness: float) -> None:
    item.make = item.make or stated["make"]
    item.calibre = item.calibre or stated["calibre"]
    if item.model is None and stated["model"] is not None:
        shelves.name(item, stated["model"])
    item.offers.append(offer)
    item.likeness = min(item.likeness, likeness)
    item.first_seen = min(item.first_seen, offer.first_seen)
    item.last_seen = max(item.last_seen, offer.last_seen)
