"""The rules of the jurisdiction packs over one hand's items: what fires, for and against."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from classifiers.catalogue import load_catalogue
from classifiers.packs import ANYWHERE, load_packs, standing
from pipelines.errors import ConfigurationError
from pipelines.sellers import counting, cycles, shapes
from pipelines.sellers.facts import Count, Facts, Firing, offers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from classifiers.history_rules import HistoryRule
    from classifiers.packs import Packs
    from pipelines.sellers.items import Item
    from pipelines.sellers.offers import Offer

_COUNTS: dict[str, Callable[[HistoryRule, Facts], Count | None]] = {
    name.removeprefix("count_"): function
    for module in (counting, cycles, shapes)
    for name, function in vars(module).items()
    if name.startswith("count_")
}
_LIQUIDATION = "collection_liquidation"
_NEEDS_NO_FIREARM = frozenset({"person", "stolen", "licence", "serials", "accounts", "verified", "templates"})


@frozen
class SellerRules:
    """The rules by jurisdiction, and the listing signals that need a person. Make them with `shipped` or `of`.

    `sha256` names both: a seller assessed by others is assessed again. `as_of` is the day on which rules must be fresh.
    """

    packs: Mapping[str, Mapping[str, HistoryRule]]
    needs_person: frozenset[str]
    as_of: date
    sha256: str
    _chosen: dict[str, dict[str, HistoryRule]] = field(factory=dict)

    @classmethod
    def shipped(cls) -> SellerRules:
        """The rules that come with Tracemark, as on the day on which they were last checked."""
        return cls.of(load_packs(load_catalogue()))

    @classmethod
    def of(cls, packs: Packs, as_of: date | None = None) -> SellerRules:
        """The rules of some packs. ConfigurationError where one counts what nobody knows to count."""
        found = {code: pack.history for code, pack in packs.files.items() if pack.history}
        mistakes = [
            f"{code}: {name} counts {rule.counts!r}; known are {', '.join(sorted([*_COUNTS, 'person']))}"
            for code, rules in found.items()
            for name, rule in rules.items()
            if rule.counts not in _COUNTS and rule.counts != "person"
        ]
        if mistakes:
            raise ConfigurationError("a pack has rules that cannot be read", details=tuple(mistakes))
        entries = load_catalogue().file.signals.items()
        needs_person = sorted(name for name, one in entries if one.strength == "H" and one.polarity == "for")
        fresh = as_of or max([packs.latest_check, *_checked(found)])
        texts = [
            f"{code}.{name}:{rule.model_dump_json()}" for code in sorted(found) for name, rule in found[code].items()
        ]
        sha256 = hashlib.sha256("\n".join([*texts, *needs_person, fresh.isoformat()]).encode()).hexdigest()
        return cls(found, frozenset(needs_person), fresh, sha256)

    def of_country(self, country: str | None) -> Mapping[str, HistoryRule]:
        """The rules by name where a hand offers: a country's own stand in the place of those that hold anywhere."""
        key = country if country is not None and country in self.packs else ANYWHERE
        if key not in self._chosen:
            self._chosen[key] = {**self.packs.get(ANYWHERE, {}), **self.packs.get(key, {})}
        return self._chosen[key]

    def fire(self, facts: Facts) -> list[Firing]:
        """Every rule that fires; what a counter-signal exempts from keeps its reason and weighs nothing."""
        found = [
            firing
            for name, rule in self.of_country(facts.history.country).items()
            if (firing := self._try(name, rule, facts)) is not None
        ]
        against = {firing.name for firing in found if firing.polarity == "against" and firing.weight < 0}
        return [_exempt(firing) if firing.exempts & against else firing for firing in found]

    def due(self, facts: Facts) -> datetime | None:
        """When the passing of time alone may change what fires: a burst is known to have ended only by then."""
        rule = self.of_country(facts.history.country).get(_LIQUIDATION)
        if rule is None or len(facts.firearms) < min(step.least for step in rule.steps):
            return None
        quiet = facts.firearms[-1].offered + timedelta(days=int(rule.needs["quiet_days"]))
        return quiet if quiet > facts.today else None

    def _try(self, name: str, rule: HistoryRule, facts: Facts) -> Firing | None:
        facts = _in_force(rule, facts)
        if not facts.firearms and rule.counts not in _NEEDS_NO_FIREARM:
            return None
        count = self._count_person(facts) if rule.counts == "person" else _COUNTS[rule.counts](rule, facts)
        weights = [step.weight for step in rule.steps if count is not None and count.number >= step.least]
        if count is None or not weights:
            return None
        firing = _firing(name, rule, max(weights, key=abs), count)
        why = standing(rule, self.as_of)
        return evolve(firing, weight=0.0, reason=f"{firing.reason} (does not count: {why})") if why else firing

    def _count_person(self, facts: Facts) -> Count:
        """Listings that need a person whatever their score make their seller need one: nothing exempts from it."""
        offers = [one for one in facts.history.offers if one.review == "review" and self._person_signals(one)]
        names = sorted(set().union(*(self._person_signals(one) for one in offers)))
        return Count(number=len(offers), offers=offers, words={"names": ", ".join(names)})

    def _person_signals(self, offer: Offer) -> set[str]:
        return {name for name, weight in offer.signals.items() if name in self.needs_person and weight > 0}


def _checked(packs: Mapping[str, Mapping[str, HistoryRule]]) -> Iterator[date]:
    return (date.fromisoformat(rule.checked_on) for rules in packs.values() for rule in rules.values())


def _in_force(rule: HistoryRule, facts: Facts) -> Facts:
    """The facts without what was offered before the rule held, or after."""
    since, until = rule.since and date.fromisoformat(rule.since), rule.until and date.fromisoformat(rule.until)
    if not since and not until:
        return facts
    kept = [
        item
        for item in facts.firearms
        if (not since or item.offered.date() >= since) and (not until or item.offered.date() <= until)
    ]
    return evolve(facts, firearms=kept)


def _firing(name: str, rule: HistoryRule, weight: float, count: Count) -> Firing:
    words: dict[str, Any] = {"count": count.number, **count.words}
    return Firing(
        rule=name,
        name=rule.signal,
        polarity=rule.polarity,
        weight=weight,
        fact=rule.fact,
        reason=rule.reason.format_map(words) + _days(count.items),
        items=tuple(count.items),
        offers=tuple(offers_of(count.items) if count.offers is None else count.offers),
        provision=rule.provision,
        exempts=frozenset(rule.exempts),
    )


def _days(items: Sequence[Item]) -> str:
    days = sorted(item.offered.date().isoformat() for item in items)
    if not days:
        return ""
    return f" ({days[0]})" if days[0] == days[-1] else f" ({days[0]} to {days[-1]})"


def _exempt(firing: Firing) -> Firing:
    return evolve(firing, weight=0.0, reason=f"{firing.reason} (moderated by what speaks against)")


def strongest(firings: Iterable[Firing]) -> dict[str, Firing]:
    """The strongest firing of each signal, by its name."""
    best: dict[str, Firing] = {}
    for firing in firings:
        if firing.name not in best or abs(best[firing.name].weight) < abs(firing.weight):
            best[firing.name] = firing
    return best
