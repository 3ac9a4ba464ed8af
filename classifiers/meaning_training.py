"""Fits the heads of meaning on the corpus' train and dev splits: `python -m classifiers.meaning_training`.

An ad's label says that some clause of it shows a signal, not which. Each head is fitted twice: first on all clauses of
the labelled ads, each with its share of the weight; then on the clause that the first fit, or the wording, points at.
What a head is worth is measured on families that it was not fitted on: there its line to a probability is fitted, its
least logit chosen, and each language decided on, beside what the wording found by itself. What remains is rounded to
whole numbers and written to `classifiers/meaning.npz`; `--check` writes nothing. Only here is scikit-learn needed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from classifiers.assessor import SHIPPED, Assessor
from classifiers.catalogue import load_catalogue
from classifiers.clauses import ClauseReader, cut_clauses
from classifiers.evaluation.labelled import read_corpus
from classifiers.lexicon import LANGUAGES, load_lexicon
from classifiers.meaning import EVEN, LEAST_FEATURES, MODEL, Head, Heads, write_meaning
from classifiers.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from classifiers.evaluation.labelled import LabelledAd

LEAST_ADS = 15  # labelled ads of a signal: with fewer there is no head
LEAST_OF_LANGUAGE = (
    5  # labelled ads of a signal in a language: with fewer the signal's share over all languages decides
)
LEAST_FAMILIES = 2  # in which a feature must stand
FOLDS = 3
REGULARISATION = 30.0
LEAST_PRECISION = 0.6
LEAST_PRECISION_OF_COUNTERS = 0.5  # what speaks for a seller is missed more often than it is misheard
LEAST_PRECISION_OF = {"H": 0.8, "S": 0.7}  # a person looks because of these
LEAST_HEARD = 5  # out of family: fewer prove nothing
NOT_WORDS = frozenset(
    {
        "several_guns", "decoy_price", "scam_storefront", "obfuscated_terms", "missing_check_statement",
        "mandatory_statement_missing", "mandatory_statement_present", "price_low", "price_high", "restricted_class",
        "off_platform_contact", "urgency",
    }
)  # fmt: skip
"""Computed, or for wording alone: heads of urgency heard "must be 21" in every second ordinary ad."""


@frozen(kw_only=True, eq=False)
class Material:
    """The corpus as clauses: one row each, with the ad it is of, and what wording finds in each ad."""

    ads: Sequence[LabelledAd]
    features: list[str]
    rows: Any  # scipy.sparse.csr_matrix, (clauses, features)
    owners: NDArray[np.int64]
    hinted: dict[str, set[int]]  # signal to clauses in which wording sees it
    told: list[frozenset[str]]
    groups: NDArray[np.int64]


def gather(ads: Sequence[LabelledAd], trained: Path = SHIPPED) -> Material:
    """Cut, read and count. Wording is that of the shipped lexicons, without the heads."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]  # noqa: PLC0415 - no stubs; extra `train`

    reader = Reader(load_lexicon())
    clauses = ClauseReader(reader.matcher)
    read: list[set[str]] = []
    owners: list[int] = []
    hinted: dict[str, set[int]] = defaultdict(set)
    told = []
    for number, (ad, one) in enumerate(
        zip(ads, Assessor.load(trained=trained, meaning=False).assess([ad.to_text() for ad in ads]), strict=True)
    ):
        told.append(frozenset(finding.name for finding in one.signals if finding.layer in ("wording", "contact")))
        for field in (reader.read("title", ad.title), reader.read("description", ad.description)):
            for clause in cut_clauses(field):
                start, end = field.tokens.span(clause.start, clause.end)
                for finding in one.signals:
                    if finding.field == field.name and finding.start < end and start < finding.end:
                        hinted[finding.name].add(len(read))
                read.append(clauses.features(field, clause))
                owners.append(number)
    features = _shared(read, owners, ads)
    places = {name: place for place, name in enumerate(features)}
    known = [[places[name] for name in sorted(row) if name in places] for row in read]
    known = [row if len(row) >= LEAST_FEATURES else [] for row in known]
    counts = np.cumsum([0, *(len(row) for row in known)])
    values = np.concatenate([np.full(len(row), 1 / np.sqrt(max(len(row), EVEN))) for row in known])
    rows = csr_matrix((values, np.concatenate(known).astype(np.int64), counts), shape=(len(read), len(features)))
    families = {name: place for place, name in enumerate(sorted({ad.family or "" for ad in ads}))}
    groups = np.array([families[ad.family or ""] for ad in ads])
    return Material(
        ads=ads, features=features, rows=rows, owners=np.array(owners), hinted=hinted, told=told, groups=groups
    )


