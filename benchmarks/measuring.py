"""Compares what was found on a made-up marketplace with what is so."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Any

from attrs import frozen
from marketplace.models import HONEST, TRAFFICKERS, Kind
from marketplace.truth import (
    RULES,
    actors_of,
    ads_by_account,
    fullest,
    history_of,
    items_of,
    judge,
    windows_of,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from marketplace.models import Marketplace

Place = tuple[str, str]
_MANY = 3000
"""A group larger than this is counted, not listed pair by pair."""


@frozen(kw_only=True)
class Agreement:
    """Pairs that two groupings have in common."""

    right: int
    found: int
    there: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.there if self.there else 1.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def to_json(self) -> dict[str, float]:
        return {
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "f1": round(self.f1, 4),
            "pairs": self.there,
            "found": self.found,
        }


def agree(found: Iterable[Iterable[Hashable]], there: Iterable[Iterable[Hashable]], among: set[Hashable]) -> Agreement:
    """How far the pairs of two groupings agree, over the things `among`; a thing may be in several groups."""
    large = Counter[bool]()
    true_pairs = {pair for group in there for pair in _pairs(group, among)}
    found_pairs: set[tuple[Any, Any]] = set()
    for group in found:
        members = [one for one in set(group) if one in among]
        if len(members) > _MANY:  # a group of many is wrong as a whole: its few right pairs are not looked for
            large[False] += comb(len(members), 2)
        else:
            found_pairs |= set(_pairs(members, among))
    return Agreement(right=len(found_pairs & true_pairs), found=len(found_pairs) + large[False], there=len(true_pairs))


def _pairs(group: Iterable[Hashable], among: set[Hashable]) -> Iterable[tuple[Any, Any]]:
    return combinations(sorted({one for one in group if one in among}, key=str), 2)


def measure_items(
    market: Marketplace, lines: Iterable[Mapping[str, Any]], kinds: frozenset[Kind] | None = None
) -> Agreement:
    """Items as exported beside the guns of the ads, of people of `kinds` only or of all."""
    truth, groups = _guns(market, kinds)
    found = ([listing["id"] for listing in line["listings"]] for line in lines)
    return agree(found, groups.values(), set(truth))


def measure_exact_text(market: Marketplace, texts: Mapping[str, str]) -> Agreement:
    """What one gets from ads of one account that are the same word for word, by ad id."""
    truth, groups = _guns(market, None)
    owner = {ad.id: ad.account.id for ad in market.ads()}
    same: dict[tuple[str, str], list[str]] = defaultdict(list)
    for ad in truth:
        same[owner[ad], texts[ad]].append(ad)
    return agree(same.values(), groups.values(), set(truth))


def _guns(
    market: Marketplace, kinds: frozenset[Kind] | None
) -> tuple[dict[str, tuple[str, ...]], dict[str, list[str]]]:
    truth = items_of(market)
    if kinds is not None:
        wanted = {ad.id for person in market.people if person.kind in kinds for ad in person.ads}
        truth = {ad: guns for ad, guns in truth.items() if ad in wanted}
    groups: dict[str, list[str]] = defaultdict(list)
    for ad, guns in truth.items():
        for gun in guns:
            groups[gun].append(ad)
    return truth, groups


def measure_actors(market: Marketplace, actor_of: Mapping[Place, str | None]) -> Agreement:
    """Actors as exported beside the people."""
    found: dict[str, list[Place]] = defaultdict(list)
    for place, actor in actor_of.items():
        if actor is not None:
            found[actor].append(place)
    return _agree_actors(market, found.values())


def measure_same_phone(market: Marketplace) -> Agreement:
    """What one gets from linking accounts that ever gave one telephone number, a shop's or not."""
    found: dict[str, set[Place]] = defaultdict(set)
    for ad in market.ads():
        numbers = [value for kind, value, _ in ad.account.contacts if kind == "phone"]
        numbers += [] if ad.shop is None else [f"shop/{ad.shop}"]
        for number in numbers:
            found[number].add((ad.account.site, ad.account.id))
    return _agree_actors(market, found.values())


def _agree_actors(market: Marketplace, found: Iterable[Iterable[Place]]) -> Agreement:
    truth = actors_of(market)
    there: dict[str, list[Place]] = defaultdict(list)
    for place, person in truth.items():
        there[person].append(place)
    return agree(found, there.values(), set(truth))


def links_by_evidence(market: Marketplace, actor_of: Mapping[Place, str | None]) -> dict[str, str]:
    """Of people with several accounts, by what gives them away: how many were wholly linked, of how many."""
    right: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for person in market.people:
        if len(person.accounts) > 1:
            actors = {actor_of.get((one.site, one.id)) for one in person.accounts}
            count[person.evidence] += 1
            right[person.evidence] += len(actors) == 1 and None not in actors
    return {name: f"{right[name]}/{count[name]}" for name in sorted(count)}


@frozen(kw_only=True)
class Firings:
    """How often what rules say of accounts is right, and where it is not."""

    right: int
    wrong: int
    open: int
    faults: Mapping[str, Mapping[str, int]]
    examples: tuple[str, ...]
    windows_right: int
    windows: int


