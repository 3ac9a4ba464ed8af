"""Whether a listing's piece is the thing that earlier listings offered: what speaks against it, then what for."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.sellers.manner import Manner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.models import JsonObject
    from pipelines.sellers.items import Item
    from pipelines.sellers.offers import Offer
    from pipelines.sellers.wording import Wording

ALIKE = 0.5
"""Least share of words and word pairs that two texts of one item have in common (Jaccard).

Measured on pairs of our own (tests/pipelines/sellers): an ad with a fifth of its words changed keeps 0.53 and more, a
line of six words with one changed 0.50; two ads by one hand for two guns of one model have 0.18 at most, and 0.47 where
three lines of the same boilerplate follow. Pairs alone lose the short ads (0.33)."""

NEARLY_THE_SAME = 0.9
"""Texts that much alike are one ad put up again, whatever price or pictures it has now."""
_SOMEWHAT = 0.25
"""As ALIKE, where make, model, calibre, price and time agree beside it, and the earlier listing had ended."""
_NEAR_PRICE = 0.15  # sellers lower a price step by step
_MOST_PAUSE = timedelta(days=45)  # between the end of a listing and its next
_NEXT_TRY, _STEP = timedelta(days=7), 0.1  # where nothing but make, model, price and time speaks for it
_OVERLAP = timedelta(days=3)  # a listing is taken down after its next is put up, or seen so
_FELL_THROUGH = timedelta(days=14)  # what was said to be sold may come back within
MOST_DIFFERENT = 10  # bits of 64 between two pictures of one scene, as compressed, scaled or cut by sites
_ALL = 2**64 - 1
DOUBTFUL = "make, model, price and time agree"
_SHOTS = re.compile(
    r"(?<![\d.,])(\d(?:[\d,.]{0,6}\d)?)\s?\+?\s?(?:rounds?|rds?|shots?|schuss|coups|disparos|tiros|выстрел\w*)\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"\d[\d,.]*\d")
_LONG_NUMBER = re.compile(r"\(?\d{3}[\d ().-]{5,}\d")  # a telephone's and its like


@frozen
class Evidence:
    """What speaks for one thing: in words, and how strongly (1 is the same text)."""

    name: str
    likeness: float

    @property
    def parts(self) -> bool:
        """Whether it is strong enough to part the thing from what joined it with little to say for it."""
        return self.likeness >= ALIKE


def judge(item: Item, offer: Offer, stated: JsonObject, wording: Wording, shown: Sequence[int]) -> Evidence | None:
    """The strongest evidence that `offer` offers `item` again, or None. What is stated is compatible already."""
    serials = _compare_serials(item, offer)
    if serials is False:
        return None
    if serials:
        return Evidence("the same stated serial number", 1.0)
    likeness = _likeness(item, wording)
    pictured = _shares_a_picture(item, shown)
    found = _support(item, offer, stated, likeness, pictured=pictured)
    if found is None or any(_sold_before(one, offer, likeness, pictured=pictured) for one in item.offers):
        return None
    if likeness >= NEARLY_THE_SAME or pictured:
        return found
    # Any listing of it may stand against it: joined through a third one they would still be two things. One that has
    # little to say for itself gives way to what has more (`parts`).
    weak = [one.offer for one in item.doubtful] if found.parts else []
    return None if any(_contradict(one, offer) for one in item.offers if one not in weak) else found


def _support(item: Item, offer: Offer, stated: JsonObject, likeness: float, *, pictured: bool) -> Evidence | None:
    if likeness >= ALIKE:
        return Evidence("texts alike", likeness)
    if pictured:
        return Evidence("a picture in common", ALIKE + likeness / 4)
    if _left_a_lot(item, offer, stated):
        return Evidence("out of an ad of several, at the price named there", ALIKE / 2)
    if _comes_again(item, offer, stated):
        return Evidence("by its own words offered before, make, model and price agree", ALIKE / 2 + likeness / 8)
    if _continues(item, offer, stated, likeness):
        return Evidence(DOUBTFUL, likeness or _SOMEWHAT)
    return None


def stand_apart(one: Offer, offer: Offer) -> bool:
    """Whether two listings that nothing but make, model, price and time makes one thing are two after all."""
    return _overlap(one, offer) or any(_contradict(*both) for both in ((one, offer), (offer, one)))


def _likeness(item: Item, wording: Wording) -> float:
    if any(one is wording for one in item.wordings):
        return 1.0
    return max((one.likeness(wording, _SOMEWHAT) for one in item.wordings), default=0.0)


def _contradict(one: Offer, offer: Offer) -> bool:
    return _stands_beside(one, offer) or _outlives_a_sale(one, offer) or _says_other_shots(one, offer)


def _sold_before(one: Offer, offer: Offer, likeness: float, *, pictured: bool) -> bool:
    """Sold, and offered in the same words again, is the next piece.

    A sale that fell through is told by the same pictures soon afterwards; where none are shown, by the same words.
    """
    if one.status != "sold" or one.ended is None or one.ended > offer.offered:
        return False
    soon = offer.offered <= one.ended + _FELL_THROUGH
    unpictured = not one.pictures and not offer.pictures and likeness >= NEARLY_THE_SAME
    return not (soon and (pictured or unpictured))


def _stands_beside(one: Offer, offer: Offer) -> bool:
    """Both up at the same time, each with pictures of its own, on one site or at another price."""
    if not offer.pictures or not one.pictures or not _overlap(one, offer):
        return False
    same_site = (one.site, one.seller) == (offer.site, offer.seller)
    return same_site or (one.price is not None and offer.price is not None and one.price != offer.price)


def _outlives_a_sale(one: Offer, offer: Offer) -> bool:
    """Both up at the same time, one of them sold, and the other still up for days."""
    return _overlap(one, offer) and (_goes_on(one, offer) or _goes_on(offer, one))


def _goes_on(sold: Offer, other: Offer) -> bool:
    if sold.status != "sold" or sold.ended is None:
        return False
    return (other.ended or other.last_seen) > sold.ended + _OVERLAP


def _says_other_shots(one: Offer, offer: Offer) -> bool:
    """Both tell a number of shots, and the later one clearly fewer, or none: a barrel's count only grows."""
    if len(one.items) != 1 or len(offer.items) != 1:
        return False
    theirs = _shots(one.text)
    ours = [0] if "new_in_box" in offer.signals else _shots(offer.text)
    return bool(ours and theirs) and max(ours) < 0.8 * min(theirs)


