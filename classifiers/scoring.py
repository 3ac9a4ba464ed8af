"""Adds up: additive log-odds per score, the review level by rule, and the whole derivation as data.

logit = base[class] + sum(weight x confidence x in force) - sum(counter-weight x confidence) + named interactions,
all weak signs together at most +0.9 (SIGNALS.md).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from attrs import frozen

from classifiers.packs import strongest
from classifiers.values import SCORES, Finding, printable

if TYPE_CHECKING:
    from datetime import date

    from classifiers.calibration import Calibration
    from classifiers.catalogue import Catalogue, SignalEntry
    from classifiers.packs import Packs
    from classifiers.signals import Sighting

MOST_OF_A_KIND = 3  # findings kept per signal: repeated boilerplate is one fact
STANDING_CONFIDENCE = 0.5
NAMES_A_DEALER = "ffl_transfer"
NO_DEALER_NAMED = frozenset({"direct_shipment", "out_of_state_ok"})  # by what they mean: SIGNALS.md, terms of sale


@frozen(kw_only=True)
class Scored:
    """What scoring adds to the findings."""

    findings: tuple[Finding, ...]
    scores: dict[str, float]
    review: str
    derivation: dict[str, Any]


class Scorer:
    """Weighs sightings by catalogue and packs."""

    def __init__(self, catalogue: Catalogue, packs: Packs, calibration: Calibration) -> None:
        self._catalogue = catalogue
        self._calibration = calibration
        self._packs = packs

    def score(self, sightings: list[Sighting], item_class: str, jurisdiction: str | None, as_of: date) -> Scored:
        """Findings with their weights, the five scores, the review level and how they came about."""
        left = self._catalogue.leaves(item_class) and not any(sighting.name == "decoy_price" for sighting in sightings)
        findings: list[Finding] = []
        hooks: list[dict[str, Any]] = []
        for sighting in _strongest_first(_consistent(sightings)):
            finding = self._weigh(sighting, item_class, jurisdiction, as_of, left=left, hooks=hooks)
            if finding is not None:
                findings.append(finding)
        findings.sort(key=lambda finding: (finding.field != "title", finding.start, finding.end, finding.name))
        best = _one_per_signal(findings)
        standing = self._standing(best)
        scores, terms = self._scores(best, standing, left=left)
        derivation = {
            "as_of": as_of.isoformat(),
            "jurisdiction": jurisdiction,
            "class": item_class,
            "left_uncounted": left,
            "scores": terms,
            "standing": {name: round(value, 4) for name, value in sorted(standing.items())},
            "hooks": hooks,
        }
        review = "none" if left else self._review(best, standing)
        return Scored(findings=tuple(findings), scores=scores, review=review, derivation=derivation)

    def _weigh(
        self,
        sighting: Sighting,
        item_class: str,
        jurisdiction: str | None,
        as_of: date,
        *,
        left: bool,
        hooks: list[dict[str, Any]],
    ) -> Finding | None:
        entry = self._catalogue[sighting.name]
        if not self._catalogue.in_scope(sighting.name, item_class):
            return None
        applied = self._packs.applied(jurisdiction, sighting.name, item_class, as_of)
        hooks += [
            {
                "id": one.hook.id,
                "signal": sighting.name,
                "effect": one.touch.effect,
                "counts": one.counts,
                "why": one.why,
            }
            for one in applied
        ]
        enabled = any(one.counts and one.touch.effect == "enables" for one in applied)
        if entry.needs_hook and not any(one.touch.effect == "enables" for one in applied):
            return None
        raised = [
            one.touch.strength for one in applied if one.counts and one.touch.effect == "raises" and one.touch.strength
        ]
        strength = strongest([entry.strength, *raised])
        counts = not left and (enabled or not entry.needs_hook)
        weight = self._catalogue.weight(strength, entry.polarity) * sighting.confidence if counts else 0.0
        reason = entry.means if counts else f"{entry.means} (not counted: {'left' if left else 'no hook in force'})"
        return Finding(
            name=sighting.name,
            polarity=entry.polarity,
            weight=round(weight, 4) + 0.0,
            strength=strength,
            family=entry.family,
            field=sighting.field,
            start=sighting.start,
            end=sighting.end,
            text=printable(sighting.text),
            confidence=round(sighting.confidence, 4),
            layer=sighting.layer,
            reason=f"{reason}; {sighting.reason}",
            hooks=tuple(one.hook.id for one in applied),
        )

    def _standing(self, best: dict[str, Finding]) -> dict[str, float]:
        """What is left of each signal's weight after the counter-signals that answer it."""
        standing = {}
        for name, finding in best.items():
            if finding.polarity != "for":
                continue
            left = finding.weight
            for other in best.values():
                counter = self._catalogue[other.name]
                if other.polarity == "against":
                    left = _answered(left, name, counter, other.weight)
            standing[name] = left
        return standing

    def _scores(
        self, best: dict[str, Finding], standing: dict[str, float], *, left: bool
    ) -> tuple[dict[str, float], dict[str, Any]]:
        file = self._catalogue.file
        cancelled = {name for name, value in standing.items() if value <= 0 and best[name].weight > 0}
        scores, derivation = {}, {}
        for score in SCORES:
            base = file.base_left if left else file.base[score]
            terms, weak = self._terms(score, best, cancelled)
            extra = [] if left else self._interactions(score, best, cancelled)
            capped = min(weak, file.weak_cap)
            logit = base + sum(term["weight"] for term in terms) + capped - weak + sum(term["weight"] for term in extra)
            firm = any(term["weight"] > 0 and term["strength"] != "W" for term in terms)
            calibrated = self._calibration.logit(score, logit) if firm and not left else logit
            scores[score] = round(1 / (1 + math.exp(-calibrated)), 4)
            derivation[score] = {
                "base": base,
                "terms": terms,
                "weak_signs": round(capped, 4),
                "weak_signs_cut": round(weak - capped, 4),
                "interactions": extra,
                "logit": round(logit, 4),
                "calibrated_logit": round(calibrated, 4),
                "score": scores[score],
            }
        return scores, derivation

    def _terms(self, score: str, best: dict[str, Finding], cancelled: set[str]) -> tuple[list[dict[str, Any]], float]:
        terms, weak = [], 0.0
        for name, finding in sorted(best.items()):
            if score not in self._catalogue[name].scores or not finding.weight:
                continue
            weight = 0.0 if self._is_cancelled(name, best) else finding.weight
            if finding.strength == "W" and weight > 0:
                weak += weight
            term = {"signal": name, "weight": weight, "strength": finding.strength, "confidence": finding.confidence}
            terms.append({**term, "answered": name in cancelled} if weight > 0 else term)
        return terms, weak

    def _is_cancelled(self, name: str, best: dict[str, Finding]) -> bool:
        return any(
            name in self._catalogue[other].cancels for other in best if self._catalogue[other].polarity == "against"
        )

    def _interactions(self, score: str, best: dict[str, Finding], cancelled: set[str]) -> list[dict[str, Any]]:
        return [
            {"name": name, "weight": interaction.adds}
            for name, interaction in sorted(self._catalogue.file.interactions.items())
            if interaction.to == score and all(need in best and need not in cancelled for need in interaction.needs)
        ]

    def _review(self, best: dict[str, Finding], standing: dict[str, float]) -> str:
        """One H, or M and more from two independent families; idle for one M or S that stands. Never W alone."""
        least = self._catalogue.file.standing
        firm = [best[name] for name, value in standing.items() if best[name].strength in "HSM" and value > least]
        if any(finding.strength == "H" and finding.confidence >= STANDING_CONFIDENCE for finding in firm):
            return "review"
        if len({finding.family for finding in firm}) > 1:
            return "review"
        return "idle" if firm else "none"