def measure_firings(market: Marketplace, sellers: Mapping[Place, Mapping[str, Any]]) -> Firings:
    """Each rule for each account beside what must be; and the fullest windows beside what they must be."""
    right = wrong = left = same = windows = 0
    faults: dict[str, Counter[str]] = defaultdict(Counter)
    examples: list[str] = []
    for person in market.people:
        mismatch = {"licence_mismatch"} if person.bad_number else set()
        for place, ads in ads_by_account(person).items():
            line = sellers[place]
            fired = _fired(line, "seller")
            history = history_of(ads)
            verdicts = judge(history, kind=person.kind)
            must = verdicts.must | mismatch
            must_not = verdicts.must_not | ({"licence_mismatch"} - mismatch)
            left += len(RULES) + 1 - len(must) - len(must_not)
            for name, fault in [(name, "missed") for name in must - fired] + [(n, "false") for n in must_not & fired]:
                faults[name][f"{fault} ({person.kind.value})"] += 1
                examples.append(f"{name} {fault}: {place[0]}/{place[1]}")
                wrong += 1
            right += len(must & fired) + len(must_not - fired)
            if person.kind is not Kind.SCAM and history.firearms:
                said = {window["days"]: window["firearms"] for window in line["windows"] if window["days"]}
                for length, count in windows_of(history).items():
                    days = [one.day for one in history.firearms]
                    near = {count, fullest(days, length - 1), fullest(days, length + 1)}
                    windows += 1
                    same += said.get(length, 0) in near
    return Firings(
        right=right,
        wrong=wrong,
        open=left,
        faults={name: dict(sorted(counts.items())) for name, counts in sorted(faults.items())},
        examples=tuple(examples),
        windows_right=same,
        windows=windows,
    )


def _fired(line: Mapping[str, Any], *scopes: str) -> set[str]:
    """The signals that stand against an account: those that weigh nothing, being exempt, do not."""
    return {
        signal["name"]
        for signal in line["signals"]
        if signal["polarity"] == "for" and signal["weight"] > 0 and signal.get("scope", "seller") in scopes
    }


def measure_actor_firings(
    market: Marketplace, sellers: Mapping[Place, Mapping[str, Any]], actor_of: Mapping[Place, str | None]
) -> Agreement:
    """Rules over all accounts of a person, where they were linked: those that fired beside those that must."""
    right = found = there = 0
    for person in market.people:
        places = [(one.site, one.id) for one in person.accounts]
        actors = {actor_of[place] for place in places}
        if len(places) == 1 or len(actors) > 1 or None in actors:
            continue
        verdicts = judge(history_of(person.ads), kind=person.kind)
        fired = set().union(*(_fired(sellers[place], "seller", "actor") for place in places))
        right += len(verdicts.must & fired)
        found += len((verdicts.must | verdicts.must_not) & fired)
        there += len(verdicts.must)
    return Agreement(right=right, found=found, there=there)


def review_shares(market: Marketplace, sellers: Mapping[Place, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """By kind of person: accounts, and the share of them (and of the people) that need review."""
    found: dict[str, dict[str, float]] = {}
    groups: dict[str, list[Any]] = defaultdict(list)
    for person in market.people:
        heavy = any(ad.heavy for ad in person.ads)
        groups["dealer_heavy" if heavy else person.kind.value].append(person)
    for name, people in sorted(groups.items()):
        levels = [[sellers[one.site, one.id]["review"] for one in person.accounts] for person in people]
        accounts = [level for one in levels for level in one]
        found[name] = {
            "accounts": len(accounts),
            "review": round(accounts.count("review") / len(accounts), 4),
            "people": len(people),
            "people_review": round(sum("review" in one for one in levels) / len(people), 4),
        }
    return found


def counter_shares(market: Marketplace, sellers: Mapping[Place, Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """The shapes of honest sellers: for each counter-signal and kind of person, the share of accounts that show it."""
    shown: dict[str, Counter[str]] = defaultdict(Counter)
    count: Counter[str] = Counter()
    for person in market.people:
        for one in person.accounts:
            count[person.kind.value] += 1
            for name in {
                sign["name"] for sign in sellers[one.site, one.id]["signals"] if sign["polarity"] == "against"
            }:
                shown[name][person.kind.value] += 1
    return {
        name: {kind: round(kinds[kind] / count[kind], 3) for kind in sorted(kinds)} for name, kinds in shown.items()
    }


def share(shares: Mapping[str, Mapping[str, float]], kinds: Iterable[Kind]) -> float | None:
    """The share of accounts at review over several kinds; None where there are none."""
    rows = [shares[kind.value] for kind in kinds if kind.value in shares]
    count = sum(row["accounts"] for row in rows)
    return round(sum(row["accounts"] * row["review"] for row in rows) / count, 4) if count else None


HONEST_KINDS = tuple(sorted(HONEST))
TRAFFICKER_KINDS = tuple(sorted(TRAFFICKERS))
