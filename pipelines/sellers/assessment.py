"""One seller's assessment: items, windows, signals for and against, and whether a person should look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.sellers.items import find_items
from pipelines.sellers.rules import Facts, SellerRules
from pipelines.sellers.windows import firearms_of, fullest_windows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipelines.models import JsonObject
    from pipelines.sellers.history import SellerHistory
    from pipelines.sellers.items import Item
    from pipelines.sellers.rules import Firing
    from pipelines.sellers.windows import Window

_MEDIUM, _HIGH = 1.0, 3.5
"""The least weight (log-odds) of a signal of class M, and of class H."""


@frozen(kw_only=True)
class SellerAssessment:
    """What a history shows. `due` is when time alone may change it."""

    history: SellerHistory
    items: Sequence[Item]
    windows: Sequence[Window]
    firings: Sequence[Firing]
    new_in_box_ratio: float | None
    review: str
    due: datetime | None

    def to_json(self) -> JsonObject:
        """The line of `tracemark export sellers` (docs/schema/seller.json)."""
        history = self.history
        return {
            "site": history.site,
            "id": history.id,
            "name": history.name,
            "actor": None,
            "licence": {"stated": history.licence, "verified": False},
            "first_seen": _iso(history.first_seen),
            "last_seen": _iso(history.last_seen),
            "windows": [_window_json(window) for window in self.windows],
            "new_in_box_ratio": self.new_in_box_ratio,
            "signals": [_firing_json(firing) for firing in self.firings],
            "review": self.review,
        }


def assess_history(history: SellerHistory, rules: SellerRules, today: datetime) -> SellerAssessment:
    """Assess one seller as of `today`, the last day on which its site was seen (or the day asked for)."""
    items = find_items(history)
    firearms = firearms_of(items)
    facts = Facts(history=history, firearms=firearms, today=today)
    firings = [] if history.id is None else rules.fire(facts)
    return SellerAssessment(
        history=history,
        items=items,
        windows=fullest_windows(firearms),
        firings=firings,
        new_in_box_ratio=round(len(facts.new) / len(firearms), 4) if firearms else None,
        review=review_level(firings),
        due=rules.due(facts),
    )


def review_level(firings: Sequence[Firing]) -> str:
    """`review` needs one H, or two signals of M or more on different facts; one is `idle`. Weak ones never add up."""
    standing = [firing for firing in firings if firing.polarity == "for" and firing.weight >= _MEDIUM]
    if any(firing.weight >= _HIGH for firing in standing):
        return "review"
    facts = {firing.fact for firing in standing}
    return "review" if len(facts) > 1 else "idle" if facts else "none"


def item_json(item: Item) -> JsonObject:
    """The line of `tracemark export items` (docs/schema/item.json)."""
    return {
        "id": item.id,
        "class": item.item_class,
        "make": item.make,
        "model": item.model,
        "calibre": item.calibre,
        "listings": [{"site": offer.site, "id": offer.id} for offer in item.offers],
        "first_seen": item.first_seen.isoformat(),
        "last_seen": item.last_seen.isoformat(),
        "why": item.why,
    }


def _window_json(window: Window) -> JsonObject:
    return {
        "days": window.days,
        "business_days": window.business_days,
        "from": window.start.isoformat(),
        "to": window.end.isoformat(),
        "firearms": len(window.items),
        "handguns": window.handguns,
        "items": [item.id for item in window.items],
    }


def _firing_json(firing: Firing) -> JsonObject:
    return {
        "name": firing.name,
        "polarity": firing.polarity,
        "weight": firing.weight,
        "fact": firing.fact,
        "reason": firing.reason,
        "items": [item.id for item in firing.items],
        "listings": [{"site": offer.site, "id": offer.id} for offer in firing.offers],
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
