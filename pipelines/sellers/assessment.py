"""One seller's assessment: items, windows, signals for and against, and whether a person should look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.sellers.items import find_items
from pipelines.sellers.rules import Facts, SellerRules
from pipelines.sellers.windows import fullest_windows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pipelines.models import JsonObject
    from pipelines.sellers.history import SellerHistory
    from pipelines.sellers.items import Item
    from pipelines.sellers.rules import Firing
    from pipelines.sellers.windows import Window

_MEDIUM = 1.0
"""The least weight (log-odds) of a signal of class M."""


@frozen(kw_only=True)
class SellerAssessment:
    """What a history shows."""

    history: SellerHistory
    items: Sequence[Item]
    windows: Sequence[Window]
    firings: Sequence[Firing]
    new_in_box_ratio: float | None
    review: str

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


def assess_history(
    history: SellerHistory, rules: SellerRules, today: datetime, weights: Mapping[str, float]
) -> SellerAssessment:
    """Assess one seller as of `today`; `weights` are the log-odds of listing signals by name."""
    items = find_items(history)
    firearms = sorted((item for item in items if item.is_firearm), key=lambda item: (item.first_seen, item.id))
    facts = Facts(history=history, firearms=firearms, today=today, weights=weights)
    firings = [] if history.id is None else rules.fire(facts)
    return SellerAssessment(
        history=history,
        items=items,
        windows=fullest_windows(items),
        firings=firings,
        new_in_box_ratio=round(len(facts.new) / len(firearms), 4) if firearms else None,
        review=review_level(firings),
    )


def review_level(firings: Sequence[Firing]) -> str:
    """`review` needs two signals of M or more on different facts; one alone is `idle`. Weak ones never add up."""
    standing = {firing.fact for firing in firings if firing.polarity == "for" and firing.weight >= _MEDIUM}
    return "review" if len(standing) >= 2 else "idle" if standing else "none"


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
    offers = {(offer.site, offer.id): None for item in firing.items for offer in item.offers}
    return {
        "name": firing.name,
        "polarity": firing.polarity,
        "weight": firing.weight,
        "fact": firing.fact,
        "reason": firing.reason,
        "items": [item.id for item in firing.items],
        "listings": [{"site": site, "id": native_id} for site, native_id in offers],
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
