"""From asking to offering: "wanted" posts of a hand, and the firearms that it offers afterwards."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.sellers.facts import Count
from pipelines.sellers.manner import Manner

if TYPE_CHECKING:
    from classifiers.history_rules import HistoryRule
    from pipelines.sellers.facts import Facts
    from pipelines.sellers.items import Item
    from pipelines.sellers.offers import Offer

_WORD = re.compile(r"\w+")


def count_flips(rule: HistoryRule, facts: Facts) -> Count | None:
    """Firearms first offered within the window after the hand had asked for one like it, or said to be just bought."""
    turns = _turns(rule, facts, once=False)
    items = [item for item in facts.firearms if item in turns or _just_bought(item)]
    return Count(number=len(items), items=items)


def count_cycles(rule: HistoryRule, facts: Facts) -> Count | None:
    """Turns from asking to offering: each post that asks counts once, each firearm once."""
    turns = _turns(rule, facts, once=True)
    return Count(number=len(turns), items=list(turns))


def _just_bought(item: Item) -> bool:
    """Whether its first offer tells of a purchase shortly before: later ones repeat it when it is long true no more."""
    first = item.offers[0]
    return "resale_for_profit" in first.signals or Manner.shipped().tells_purchase(first.text)


def _turns(rule: HistoryRule, facts: Facts, *, once: bool) -> dict[Item, Offer]:
    span = timedelta(days=rule.window.days if rule.window and rule.window.days else 365)
    asking = sorted((one for one in facts.history.offers if one.asks), key=lambda one: (one.offered, one.id))
    words = {one.row: frozenset(_WORD.findall(one.text.casefold())) for one in asking}
    used: set[int] = set()
    found: dict[Item, Offer] = {}
    for item in facts.firearms:
        for one in asking:
            if one.row not in used and one.offered < item.offered <= one.offered + span and _asks(one, words, item):
                found[item] = one
                if once:
                    used.add(one.row)
                break
    return found


def _asks(offer: Offer, words: dict[int, frozenset[str]], item: Item) -> bool:
    """Whether a post asks for a thing like the item: its model by name, with its maker where both say one."""
    if item.model is None:
        return False
    for stated in offer.items:
        if stated["model"] is not None:
            return bool(stated["model"] == item.model and stated["make"] in (None, item.make))
    said = words[offer.row]
    return said.issuperset(_WORD.findall(item.model.casefold())) and (
        item.make is None or said.issuperset(_WORD.findall(item.make.casefold())[:1])
    )
