"""The rules of pipelines/sellers/rules.yaml over one seller's items: what fires, for and against."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen
from ruamel.yaml import YAML

from classifiers.catalogue import load_catalogue
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
    offers: tuple[Offer, ...]
    moderates: frozenset[str] = frozenset()


@frozen(kw_only=True)
class Facts:
    """What the rules look at: a seller's firearms in the order of their first days, and the day it is.

    `today` is the last day on which the site was seen (or the day asked for): quiet after it is not known.
    """

    history: SellerHistory
    firearms: Sequence[Item]
    today: datetime

    @property
    def new(self) -> list[Item]:
        """The firearms described as new."""
        return [item for item in self.firearms if _says(item, {"new_in_box"})]


@frozen
class SellerRules:
    """The rules as data, and the listing signals that need a person. Make them with `SellerRules.shipped`.

    `sha256` names both: a seller assessed by others is assessed again.
    """

    body: Mapping[str, Any]
    needs_person: frozenset[str]
    sha256: str

    @classmethod
    def shipped(cls) -> SellerRules:
        """The rules that come with Tracemark."""
        text = resources.files("pipelines.sellers").joinpath("rules.yaml").read_text("utf-8")
        entries = load_catalogue().file.signals.items()
        needs_person = sorted(name for name, one in entries if one.strength == "H" and one.polarity == "for")
        sha256 = hashlib.sha256("\n".join([text, *needs_person]).encode()).hexdigest()
        return cls(YAML(typ="safe").load(text), frozenset(needs_person), sha256)

    def fire(self, facts: Facts) -> list[Firing]:
        """Every rule that fires; what a counter-signal moderates keeps its reason and weighs nothing."""
        found = [*self._listings_that_need_a_person(facts)]
        if facts.firearms:
            found += [*self._signals(facts), *self._counters(facts)]
        moderated = {name for firing in found if firing.polarity == "against" for name in firing.moderates}
        return [_moderate(firing) if firing.name in moderated else firing for firing in found]

    def due(self, facts: Facts) -> datetime | None:
        """When the passing of time alone may change what fires: a burst is known to have ended only by then."""
        rule = self.body["counters"]["collection_liquidation"]
        if len(facts.firearms) < rule["least_items"]:
            return None
        quiet = facts.firearms[-1].offered + timedelta(days=rule["least_quiet_days"])
        return quiet if quiet > facts.today else None

    def _listings_that_need_a_person(self, facts: Facts) -> Iterable[Firing]:
        """A listing that needs a person whatever its score makes its seller need one: no counter moderates it."""
        rule = self.body["listing_needs_person"]
        offers = [one for one in facts.history.offers if one.review == "review" and self._person_signals(one)]
        if offers:
            names = sorted(set().union(*(self._person_signals(one) for one in offers)))
            yield _for(
                "listing_needs_person", rule, rule["weight"], (), offers, count=len(offers), names=", ".join(names)
            )

    def _person_signals(self, offer: Offer) -> set[str]:
        return {name for name, weight in offer.signals.items() if name in self.needs_person and weight > 0}

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
    return _for(name, rule, max(steps), fullest, count=len(fullest)) if steps else None


def _new_ratio(name: str, rule: Mapping[str, Any], facts: Facts) -> Firing | None:
    new, total = facts.new, len(facts.firearms)
    if total < rule["least_items"] or len(new) < rule["least_ratio"] * total:
        return None
    return _for(name, rule, rule["weight"], new, count=len(new), total=total)


def _steady(name: str, rule: Mapping[str, Any], facts: Facts) -> Firing | None:
    year = fullest_window(facts.firearms, 365, None).items
    months = {(item.offered.year, item.offered.month) for item in year}
    if len(months) < rule["least_months"] or len(year) < rule["least_items"]:
        return None
    return _for(name, rule, rule["weight"], year, count=len(months), total=len(year))


def _accumulated(name: str, rule: Mapping[str, Any], facts: Facts) -> Firing | None:
    seen: Counter[str] = Counter()
    total, bearing = 0.0, []
    for item in facts.firearms:
        weights: dict[str, float] = {}
        for offer in item.offers:
            for signal, weight in offer.signals.items():
                if weight > 0 and signal not in _NOT_WORDS:
                    weights[signal] = max(weights.get(signal, 0.0), weight)
        # The same words again are hardly new evidence: each signal counts half as much every time it returns.
        total += sum(weight * 0.5 ** seen[signal] for signal, weight in weights.items())
        seen.update(weights.keys())
        if weights:
            bearing.append(item)
    if len(bearing) < rule["least_items"] or total < rule["least_weight"]:
        return None
    return _for(name, rule, rule["weight"], bearing, total=len(bearing), names=", ".join(sorted(seen)))


def _dealer_process(name: str, rule: Mapping[str, Any], facts: Facts) -> Firing | None:
    offers = _offers(facts.firearms)
    careful = [offer for offer in offers if offer.against & _PROCESS]
    stated = facts.history.licence is not None or any("licence_number_stated" in offer.against for offer in offers)
    if not stated or len(careful) < rule["least_ratio"] * len(offers):
        return None
    shown = facts.history.licence or "in its listings"
    return _against(name, rule, facts.firearms, licence=shown, count=len(careful), total=len(offers))


def _liquidation(name: str, rule: Mapping[str, Any], facts: Facts) -> Firing | None:
    firearms = facts.firearms
    days = (firearms[-1].offered - firearms[0].offered).days
    offers = _offers(firearms)
    naming = [offer for offer in offers if offer.against & _ESTATE]
    variety = len({(item.make, item.model) for item in firearms}) / len(firearms)
    holds = (
        len(firearms) >= rule["least_items"]
        and days <= rule["most_days"]
        and (facts.today - firearms[-1].offered).days >= rule["least_quiet_days"]
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


def _for(
    name: str,
    rule: Mapping[str, Any],
    weight: float,
    items: Sequence[Item],
    offers: Sequence[Offer] | None = None,
    **words: Any,
) -> Firing:
    return Firing(
        name=name,
        polarity="for",
        weight=weight,
        fact=rule["fact"],
        reason=rule["reason"].format(**words) + _days(items),
        items=tuple(items),
        offers=tuple(_offers(items) if offers is None else offers),
    )


def _against(name: str, rule: Mapping[str, Any], items: Sequence[Item], **words: Any) -> Firing:
    return Firing(
        name=name,
        polarity="against",
        weight=rule["weight"],
        fact="counter",
        reason=rule["reason"].format(**words) + _days(items),
        items=tuple(items),
        offers=tuple(_offers(items)),
        moderates=frozenset(rule["moderates"]),
    )


def _days(items: Sequence[Item]) -> str:
    if not items:
        return ""
    days = sorted(item.offered.date().isoformat() for item in items)
    return f" ({days[0]})" if days[0] == days[-1] else f" ({days[0]} to {days[-1]})"


def _moderate(firing: Firing) -> Firing:
    return evolve(firing, weight=0.0, reason=f"{firing.reason} (moderated by what speaks against)")


def _by_model(items: Sequence[Item]) -> list[list[Item]]:
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        if item.make and item.model:
            groups.setdefault((item.make, item.model), []).append(item)
    return list(groups.values())


def _says(item: Item, names: set[str]) -> bool:
    return any(offer.signals.keys() & names for offer in item.offers)


def _offers(items: Sequence[Item]) -> list[Offer]:
    return list({offer.row: offer for item in items for offer in item.offers}.values())