def _shots(text: str) -> list[int]:
    return [int(number) for found in _SHOTS.findall(text) if (number := re.sub(r"\D", "", found))]


def _overlap(one: Offer, offer: Offer) -> bool:
    first, second = sorted((one, offer), key=lambda each: each.offered)
    return (first.ended or first.last_seen) > second.offered + _OVERLAP


def _compare_serials(item: Item, offer: Offer) -> bool | None:
    """True where the stated number agrees with all of the item's, False where it does not, None where none is."""
    if len(offer.serials) != 1 or len(offer.items) != 1:
        return None
    ours = offer.serials[0]
    stated = [one.serials[0] for one in item.offers if len(one.serials) == 1 and len(one.items) == 1]
    return all(ours.agrees(one) for one in stated) if stated else None


def _shares_a_picture(item: Item, shown: Sequence[int]) -> bool:
    return any(
        ((ours ^ theirs) & _ALL).bit_count() <= MOST_DIFFERENT
        for ours in shown
        for one in item.offers
        for theirs in one.pictures
    )


def _left_a_lot(item: Item, offer: Offer, stated: JsonObject) -> bool:
    """One of several in an ad, then alone at the price that the ad named for it; or the other way round."""
    if stated["model"] is None or item.model is None:
        return False
    return any(_is_split(one, offer) or _is_split(offer, one) for one in item.offers)


def _is_split(lot: Offer, alone: Offer) -> bool:
    if len(lot.items) < 2 or len(alone.items) != 1 or alone.price is None:
        return False
    amounts = {_plain(found) for found in _AMOUNT.findall(lot.text)}
    return _plain(f"{alone.price[0]:.0f}") in amounts


def _figures(offer: Offer, item: Item) -> set[str]:
    """Its numbers of three digits and more that are no price, no model, no calibre, no telephone, no year."""
    named = f"{item.make} {item.model} {item.calibre}"
    price = "" if offer.price is None else f"{offer.price[0]:.0f}"
    return {
        found
        for found in (_plain(one) for one in _AMOUNT.findall(_LONG_NUMBER.sub(" ", offer.text)))
        if 3 <= len(found) <= 5
        and found not in named
        and found != price
        and not (len(found) == 4 and found[:2] in ("19", "20"))
    }


def _plain(amount: str) -> str:
    return re.sub(r"\D", "", re.sub(r"[.,]\d{2}$", "", amount))


def _comes_again(item: Item, offer: Offer, stated: JsonObject) -> bool:
    """The same account says so, nobody bought it, and the price is near: also where no end of a listing is known."""
    own = [one for one in item.offers if (one.site, one.seller) == (offer.site, offer.seller)]
    if not own or stated["model"] is None or stated["model"] != item.model:
        return False
    last = own[-1]
    single = len(offer.items) == 1 == len(last.items) and int(stated.get("quantity") or 1) == 1 == item.quantity
    if not single or last.status == "sold" or not _near(last, offer):
        return False
    return offer.offered <= (last.ended or last.offered) + _MOST_PAUSE and Manner.shipped().tells_again(offer.text)


def _near(last: Offer, offer: Offer) -> bool:
    if offer.price is None or last.price is None or offer.price[1] != last.price[1]:
        return False
    highest = max(offer.price[0], last.price[0])
    return highest > 0 and abs(offer.price[0] - last.price[0]) <= _NEAR_PRICE * highest


def _continues(item: Item, offer: Offer, stated: JsonObject, likeness: float) -> bool:
    """The earlier listing had ended unsold, the next came soon after, and make, model and price agree.

    Beside it a figure in common; or, where one of them tells none, words in common, or the next try within days.
    """
    own = [one for one in item.offers if (one.site, one.seller) == (offer.site, offer.seller)]
    last = (own or item.offers)[-1]
    if stated["model"] is None or item.model is None or len(offer.items) != 1 or len(last.items) != 1:
        return False
    if last.status in ("sold", "active") or last.ended is None or any(_overlap(one, offer) for one in item.offers):
        return False
    if not offer.price or not last.price or not _near(last, offer) or offer.offered > last.ended + _MOST_PAUSE:
        return False
    ours, theirs = _figures(last, item), _figures(offer, item)
    if ours and theirs:
        return bool(ours & theirs)
    return bool(likeness) or _is_next_try(last, offer, last.price[0], offer.price[0])


def _is_next_try(last: Offer, offer: Offer, before: float, now: float) -> bool:
    """By the same account within days, and a little cheaper."""
    same = (last.site, last.seller) == (offer.site, offer.seller)
    soon = last.ended is not None and offer.offered <= last.ended + _NEXT_TRY
    return same and soon and (1 - _STEP) * before <= now <= before
