"""One hand's assessment: items, windows, signals for and against, and whether a person should look."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from pipelines.licences.matching import Standing
from pipelines.sellers.facts import Facts
from pipelines.sellers.items import find_items
from pipelines.sellers.rates import USUAL, count_seller, rate
from pipelines.sellers.windows import firearms_of, fullest_windows, last_day_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pipelines.licences.matching import LicenceMatch
    from pipelines.models import JsonObject
    from pipelines.sellers.facts import Firing
    from pipelines.sellers.history import SellerHistory
    from pipelines.sellers.items import Item
    from pipelines.sellers.offers import Offer
    from pipelines.sellers.rates import Counted, Norms, Observed
    from pipelines.sellers.rules import SellerRules
    from pipelines.sellers.windows import Window

_MEDIUM, _HIGH = 1.0, 3.5
"""The least weight (log-odds) of a signal of class M, and of class H."""
LEVELS = ("none", "idle", "review")


@frozen(kw_only=True)
class SellerAssessment:
    """What a history shows. `due` is when time alone may change it."""

    history: SellerHistory
    items: Sequence[Item]
    firearms: Sequence[Item]
    windows: Sequence[Window]
    firings: Sequence[Firing]
    new_in_box_ratio: float | None
    counted: Counted
    observed: Observed
    prices: Mapping[str, float]
    licence: LicenceMatch | None
    review: str
    due: datetime | None
    actor: str | None = None
    actor_firings: Sequence[Firing] = ()  # that only the accounts of the actor together show
    origin: str = "seller"  # seller or actor: whose the level is

    def to_json(self, norms: Norms = USUAL) -> JsonObject:
        """The line of `tracemark export sellers` (docs/schema/seller.json)."""
        history = self.history
        return {
            "site": history.site,
            "id": history.id,
            "name": history.name,
            "actor": self.actor,
            "licence": self._licence_json(),
            "first_seen": _iso(history.first_seen),
            "last_seen": _iso(history.last_seen),
            "windows": [window_json(window, self.observed) for window in self.windows],
            "new_in_box_ratio": self.new_in_box_ratio,
            "rate": rate(self.counted, norms),
            "figures": figures_json(self),
            "signals": [
                *(firing_json(firing, "seller") for firing in self.firings),
                *(firing_json(firing, "actor") for firing in self.actor_firings),
            ],
            "review": self.review,
            "review_origin": self.origin,
        }

    def _licence_json(self) -> JsonObject:
        match = self.licence
        stated = self.history.licence or (match.stated if match else None)
        return {
            "stated": stated,
            "verified": match is not None and match.standing is Standing.VERIFIED,
            "standing": None if match is None else match.standing.value,
            "words": None if match is None else match.words,
            "entry": None if match is None else match.entry,
        }


@frozen(kw_only=True)
class Beside:
    """What is known beside a history: registers, stolen serial numbers, prices, and the days of its site."""

    today: datetime
    observed: Observed
    licence: LicenceMatch | None = None
    stolen: Sequence[tuple[Offer, str]] = ()
    shared_serials: Sequence[Offer] = ()
    prices: Mapping[str, float]
    templates: Sequence[tuple[Offer, int]] = ()
    norms: Norms | None = None


def assess_history(
    history: SellerHistory, rules: SellerRules, beside: Beside, items: Sequence[Item] | None = None
) -> SellerAssessment:
    """Assess one hand as of `beside.today`, the last day on which its site was seen (or the day asked for).

    `items` are those of its offers where they are found already.
    """
    items = find_items(history) if items is None else items
    firearms = firearms_of(items)
    facts = Facts(
        history=history,
        firearms=firearms,
        today=beside.today,
        licence=beside.licence,
        stolen=beside.stolen,
        shared_serials=beside.shared_serials,
        prices=beside.prices,
        templates=beside.templates,
        norms=beside.norms,
    )
    nameless = history.id is None and not history.accounts
    firings = [] if nameless else rules.fire(facts)
    new = len(facts.new)
    return SellerAssessment(
        history=history,
        items=items,
        firearms=firearms,
        windows=fullest_windows(firearms),
        firings=firings,
        new_in_box_ratio=round(new / len(firearms), 4) if firearms else None,
        counted=count_seller(firearms, new, len(facts.silent), history.first_seen, beside.today, beside.observed),
        observed=beside.observed,
        prices=beside.prices,
        licence=beside.licence,
        review=review_level(firings),
        due=rules.due(facts),
    )


def own_items(items: Sequence[Item], site: str, seller: str | None) -> list[Item]:
    """Those of an actor's items that one account offered, each with that account's offers only."""
    found = []
    for item in items:
        offers = [offer for offer in item.offers if (offer.site, offer.seller) == (site, seller)]
        if len(offers) == len(item.offers):
            found.append(item)
        elif offers:
            found.append(
                evolve(
                    item,
                    offers=offers,
                    offered=min(offer.offered for offer in offers),
                    first_seen=min(offer.first_seen for offer in offers),
                    last_seen=max(offer.last_seen for offer in offers),
                )
            )
    return found


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


def window_json(window: Window, observed: Observed) -> JsonObject:
    """A window with what was counted in it, and how many of its days were observed."""
    last = last_day_of(window.start, window.days, window.business_days)
    return {
        "days": window.days,
        "business_days": window.business_days,
        "from": window.start.isoformat(),
        "to": window.end.isoformat(),
        "firearms": len(window.items),
        "handguns": window.handguns,
        "sold": window.sold,
        "relisted": window.relisted,
        "observed_days": observed.count(window.start, last),
        "items": [item.id for item in window.items],
    }


def figures_json(assessment: SellerAssessment) -> JsonObject:
    """Further figures of a history; null where nothing can be said."""
    firearms, history = assessment.firearms, assessment.history
    joined = min((account.joined for account in history.accounts if account.joined is not None), default=None)
    first = firearms[0].offered if firearms else None
    z = [assessment.prices[item.id] for item in firearms if item.id in assessment.prices]
    removed = [offer.ended for offer in history.offers if offer.status == "removed" and offer.ended is not None]
    after = [item for item in firearms if removed and 0 < (item.offered - min(removed)).total_seconds() <= 30 * 86400]
    before = [item for item in firearms if removed and 0 <= (min(removed) - item.offered).total_seconds() <= 30 * 86400]
    return {
        "days_from_joining_to_first_firearm": max(0, (first - joined).days) if joined and first else None,
        "variety": round(len({(item.make, item.model) for item in firearms}) / len(firearms), 4) if firearms else None,
        "sold": sum(1 for item in firearms if item.sold),
        "relisted": sum(1 for item in firearms if len(item.offers) > 1),
        "price_z": round(median(z), 2) if z else None,
        "removed_by_moderators": len(removed),
        "firearms_in_30_days_before_removal": len(before) if removed else None,
        "firearms_in_30_days_after_removal": len(after) if removed else None,
    }


def firing_json(firing: Firing, scope: str) -> JsonObject:
    """A rule that fired, with the items, listings and captures it rests on."""
    return {
        "name": firing.name,
        "rule": firing.rule,
        "scope": scope,
        "polarity": firing.polarity,
        "weight": firing.weight,
        "fact": firing.fact,
        "provision": None if firing.provision == "none" else firing.provision,
        "reason": firing.reason,
        "items": [item.id for item in firing.items],
        "listings": [{"site": offer.site, "id": offer.id} for offer in firing.offers],
        "captures": list(dict.fromkeys(offer.capture for offer in firing.offers if offer.capture)),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
