"""Rates from reviews, each with its count and its 95 % interval.

What is decided is what was looked at, not a sample of all there is: the audit alone draws by chance, and it alone says
what lies below the levels that people look at.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from classifiers.evaluation.rates import wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipelines.models import JsonObject
    from pipelines.quality.reviews import Reviewed

FEWEST = 30
"""Decisions under which a rate is "too few" to be quoted."""
FIRST = (10, 25, 50, 100, 250)
THRESHOLDS = tuple(round(step / 10, 1) for step in range(1, 10))
LEVELS = ("review", "idle", "none")
_FIFTHS = 5


def measure(reviewed: Sequence[Reviewed]) -> JsonObject:
    """All figures, as `tracemark quality --json` prints them and the quality screen shows them."""
    decided = [one for one in reviewed if one.wanted is not None]
    return {
        "reviewed": len(reviewed),
        "decided": len(decided),
        "unsure": len(reviewed) - len(decided),
        "precision_at": _precision_at(decided),
        "levels": {level: _rate(one for one in decided if one.level == level) for level in LEVELS},
        "false_leads_per_100": _false_leads(decided),
        "calibration": _calibration(decided),
        "thresholds": _thresholds(decided),
        "by": {
            "site": _by(decided, lambda one: [one.site]),
            "language": _by(decided, lambda one: [one.language]),
            "signal": _by(decided, lambda one: sorted(one.signals)),
        },
        "weeks": _weeks(decided),
        "agreement": _agreement(reviewed),
        "audit": {level: _audited(one for one in reviewed if one.level == level) for level in LEVELS},
        "disputed": [{"site": one.site, "id": one.id} for one in reviewed if one.disputed],
    }


def _rate(chosen: Iterable[Reviewed]) -> JsonObject:
    found = [one.wanted is True for one in chosen]
    return told(wilson(sum(found), len(found)))


def told(rate: JsonObject) -> JsonObject:
    """A rate that says whether it rests on too few."""
    return {**rate, "too_few": rate["of"] < FEWEST}


def _precision_at(decided: Sequence[Reviewed]) -> list[JsonObject]:
    ranked = sorted(decided, key=lambda one: (-one.score, one.row))
    sizes = [size for size in FIRST if size <= len(ranked)]
    return [{"first": size, **_rate(ranked[:size])} for size in sizes]


def _false_leads(decided: Sequence[Reviewed]) -> JsonObject:
    """Of 100 listings that need review, how many a person would find not relevant."""
    rate = _rate(one for one in decided if one.level == "review")
    if rate["value"] is None:
        return {"value": None, "low": None, "high": None, "of": 0, "too_few": True}
    ends = {"value": rate["value"], "low": rate["high"], "high": rate["low"]}
    return {**{name: round(100 * (1 - share), 1) for name, share in ends.items()}, "of": rate["of"],
            "too_few": rate["too_few"]}  # fmt: skip


def _calibration(decided: Sequence[Reviewed]) -> list[JsonObject]:
    """By fifths of the score: what it said on average, and how often people found the listing relevant."""
    fifths: list[list[Reviewed]] = [[] for _ in range(_FIFTHS)]
    for one in decided:
        fifths[min(int(one.score * _FIFTHS), _FIFTHS - 1)].append(one)
    return [
        {
            "from": round(number / _FIFTHS, 1),
            "to": round((number + 1) / _FIFTHS, 1),
            "said": round(sum(one.score for one in found) / len(found), 4) if found else None,
            **_rate(found),
        }
        for number, found in enumerate(fifths)
    ]


def _thresholds(decided: Sequence[Reviewed]) -> list[JsonObject]:
    """What looking only from a score upwards would have cost and found, among what was decided."""
    wanted = sum(one.wanted is True for one in decided)
    rows = []
    for threshold in THRESHOLDS:
        rate = _rate(one for one in decided if one.score >= threshold)
        rows.append({"from": threshold, **rate, "found": told(wilson(rate["right"], wanted))})
    return rows


def _by(decided: Sequence[Reviewed], names: Callable[[Reviewed], Iterable[str]]) -> list[JsonObject]:
    groups: dict[str, list[Reviewed]] = defaultdict(list)
    for one in decided:
        for name in names(one):
            groups[name].append(one)
    return sorted(
        ({"name": name, **_rate(found)} for name, found in groups.items()), key=lambda row: (-row["of"], row["name"])
    )


def _weeks(decided: Sequence[Reviewed]) -> list[JsonObject]:
    """By the week in which listings were first seen (ISO 8601), the oldest first."""
    groups: dict[str, list[Reviewed]] = defaultdict(list)
    for one in decided:
        year, week, _ = one.first_seen.isocalendar()
        groups[f"{year}-W{week:02d}"].append(one)
    return [{"week": week, **_rate(groups[week])} for week in sorted(groups)]


def _agreement(reviewed: Sequence[Reviewed]) -> JsonObject:
    """How often a second person, who saw nothing of the first's word, said the same; with Cohen's kappa."""
    pairs = [pair for one in reviewed if (pair := one.blind_pair()) is not None]
    same = sum(first == second for first, second in pairs)
    rate = told(wilson(same, len(pairs)))
    answers = {answer for pair in pairs for answer in pair}
    chance = sum(
        sum(first == answer for first, _ in pairs) * sum(second == answer for _, second in pairs) for answer in answers
    )
    by_chance = chance / len(pairs) ** 2 if pairs else 1.0
    kappa = None if by_chance == 1.0 else round((same / len(pairs) - by_chance) / (1 - by_chance), 4)
    return {**rate, "kappa": kappa}


def _audited(chosen: Iterable[Reviewed]) -> JsonObject:
    """Of listings drawn by chance at a level and judged blind, the share that a person found relevant."""
    found = [one.audited for one in chosen if one.audited is not None]
    return told(wilson(sum(found), len(found)))
