"""Fits the class model on the project's own corpus: `python -m classifiers.class_training`.

Read are the corpus' `train` and `dev` splits alone. What it would be on families that it has not seen is measured by
five-fold cross-validation with whole families left out; those figures are printed and written beside the weights. The
lexicons were written with some of these families in sight, so the figures are those of tuned data. `--check` only
measures. The same corpus and lexicons give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import warnings
from typing import TYPE_CHECKING

import numpy as np

from classifiers.assessor import Assessor
from classifiers.catalogue import CLASSES
from classifiers.class_model import CLASS_MODEL, GRID, GUN_PLACES, LEAST_GUN, ClassModelFile
from classifiers.evaluation.labelled import read_corpus
from classifiers.evaluation.rates import calibration_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]  # scipy ships no stubs

    from classifiers.class_features import Features
    from classifiers.evaluation.labelled import LabelledAd

FOLDS = 5
STRENGTH = 0.3  # inverse of the penalty: of 0.1, 0.3 and 1 the best by cross-validation, by half a point
ROUNDS = 500
TEMPERATURES = np.arange(0.5, 2.01, 0.05)
SPLITS = ("train", "dev")
NEVER_GUNS = ("look_alike_tool", "airsoft_replica_toy", "accessory", "game_or_film_item")


def fit_classes(assessor: Assessor, ads: Sequence[LabelledAd]) -> ClassModelFile:
    """The model of these ads, with cross-validated figures. Held-out ads are left aside whatever is given."""
    # Plain goods are for the first stage: without price and category they would teach that what has neither is "other".
    is_plain = [ad.signals is None and ad.item_class == "other" for ad in ads]
    chosen = [ad for ad, plain in zip(ads, is_plain, strict=True) if ad.split in SPLITS and ad.item_class and not plain]
    table = [assessor.class_features(ad.to_text()) for ad in chosen]
    names = sorted({name for features in table for name in features})
    matrix = _matrix(table, names)
    labels = np.array([CLASSES.index(ad.item_class or "") for ad in chosen])
    folds = np.array([fold_of(ad.family or ad.id) for ad in chosen])
    logits = np.zeros((len(chosen), len(CLASSES)))
    for fold in range(FOLDS):
        left_out = folds == fold
        weights, offsets = _fit(matrix[~left_out], labels[~left_out])
        logits[left_out] = matrix[left_out] @ weights.T + offsets
    temperature = _best_temperature(logits, labels)
    weights, offsets = _fit(matrix, labels)
    rounded = np.rint(weights * GRID).astype(int)
    digest = hashlib.sha256("\n".join(ad.model_dump_json() for ad in chosen).encode()).hexdigest()
    return ClassModelFile(
        classes=list(CLASSES),
        offsets=np.rint(offsets * GRID).astype(int).tolist(),
        weights={name: rounded[:, place].tolist() for place, name in enumerate(names) if rounded[:, place].any()},
        temperature=temperature,
        corpus_sha256=digest,
        lexicon_sha256=assessor.versions["lexicon"],
        fitted_on=len(chosen),
        cross_validated=measure_classes(_probabilities(logits, temperature), labels),
    )


def fold_of(family: str) -> int:
    """The fold in which a family is left out: by its name, so that new families move no old one."""
    return hashlib.sha256(family.encode()).digest()[0] % FOLDS


def measure_classes(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> dict[str, float]:
    """Accuracy, macro-F1, F1 of firearm or not, harmless things called firearms, and calibration error.

    `probabilities` has shape (n, classes), `labels` (n,) with places in CLASSES.
    """
    guns = np.array(GUN_PLACES)
    others = probabilities.copy()
    others[:, guns] = 0
    is_surely_gun = probabilities[:, guns].sum(axis=1) >= LEAST_GUN
    found = np.where(is_surely_gun, probabilities.argmax(axis=1), others.argmax(axis=1))
    harmless = np.isin(labels, [CLASSES.index(name) for name in NEVER_GUNS])
    is_gun, called_gun = np.isin(labels, guns), np.isin(found, guns)
    figures = {
        "accuracy": (found == labels).mean(),
        "macro_f1": np.mean([_f1(labels == place, found == place) for place in sorted(set(labels.tolist()))]),
        "firearm_f1": _f1(is_gun, called_gun),
        "harmless_called_firearm": called_gun[harmless].mean() if harmless.any() else 0.0,
        "calibration_error": calibration_error(probabilities.max(axis=1).tolist(), (found == labels).tolist()) or 0.0,
    }
    return {name: round(float(value), 4) for name, value in figures.items()}


def model_text(model: ClassModelFile) -> str:
    """The file's canonical text."""
    return json.dumps(model.model_dump(), sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"


def _f1(wanted: NDArray[np.bool_], found: NDArray[np.bool_]) -> float:
    hits = int((wanted & found).sum())
    return 2 * hits / max(1, int(wanted.sum()) + int(found.sum()))


def _matrix(table: Iterable[Features], names: Sequence[str]) -> csr_matrix:
    from scipy.sparse import csr_matrix as sparse  # noqa: PLC0415 - extra `train`

    places = {name: place for place, name in enumerate(names)}
    values, columns, starts = [], [], [0]
    for features in table:
        for name, value in sorted(features.items()):
            values.append(round(value * GRID) / GRID)
            columns.append(places[name])
        starts.append(len(values))
    return sparse((np.array(values), np.array(columns), np.array(starts)), shape=(len(starts) - 1, len(names)))


def _fit(matrix: csr_matrix, labels: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (classes, features) and offsets (classes,); a class without any line is never the likeliest."""
    from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]  # noqa: PLC0415 - no stubs; extra `train`
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # noqa: PLC0415 - as above

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 500 rounds settle what thousandths can show
        model = LogisticRegression(C=STRENGTH, max_iter=ROUNDS).fit(matrix, labels)
    weights = np.zeros((len(CLASSES), matrix.shape[1]))
    offsets = np.full(len(CLASSES), -50.0)
    weights[model.classes_], offsets[model.classes_] = model.coef_, model.intercept_
    return weights, offsets


def _probabilities(logits: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    scaled = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
    found: NDArray[np.float64] = scaled / scaled.sum(axis=1, keepdims=True)
    return found


def _best_temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """The temperature under which lines of left-out families were the least surprising."""
    rows = np.arange(len(labels))
    surprise = [-np.log(_probabilities(logits, value)[rows, labels] + 1e-12).mean() for value in TEMPERATURES]
    return round(float(TEMPERATURES[int(np.argmin(surprise))]), 2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, print the figures and write; or, with `--check`, say whether the shipped file is what training gives."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.class_training", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the shipped model differs")
    options = parser.parse_args(arguments)
    model = fit_classes(Assessor.load(), read_corpus())
    figures = {"fitted_on": model.fitted_on, "temperature": model.temperature, **model.cross_validated}
    sys.stdout.write(json.dumps(figures, sort_keys=True, indent=1) + "\n")
    text = model_text(model)
    if options.check:
        return int(CLASS_MODEL.read_text(encoding="utf-8") != text)
    CLASS_MODEL.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
