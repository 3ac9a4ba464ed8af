"""The rules of pipelines/sellers/rules.yaml over one seller's items: what fires, for and against."""

from __future__ import annotations

from collections import Counter
from importlib import resources
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen
from ruamel.yaml import YAML

from pipelines.sellers.windows import fullest_window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from pipelines.sellers.history import Offer, SellerHistory
    from pipelines.sellers.items import Item

_PROCESS = frozenset({"ffl_transfer", "check_or_permit_required", "licensed_intermediary", "dealer"})
_ESTATE = frozenset({"estate_or_collection"})
_NOT_WORDS = frozenset({"new_in_box", "several_guns", "private_sale", "missing_check_statement"})
"""Counted by rules of their own, or recorded with no weight."""


@frozen(kw_only=True)
class Firing:
    """One rule that fired on a seller's history."""

    name: str
    polarity: str  # for or against
    weight: float  # log-odds; 0 where a counter-signal moderates it
    fact: str
    reason: str
    items: tuple[Item, ...]
    moderates: frozenset[str] = frozenset()


@frozen(kw_only=True)
class Facts:
    """What the rules look at: a seller's firearms in the order of their first days, and the day it is."""

    history: SellerHistory
    firearms: Sequence[Item]
    today: datetime
    weights: Mapping[str, float]  # the strongest weight of each listing signal seen

    @property
    def new(self) -> list[Item]:
        """The firearms described as new."""
        return [item for item in self.firearms if _says(item, {"new_in_box"})]


@frozen
class SellerRules:
    """The rules as data. Make them with `SellerRules.shipped`."""

    body: Mapping[str, Any]

    @classmethod
    def shipped(cls) -> SellerRules:
        """The rules that come with Tracemark."""
        text = resources.files("pipelines.sellers").joinpath("rules.yaml").read_text("utf-8")
        return cls(YAML(typ="safe").load(text))

    def fire(self, facts: Facts) -> list[Firing]:
        """Every rule that fires; what a counter-signal moderates keeps its reason and weighs nothing."""
        if not facts.firearms:
            return []
        found = [*self._signals(facts), *self._counters(facts)]
        moderated = {name for firing in found if firing.polarity == "against" for name in firing.moderates}
        return [_moderate(firing) if firing.name in moderated else firing for firing in found]

    def _signals(self, facts: Facts) -> Iterable[Firing]:
        best: dict[str, Firing] = {}
        for name, rule in self.body["signals"].items():
            fired = _SPECIAL.get(name, _count_window)(rule.get("as", name), rule, facts)
            if fired is not None and (fired.name not in best or best[fired.name].weight < fired.weight):
                best[fired.name] = fired
        return best.values()

    def _counters(self, facts: Facts) -> Iterable[Firing]:
        for name, rule in self.body["counters"].items():
            fired = _COUNTERS[name](name, rule, facts)
            if fired is not None:
                yield fired


def _count_window(name: str, rule: Mapping[str, Any], facts: Facts) -> Firing | None:
    window = rule["window"]
    chosen = facts.firearms
    if rule["counts"] == "handguns":
        chosen = [item for item in chosen if item.item_class == "firearm_handgun"]
    groups = _by_model(chosen) if rule["counts"] == "same_model" else [chosen]
    fullest = max(
        (fullest_window(group, window.get("days"), window.get("business_days")).items for group in groups if group),
        key=len,
        default=(),
    )
    steps = [step["weight"] for step in rule["steps"] if len(fullest) >= step["least"]]
    if not steps:
        return None
    return _for(name, rule, max(steps), fullest, count=len(fullest))


def _new_ratio(name: str, rule: Mapping[str, Any], facts: Facts) -> Firing | None:
    new, total = facts.new, len(facts.firearms)
    if total < rule["least_items"] or len(new) < rule["least_ratio"] * total:
        return None
    return _for(name, rule, rule["weight"], new, count=len(new), total=total)


def _steady(name: str, rule: Mapping[str, Any], facts: Facts) -> Firing | None:
    recent = [item for item in facts.firearms if (facts.today - item.first_seen).days < 365]
    months = {(item.first_seen.year, item.first_seen.month) for item in recent}
    if len(months) < rule["least_months"] or len(recent) < rule["least_items"]:
        return None
    return _for(name, rule, rule["weight"], recent, count=len(months), total=len(recent))


