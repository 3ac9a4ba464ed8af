"""Whether a listing's piece is the thing that earlier listings offered: the evidence, strongest first."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.models import JsonObject
    from pipelines.sellers.history import Offer
    from pipelines.sellers.items import Item
    from pipelines.sellers.wording import Wording

ALIKE = 0.5
"""Least share of words and word pairs that two texts of one item have in common (Jaccard).

Measured on pairs of our own (tests/pipelines/sellers): an ad with a fifth of its words changed keeps 0.53 and more, a
line of six words with one changed 0.50; two ads by one hand for two guns of one model have 0.18 at most, and 0.47 where
three lines of the same boilerplate follow. Pairs alone lose the short ads (0.33)."""

_SOMEWHAT = 0.25
"""As ALIKE, where make, model, calibre, price and time agree beside it, and the earlier listing had ended."""
_NEAR_PRICE = 0.15  # sellers lower a price step by step
_MOST_PAUSE = timedelta(days=45)  # between the end of a listing and its next
_OVERLAP = timedelta(days=3)  # a listing is taken down after its next is put up, or seen so
MOST_DIFFERENT = 10  # bits of 64 between two pictures of one scene, as compressed, scaled or cut by sites
_SURE_OF_OTHER = 0.9  # of texts that much alike, another whole serial number is still another thing


@frozen
class Evidence:
    """What speaks for one thing: in words, and how strongly (1 is the same text)."""

    name: str
    likeness: float


def judge(item: Item, offer: Offer, stated: JsonObject, wording: Wording, shown: Sequence[int]) -> Evidence | None:
    """The strongest evidence that `offer` offers `item` again, or None. What is stated is compatible already."""
    serials = _compare_serials(item, offer)
    if serials is False:
        return None
    if serials:
        return Evidence("the same stated serial number", 1.0)
    likeness = _likeness(item, wording)
    if likeness >= ALIKE:
        return Evidence("texts alike", likeness)
    if len(offer.items) == 1 and _shares_a_picture(item, shown):
        return Evidence("a picture in common", ALIKE + likeness / 4)
    if likeness and _continues(item, offer, stated):
        return Evidence("make, model, price and time agree", likeness)
    return None


def _likeness(item: Item, wording: Wording) -> float:
    if any(one is wording for one in item.wordings):
        return 1.0
    return max((one.likeness(wording, _SOMEWHAT) for one in item.wordings), default=0.0)


def _compare_serials(item: Item, offer: Offer) -> bool | None:
    """True where a stated number agrees, False where whole ones differ, None where nothing is stated."""
    if len(offer.serials) != 1 or len(offer.items) != 1:
        return None
    ours = offer.serials[0]
    stated = [one.serials[0] for one in item.offers if len(one.serials) == 1 and len(one.items) == 1]
    if not stated:
        return None
    return any(ours.agrees(one) for one in stated)


def _shares_a_picture(item: Item, shown: Sequence[int]) -> bool:
    return any(
        ((ours ^ theirs) & _ALL).bit_count() <= MOST_DIFFERENT
        for ours in shown
        for one in item.offers
        if len(one.items) == 1
        for theirs in one.pictures
    )


_ALL = 2**64 - 1


def _continues(item: Item, offer: Offer, stated: JsonObject) -> bool:
    last = item.offers[-1]
    if stated["model"] is None or item.model is None or len(offer.items) != 1 or len(last.items) != 1:
        return False
    if last.status in ("sold", "active") or last.ended is None:
        return False  # what is sold is not offered again, and what still stands beside it is another one
    if offer.price is None or last.price is None or offer.price[1] != last.price[1]:
        return False
    highest = max(offer.price[0], last.price[0])
    near = highest > 0 and abs(offer.price[0] - last.price[0]) <= _NEAR_PRICE * highest
    end = min(last.ended, last.last_seen) if last.last_seen > last.offered else last.ended
    return near and end - _OVERLAP <= offer.offered <= last.ended + _MOST_PAUSE