def _shared(read: list[set[str]], owners: list[int], ads: Sequence[LabelledAd]) -> list[str]:
    """The features that stand in two families and more."""
    families: dict[str, set[str | None]] = defaultdict(set)
    for row, owner in zip(read, owners, strict=True):
        for name in row:
            if "\n" not in name and len(families[name]) < LEAST_FAMILIES:
                families[name].add(ads[owner].family)
    return sorted(name for name, found in families.items() if len(found) >= LEAST_FAMILIES)


def fit_head(material: Material, signal: str, chosen: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Weights and bias of one head, from the chosen ads."""
    labelled = np.array([signal in (ad.signals or ()) for ad in material.ads])
    places = np.flatnonzero(chosen[material.owners])
    rows, owners = material.rows[places], material.owners[places]
    positive = labelled[owners]
    shares = np.bincount(owners, minlength=len(material.ads))
    hints = np.array([place in material.hinted[signal] for place in places])
    hinted_ads = frozenset(owners[hints & positive].tolist())
    open_ads = np.array([owner not in hinted_ads for owner in owners])
    labels = positive & (hints | open_ads)
    weights = np.where(labels & ~hints, 1 / shares[owners], 1.0)
    weights[positive & ~labels] = 0
    model = _fit(rows, labels, weights)
    scores = model.decision_function(rows)
    best = _best_clauses(scores, owners, positive & open_ads)
    labels = (positive & hints) | best
    weights = np.where(positive & ~labels & (scores > 0), 0.0, 1.0)
    model = _fit(rows, labels, weights)
    return model.coef_[0], float(model.intercept_[0])


def _best_clauses(
    scores: NDArray[np.float64], owners: NDArray[np.int64], open_: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    best: dict[int, int] = {}
    for place in np.flatnonzero(open_):
        owner = int(owners[place])
        if owner not in best or scores[place] > scores[best[owner]]:
            best[owner] = int(place)
    found = np.zeros(len(scores), bool)
    found[list(best.values())] = True
    return found


def _fit(rows: Any, labels: NDArray[np.bool_], weights: NDArray[np.float64]) -> Any:
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # noqa: PLC0415 - no stubs; extra `train`

    model = LogisticRegression(C=REGULARISATION, solver="liblinear", dual=True, tol=0.01, max_iter=300, random_state=7)
    return model.fit(rows, labels, sample_weight=weights)


def loudest(material: Material, weights: NDArray[np.float64], bias: float) -> NDArray[np.float64]:
    """Per ad the highest logit of its clauses."""
    found = np.full(len(material.ads), -20.0)
    np.maximum.at(found, material.owners, material.rows @ weights + bias)
    return found


def out_of_family(material: Material, signal: str) -> NDArray[np.float64]:
    """Per ad the logit of a head that was fitted without its family."""
    from sklearn.model_selection import GroupKFold  # type: ignore[import-untyped]  # noqa: PLC0415 - no stubs; extra `train`

    logits = np.full(len(material.ads), -20.0)
    for fitted, kept in GroupKFold(FOLDS).split(np.zeros(len(material.ads)), groups=material.groups):
        chosen = np.zeros(len(material.ads), bool)
        chosen[fitted] = True
        logits[kept] = loudest(material, *fit_head(material, signal, chosen))[kept]
    return logits


def choose_least(
    logits: NDArray[np.float64], labels: NDArray[np.bool_], told: NDArray[np.bool_], precision: float
) -> float | None:
    """The logit from which the head adds most to what wording told; None where it adds nothing."""
    best, least = _f1(told, labels), None
    for candidate in np.unique(np.round(logits[labels & ~told], 2)):
        heard = (logits >= candidate) & ~told
        if heard.sum() >= LEAST_HEARD and labels[heard].mean() >= precision:
            gained = _f1(told | heard, labels)
            if gained > best:
                best, least = gained, float(candidate)
    return least


def _f1(found: NDArray[np.bool_], labels: NDArray[np.bool_]) -> float:
    return float(2 * (found & labels).sum() / max(found.sum() + labels.sum(), 1))


def helped_languages(
    ads: Sequence[LabelledAd], heard: NDArray[np.bool_], labels: NDArray[np.bool_], told: NDArray[np.bool_]
) -> tuple[str, ...]:
    """The languages in which hearing did not lower F1; those with few labels go with the whole."""
    of = np.array([ad.language for ad in ads])
    helped = []
    for language in LANGUAGES:
        inside = of == language
        few = labels[inside].sum() < LEAST_OF_LANGUAGE
        if few or _f1((told | heard)[inside], labels[inside]) >= _f1(told[inside], labels[inside]):
            helped.append(language)
    return tuple(helped)


def fit_line(logits: NDArray[np.float64], labels: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset from a logit to the probability that the label stands."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - extra `train`

    model = LogisticRegression(C=1.0).fit(logits[:, None], labels)
    return max(round(float(model.coef_[0][0]), 4), 0.05), round(float(model.intercept_[0]), 4)


def fit_all(material: Material) -> tuple[Heads, NDArray[np.int8], dict[str, Any]]:
    """Every head that helps, its whole numbers, and what was measured out of family."""
    catalogue = load_catalogue()
    counts = Counter(name for ad in material.ads for name in ad.signals or ())
    heads: list[Head] = []
    columns: list[NDArray[np.int8]] = []
    figures: dict[str, Any] = {}
    for signal in sorted(name for name, count in counts.items() if count >= LEAST_ADS and name not in NOT_WORDS):
        labels = np.array([signal in (ad.signals or ()) for ad in material.ads])
        told = np.array([signal in one for one in material.told])
        logits = out_of_family(material, signal)
        precision = LEAST_PRECISION_OF.get(catalogue[signal].strength, LEAST_PRECISION)
        if catalogue[signal].polarity == "against":
            precision = LEAST_PRECISION_OF_COUNTERS
        least = choose_least(logits, labels, told, precision)
        if least is None:
            continue
        heard = (logits >= least) & ~told
        languages = helped_languages(material.ads, heard, labels, told)
        slope, offset = fit_line(logits, labels)
        fitted, bias = fit_head(material, signal, np.ones(len(material.ads), bool))
        scale = float(np.abs(fitted).max()) / 127
        heads.append(
            Head(
                signal=signal, scale=round(scale, 8), bias=round(bias, 6), slope=slope, offset=offset, least=least,
                languages=languages,
            )
        )  # fmt: skip
        columns.append(np.round(fitted / scale).astype(np.int8))
        figures[signal] = {
            "n": int(labels.sum()), "wording_f1": round(_f1(told, labels), 3),
            "both_f1": round(_f1(told | heard, labels), 3), "heard": int(heard.sum()),
            "heard_precision": round(float(labels[heard].mean()), 3), "languages": list(languages),
        }  # fmt: skip
    digest = hashlib.sha256("\n".join(ad.model_dump_json() for ad in material.ads).encode()).hexdigest()
    found = Heads(heads=tuple(heads), corpus_sha256=digest, fitted_on=len(material.ads))
    # Few ads support no head: then nothing is weighed, and wording alone is read.
    weights: NDArray[np.int8] = np.zeros((len(material.features), 0), np.int8)
    if columns:
        weights = np.stack(columns, axis=1)
    return found, weights, figures


def fit_heads(ads: Sequence[LabelledAd], *, trained: Path = SHIPPED, out: Path | None) -> dict[str, Any]:
    """Fit the heads on `ads`, beside the class model in the folder `trained`; write them to `out`, give the figures."""
    material = gather([ad for ad in ads if ad.signals is not None], trained)
    heads, weights, figures = fit_all(material)
    used = np.flatnonzero(np.abs(weights).max(axis=1, initial=0) > 2)
    if out is not None:
        write_meaning(out, heads, [material.features[place] for place in used], weights[used])
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, print and write."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.meaning_training", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, only print")
    options = parser.parse_args(arguments)
    figures = fit_heads(read_corpus(splits=("train", "dev")), out=None if options.check else MODEL)
    for signal, found in figures.items():
        sys.stdout.write(json.dumps({signal: found}) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