def _accumulated(name: str, rule: Mapping[str, Any], facts: Facts) -> Firing | None:
    seen: Counter[str] = Counter()
    total, bearing = 0.0, []
    for item in facts.firearms:
        names = set().union(*(offer.signals for offer in item.offers)) - _NOT_WORDS
        names = {one for one in names if facts.weights.get(one, 0.0) > 0}
        # The same words again are hardly new evidence: each signal counts half as much every time it returns.
        total += sum(facts.weights[one] * 0.5 ** seen[one] for one in names)
        seen.update(names)
        if names:
            bearing.append(item)
    if len(bearing) < rule["least_items"] or total < rule["least_weight"]:
        return None
    return _for(name, rule, rule["weight"], bearing, total=len(bearing), names=", ".join(sorted(seen)))


def _dealer_process(name: str, rule: Mapping[str, Any], facts: Facts) -> Firing | None:
    offers = _offers(facts.firearms)
    careful = [offer for offer in offers if offer.against & _PROCESS]
    licence = facts.history.licence or next(
        (offer.id for offer in offers if "licence_number_stated" in offer.against), None
    )
    if not licence or len(careful) < rule["least_ratio"] * len(offers):
        return None
    shown = facts.history.licence or "in its listings"
    return _against(name, rule, facts.firearms, licence=shown, count=len(careful), total=len(offers))


def _liquidation(name: str, rule: Mapping[str, Any], facts: Facts) -> Firing | None:
    firearms = facts.firearms
    days = (firearms[-1].first_seen - firearms[0].first_seen).days
    offers = _offers(firearms)
    naming = [offer for offer in offers if offer.against & _ESTATE]
    variety = len({(item.make, item.model) for item in firearms}) / len(firearms)
    holds = (
        len(firearms) >= rule["least_items"]
        and days <= rule["most_days"]
        and (facts.today - firearms[-1].first_seen).days >= rule["least_quiet_days"]
        and len(facts.new) <= rule["most_new_ratio"] * len(firearms)
        and len(naming) >= rule["least_words_ratio"] * len(offers)
        and variety >= rule["least_variety"]
    )
    return _against(name, rule, firearms, total=len(firearms), days=days, count=len(naming)) if holds else None


def _occasional(name: str, rule: Mapping[str, Any], facts: Facts) -> Firing | None:
    total = len(facts.firearms)
    return _against(name, rule, facts.firearms, total=total) if total <= rule["most_items"] else None


_SPECIAL: dict[str, Callable[[str, Mapping[str, Any], Facts], Firing | None]] = {
    "new_in_box_ratio": _new_ratio,
    "ant_trade": _steady,
    "accumulated_evidence": _accumulated,
}
_COUNTERS: dict[str, Callable[[str, Mapping[str, Any], Facts], Firing | None]] = {
    "dealer_process": _dealer_process,
    "collection_liquidation": _liquidation,
    "occasional_seller": _occasional,
}


def _for(name: str, rule: Mapping[str, Any], weight: float, items: Sequence[Item], **words: Any) -> Firing:
    reason = rule["reason"].format(**words)
    return Firing(name=name, polarity="for", weight=weight, fact=rule["fact"], reason=reason, items=tuple(items))


def _against(name: str, rule: Mapping[str, Any], items: Sequence[Item], **words: Any) -> Firing:
    return Firing(
        name=name,
        polarity="against",
        weight=rule["weight"],
        fact="counter",
        reason=rule["reason"].format(**words),
        items=tuple(items),
        moderates=frozenset(rule["moderates"]),
    )


def _moderate(firing: Firing) -> Firing:
    return evolve(firing, weight=0.0, reason=f"{firing.reason} (moderated by what speaks against)")


def _by_model(items: Sequence[Item]) -> list[list[Item]]:
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        if item.make and item.model:
            groups.setdefault((item.make, item.model), []).append(item)
    return list(groups.values())


def _says(item: Item, names: set[str]) -> bool:
    return any(offer.signals & names for offer in item.offers)


def _offers(items: Sequence[Item]) -> list[Offer]:
    return list({offer.row: offer for item in items for offer in item.offers}.values())
