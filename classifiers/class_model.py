"""The learned part of what kind of thing is offered: one linear model over named features, held as canonical JSON.

Multinomial logistic regression: for every class a sum of the weights of the features seen, divided by a temperature
that makes the probabilities mean what they say. Trained by `classifiers.class_training`; run by numpy.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from pydantic import ValidationError

from classifiers.catalogue import CLASSES
from classifiers.lexicon import Strict
from classifiers.mentions import GUNS
from classifiers.values import LexiconError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from classifiers.class_features import Features

CLASS_MODEL = Path(__file__).parent / "class_model.json"
GUN_PLACES = [place for place, name in enumerate(CLASSES) if name in GUNS]
GRID = 1_000  # weights are whole thousandths: the same file and the same sums on every machine
MOST_TERMS = 8  # shown with a verdict; smaller ones change little
LEAST_TERM = 0.05
LEAST_GUN = 0.65
"""Under this probability of being a gun at all, the likeliest other class is given: a nail gun called a pistol costs
more than a pistol called unsure. By cross-validation on families left out: of 0 (5.2 % of look-alikes and goods called
guns, F1 of guns 0.933), 0.6 (3.2 %, 0.931), 0.7 (1.8 %, 0.930) and 0.8 (1.1 %, 0.919)."""


class ClassModelFile(Strict):
    """What training leaves behind: weights in thousandths per feature and class, and how they were found."""

    classes: list[str]
    offsets: list[int]
    weights: dict[str, list[int]]
    temperature: float
    corpus_sha256: str
    lexicon_sha256: str
    fitted_on: int
    cross_validated: dict[str, float]


@frozen(kw_only=True)
class Kind:
    """The likeliest class, its probability, and the terms `(feature, weight)` that lift it over the next one."""

    item_class: str
    probability: float
    runner_up: str
    terms: tuple[tuple[str, float], ...]


class ClassModel:
    """Names the kind of thing that features speak for."""

    def __init__(self, file: ClassModelFile, content_hash: str) -> None:
        self._places = {name: place for place, name in enumerate(file.weights)}
        self._weights: NDArray[np.int64] = np.array(list(file.weights.values()), np.int64).reshape(-1, len(CLASSES))
        self._offsets: NDArray[np.int64] = np.array(file.offsets, np.int64)
        self._temperature = file.temperature
        self.lexicon_sha256 = file.lexicon_sha256
        self.content_hash = content_hash

    def decide(self, features: Features) -> Kind:
        """The likeliest class. Features that training never saw count nothing."""
        seen = [(name, value) for name, value in sorted(features.items()) if name in self._places and value]
        rows = self._weights[[self._places[name] for name, _ in seen]]
        values = np.array([round(value * GRID) for _, value in seen], np.int64)
        parts = rows * values[:, None]  # whole millionths: sums of whole numbers do not depend on their order
        sums = parts.sum(axis=0) + self._offsets * GRID
        order = np.argsort(-sums, kind="stable")
        likelihoods = np.exp((sums - sums[order[0]]) / (GRID * GRID * self._temperature))
        probabilities = likelihoods / likelihoods.sum()
        if order[0] in GUN_PLACES and round(float(probabilities[GUN_PLACES].sum()), 6) < LEAST_GUN:
            order = np.array([next(place for place in order if place not in GUN_PLACES), order[0]])
        best, second = int(order[0]), int(order[1])
        lifts = (parts[:, best] - parts[:, second]) / (GRID * GRID)
        largest = sorted(zip([name for name, _ in seen], lifts.tolist(), strict=True), key=lambda t: (-abs(t[1]), t[0]))
        return Kind(
            item_class=CLASSES[best],
            probability=round(float(probabilities[best]), 4),
            runner_up=CLASSES[second],
            terms=tuple((name, round(lift, 3)) for name, lift in largest[:MOST_TERMS] if abs(lift) >= LEAST_TERM),
        )


def load_class_model(path: Path = CLASS_MODEL) -> ClassModel:
    """The shipped model, or that of another file. Raises LexiconError where it cannot be used."""
    data = path.read_bytes()
    try:
        file = ClassModelFile.model_validate_json(data)
    except ValidationError as error:
        raise LexiconError(f"{path.name}: {error.errors()[0]['msg']}") from error
    if file.classes != list(CLASSES) or file.temperature <= 0:
        raise LexiconError(f"{path.name}: it was trained for other classes")
    if any(len(row) != len(CLASSES) for row in (file.offsets, *file.weights.values())):
        raise LexiconError(f"{path.name}: a row has not one weight for each class")
    return ClassModel(file, hashlib.sha256(data).hexdigest())
