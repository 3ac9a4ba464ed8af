"""What was found beside what a reader labelled: class, make, items, signals, pairs, calibration, false leads.

Every figure is of the ads given and of nothing else. Computed signals have no label and are left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from classifiers.evaluation.makes import MakeNames
from classifiers.evaluation.rates import JsonObject, Tally, calibration_error, mean_f1, pooled, wilson
from classifiers.values import SCORES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from classifiers.catalogue import Catalogue
    from classifiers.evaluation.labelled import LabelledAd
    from classifiers.values import Assessment

    Pair = tuple[LabelledAd, Assessment]

COMPUTED = frozenset({"missing_check_statement", "mandatory_statement_missing", "price_low", "price_high"})
"""Signals that follow from counting or from silence: no reader labels them in a text."""

FIREARMS = frozenset({"firearm_handgun", "firearm_long"})
HARD_NEGATIVES = frozenset(
    {"look_alike_tool", "airsoft_replica_toy", "game_or_film_item", "accessory", "news_or_discussion", "other"}
)
"""What must leave before anything is counted: called a firearm, each is a false lead."""

THRESHOLDS = (0.1, 0.2, 0.3, 0.5, 0.7)


def measure(ads: Sequence[LabelledAd], assessments: Sequence[Assessment], catalogue: Catalogue) -> JsonObject:
    """All figures, as JSON-able data; a part without labels has n = 0."""
    pairs = list(zip(ads, assessments, strict=True))
    return {
        "n": len(pairs),
        "languages": dict(sorted(Counter(ad.language or "unknown" for ad, _ in pairs).items())),
        "class": _class(pairs),
        "firearm": _firearm(pairs),
        "make": _make(pairs),
        "items": _items(pairs),
        "signals": _signals(pairs, catalogue),
        "minimal_pairs": _minimal_pairs(pairs),
        "calibration": _calibration(pairs, catalogue),
        "false_leads": _false_leads(pairs),
    }


def _by_language(pairs: Iterable[Pair]) -> dict[str, list[Pair]]:
    found: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        found[pair[0].language or "unknown"].append(pair)
    return dict(sorted(found.items()))


def _class(pairs: list[Pair]) -> JsonObject:
    labelled = [pair for pair in pairs if pair[0].item_class is not None]
    tallies = _class_tallies(labelled)
    confusion = Counter((ad.item_class, one.item_class) for ad, one in labelled if ad.item_class != one.item_class)
    return {
        "accuracy": _accuracy(labelled),
        "macro_f1": mean_f1(tallies.values()),
        "per_class": {name: tally.to_json() for name, tally in sorted(tallies.items())},
        "per_language": {
            language: {"accuracy": _accuracy(some), "macro_f1": mean_f1(_class_tallies(some).values())}
            for language, some in _by_language(labelled).items()
        },
        "confusion": [[true, found, count] for (true, found), count in confusion.most_common()],
    }


def _class_tallies(pairs: list[Pair]) -> dict[str, Tally]:
    names = sorted({name for ad, one in pairs for name in (ad.item_class or "", one.item_class)})
    tallies = {name: Tally() for name in names}
    for ad, one in pairs:
        for name in {ad.item_class or "", one.item_class}:
            tallies[name].add(found=one.item_class == name, labelled=ad.item_class == name)
    return tallies


def _accuracy(pairs: list[Pair]) -> JsonObject:
    return wilson(sum(ad.item_class == one.item_class for ad, one in pairs), len(pairs))


def _firearm(pairs: list[Pair]) -> JsonObject:
    labelled = [pair for pair in pairs if pair[0].item_class is not None]
    tally = Tally()
    for ad, one in labelled:
        tally.add(found=one.item_class in FIREARMS, labelled=ad.item_class in FIREARMS)
    hard = [one.item_class in FIREARMS for ad, one in labelled if ad.item_class in HARD_NEGATIVES]
    return {**tally.to_json(), "hard_negatives_called_firearms": wilson(sum(hard), len(hard))}


def _make(pairs: list[Pair]) -> JsonObject:
    """Over ads whose text states a make: how many makes we state beside the reader's, and how many of ours are his."""
    names = MakeNames() if any(item.make for ad, _ in pairs for item in ad.items or ()) else None
    stated = given = ours_right = ours_all = 0
    for ad, one in pairs:
        makes = Counter(names.canonical(item.make) for item in ad.items or () if names and item.make)
        if makes and names:
            ours = Counter(names.canonical(item.make) for item in one.items if item.make)
            stated += makes.total()
            given += min(ours.total(), makes.total())
            ours_right += (makes & ours).total()
            ours_all += ours.total()
    return {"precision": wilson(ours_right, ours_all), "coverage": wilson(given, stated)}


