"""Listings of one thing are one Item; an ad for five guns is five.

A listing's item joins an earlier one of the same seller when nothing stated contradicts it (class, make, model,
calibre) and the two texts are near duplicates; else it is a thing of its own. Relisting one rifle forty times
therefore counts one, and five ads for five rifles count five.
"""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from pipelines.models import JsonObject
    from pipelines.sellers.history import Offer, SellerHistory

ALIKE = 0.5
"""Least share of word pairs that two texts of one item have in common (Jaccard). A reposter's light editing keeps
0.6 and more; two ads of one seller for different guns seldom pass 0.4 once his boilerplate is longer than a line,
and then differ in what they state."""

FIREARMS = frozenset({"firearm_handgun", "firearm_long"})
MOST_PIECES = 200
"""An ad's stated number beyond this is not counted piece by piece: it says "bulk", not how many were there."""

_STATED = ("make", "model", "calibre")
_WORD = re.compile(r"\w+")


@define(kw_only=True)
class Item:
    """One thing offered, over all its listings."""

    id: str
    item_class: str
    make: str | None
    model: str | None
    calibre: str | None
    first_seen: datetime
    last_seen: datetime
    offers: list[Offer]
    likeness: float = 1.0  # the least likeness by which a listing joined
    _shingles: list[frozenset[tuple[str, str]]] = field(factory=list)

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
class _Piece:
    stated: JsonObject
    number: int


def find_items(history: SellerHistory) -> list[Item]:
    """The distinct items of a seller's offers, oldest first."""
    items: list[Item] = []
    for offer in history.offers:
        taken: set[str] = set()
        shingles = _pairs(offer.text)
        for piece in _pieces(offer):
            found = None if piece.number else _best_match(items, piece.stated, shingles, taken)
            if found is None:
                item = _new_item(history, offer, piece, len(items))
                items.append(item)
            else:
                item, likeness = found
                _join(item, offer, piece.stated, likeness)
            item._shingles.append(shingles)  # noqa: SLF001 -- this module's own
            taken.add(item.id)
    return items


def _pieces(offer: Offer) -> Iterable[_Piece]:
    for stated in offer.items:
        number = min(int(stated.get("quantity") or 1), MOST_PIECES)
        yield from (_Piece(stated, at) for at in range(number))


def _best_match(
    items: Sequence[Item], stated: JsonObject, shingles: frozenset[tuple[str, str]], taken: set[str]
) -> tuple[Item, float] | None:
    best: tuple[Item, float] | None = None
    for item in items:
        if item.id in taken or not _compatible(item, stated):
            continue
        likeness = max(_jaccard(shingles, one) for one in item._shingles)  # noqa: SLF001
        if likeness >= ALIKE and (best is None or likeness > best[1]):
            best = (item, likeness)
    return best


def _compatible(item: Item, stated: JsonObject) -> bool:
    if item.item_class != stated["class"]:
        return False
    pairs = ((getattr(item, name), stated[name]) for name in _STATED)
    return all(ours is None or theirs is None or ours == theirs for ours, theirs in pairs)


def _new_item(history: SellerHistory, offer: Offer, piece: _Piece, position: int) -> Item:
    key = f"{history.site}\n{history.id}\n{offer.id}\n{position}\n{piece.number}"
    return Item(
        id=hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:16],
        item_class=piece.stated["class"],
        make=piece.stated["make"],
        model=piece.stated["model"],
        calibre=piece.stated["calibre"],
        first_seen=offer.first_seen,
        last_seen=offer.last_seen,
        offers=[offer],
    )


def _join(item: Item, offer: Offer, stated: JsonObject, likeness: float) -> None:
    for name in _STATED:
        if getattr(item, name) is None:
            setattr(item, name, stated[name])
    item.offers.append(offer)
    item.likeness = min(item.likeness, likeness)
    item.last_seen = max(item.last_seen, offer.last_seen)


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    words = _WORD.findall(text.casefold())
    if len(words) == 1:
        return frozenset({(words[0], "")})
    return frozenset(pairwise(words))


def _jaccard(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> float:
    union = len(one | other)
    return len(one & other) / union if union else 1.0