def _answered(left: float, name: str, counter: SignalEntry, weight: float) -> float:
    if name in counter.cancels:
        return 0.0
    if name in counter.answers:
        return left + weight
    return left / 2 if name in counter.moderates else left


def _consistent(sightings: list[Sighting]) -> list[Sighting]:
    """Without shipping "no dealer named" where one is: "will ship", two lines before "to your FFL"."""
    if all(sighting.name != NAMES_A_DEALER for sighting in sightings):
        return sightings
    return [sighting for sighting in sightings if sighting.name not in NO_DEALER_NAMED]


def _strongest_first(sightings: list[Sighting]) -> list[Sighting]:
    """At most three sightings per signal, the most confident first, none inside another of its kind."""
    kept: list[Sighting] = []
    for sighting in sorted(sightings, key=lambda one: (-one.confidence, one.field != "title", one.start, one.end)):
        alike = [one for one in kept if one.name == sighting.name]
        overlap = any(
            one.field == sighting.field and one.start < sighting.end and sighting.start < one.end for one in alike
        )
        if len(alike) < MOST_OF_A_KIND and not overlap:
            kept.append(sighting)
    return kept


def _one_per_signal(findings: list[Finding]) -> dict[str, Finding]:
    best: dict[str, Finding] = {}
    for finding in findings:
        known = best.get(finding.name)
        if known is None or finding.confidence > known.confidence:
            best[finding.name] = finding
    return best