def _items(pairs: list[Pair]) -> JsonObject:
    """Whether the number of guns is the reader's, over ads that offer guns and state how many."""
    same = []
    for ad, one in pairs:
        numbers = [item.quantity for item in ad.items or ()]
        if ad.item_class in FIREARMS and numbers and None not in numbers:
            same.append(sum(filter(None, numbers)) == sum(item.quantity for item in one.items))
    return {"quantity": wilson(sum(same), len(same))}


def _signals(pairs: list[Pair], catalogue: Catalogue) -> JsonObject:
    labelled = [pair for pair in pairs if pair[0].signals is not None]
    languages = _by_language(labelled)
    tallies = {"all": signal_tallies(labelled), **{name: signal_tallies(some) for name, some in languages.items()}}
    names = sorted(tallies["all"])
    return {
        "micro": {name: pooled(some.values()).to_json() for name, some in tallies.items()},
        "counter_recall": {
            name: _recall(some, lambda signal: catalogue[signal].polarity == "against")
            for name, some in tallies.items()
        },
        "per_signal": {
            name: {language: some[name].to_json() for language, some in tallies.items() if name in some}
            for name in names
        },
    }


def signal_tallies(pairs: Iterable[Pair]) -> dict[str, Tally]:
    """Per signal that was labelled or found, in ads: spans of one name in one ad count once."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for ad, one in pairs:
        wanted, found = frozenset(ad.signals or ()), signals_found(one)
        for name in wanted | found:
            tallies[name].add(found=name in found, labelled=name in wanted)
    return dict(tallies)


def signals_found(assessment: Assessment) -> frozenset[str]:
    """The names of the signals read in the text, without what is only computed or follows from a pack's list of law."""
    return frozenset(finding.name for finding in assessment.signals if finding.layer != "pack") - COMPUTED


def _recall(tallies: dict[str, Tally], chosen: Callable[[str], bool]) -> JsonObject:
    total = pooled(tally for name, tally in tallies.items() if chosen(name))
    return wilson(total.right, total.right + total.missed)


def _minimal_pairs(pairs: list[Pair]) -> JsonObject:
    """Pairs in which everything that tells the two sides apart is right on both."""
    sides: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        if pair[0].pair is not None:
            sides[pair[0].pair].append(pair)
    whole = {name: both for name, both in sides.items() if len(both) == 2}
    right: dict[str, list[bool]] = defaultdict(list)
    for both in whole.values():
        right[both[0][0].language or "unknown"].append(_is_told_apart(both))
    every = [one for some in right.values() for one in some]
    rates = {name: wilson(sum(some), len(some)) for name, some in sorted(right.items())}
    return {"all": wilson(sum(every), len(every)), **rates}


def _is_told_apart(both: list[Pair]) -> bool:
    (first, _), (second, _) = both
    differing = frozenset(first.signals or ()) ^ frozenset(second.signals or ())
    signals = all(
        (name in signals_found(one)) == (name in (ad.signals or ())) for ad, one in both for name in differing
    )
    classes = first.item_class == second.item_class or all(ad.item_class == one.item_class for ad, one in both)
    return signals and classes


def is_wanted(ad: LabelledAd, score: str, catalogue: Catalogue) -> bool:
    """Whether a reader wanted to look at the ad for the reason of this score."""
    reasons = [catalogue[name] for name in ad.signals or () if name in catalogue]
    return ad.review != "none" and any(one.polarity == "for" and score in one.scores for one in reasons)


def _calibration(pairs: list[Pair], catalogue: Catalogue) -> JsonObject:
    counted = [
        (ad, one)
        for ad, one in pairs
        if ad.review is not None and ad.signals is not None and not one.derivation["left_uncounted"]
    ]
    return {
        score: {
            "n": len(counted),
            "wanted": sum(is_wanted(ad, score, catalogue) for ad, _ in counted),
            "error": calibration_error(
                [one.scores[score] for _, one in counted], [is_wanted(ad, score, catalogue) for ad, _ in counted]
            ),
        }
        for score in SCORES
    }


def _false_leads(pairs: list[Pair]) -> JsonObject:
    """Of what is put up, the share that a reader would not have looked at: per level and per threshold of a score."""
    labelled = [pair for pair in pairs if pair[0].review is not None]

    def share(chosen: list[Pair]) -> JsonObject:
        return {"put_up": len(chosen), "false": wilson(sum(ad.review == "none" for ad, _ in chosen), len(chosen))}

    def caught(level: str, found: tuple[str, ...]) -> JsonObject:
        wanted = [one.review in found for ad, one in labelled if ad.review == level]
        return wilson(sum(wanted), len(wanted))

    return {
        "review": {
            **share([pair for pair in labelled if pair[1].review == "review"]),
            "caught": caught("review", ("review",)),
        },
        "idle": {
            **share([pair for pair in labelled if pair[1].review != "none"]),
            "caught": caught("idle", ("idle", "review")),
        },
        "thresholds": {
            str(least): share([pair for pair in labelled if max(pair[1].scores.values()) >= least])
            for least in THRESHOLDS
        },
    }
