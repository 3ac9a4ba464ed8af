"""Reads in a clause what no pattern of wording says: one calibrated head per signal, fitted on the project's corpus.

A head adds up small whole numbers, one for each word, pair, stem and concept of the clause that it knows, so that the
same clause gives the same bits on any machine. What it gives is shown with its clause, its confidence and the features
that weighed most. A head speaks only in the languages in which it helped on families that it was not fitted on
(classifiers/meaning_training.py).
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
from attrs import frozen
from pydantic import ValidationError

from classifiers.clauses import Clause, ClauseReader, cut_clauses
from classifiers.lexicon import Strict
from classifiers.signals import Sighting
from classifiers.values import LexiconError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from classifiers.catalogue import Catalogue
    from classifiers.matching import Matcher
    from classifiers.reading import FieldReading

MODEL = Path(__file__).parent / "meaning.npz"
SHOWN = 3  # features named in a reason
LEAST_FEATURES = 2  # known in a clause: fewer say too little, whatever they weigh
EVEN = 8  # clauses with fewer features are weighed as if they had so many: one telling word is no whole sentence
NEGATIONS = frozenset({"<neg>", "<no>"})
AFFIRMED = frozenset(
    {
        "agency_auction", "ammunition_bulk", "brokering", "bulk_quantity", "bulk_wanted", "co_offered_contraband",
        "concealed_shipment", "conflict_provenance", "conversion_device", "convertible_replica", "craft_made",
        "cross_border_offer", "dealer", "direct_shipment", "embargoed_destination", "fraudulent_documents",
        "licensed_intermediary", "light_weapon", "more_available", "new_in_box", "platform_verified",
        "printable_file", "printed_firearm", "reactivation", "resale_for_profit", "stolen_hint", "threat",
        "untraceable_payment", "urgency",
    }
)  # fmt: skip
"""Signals that nobody states by denying something: in a clause with a negation their heads are silent."""
REMEMBERED = 20_000  # clauses: boilerplate is read once


class Head(Strict):
    """One signal: from which logit it speaks, in which languages, and the line that makes a logit a probability."""

    signal: str
    scale: float
    bias: float
    slope: float
    offset: float
    least: float
    languages: tuple[str, ...]


class Heads(Strict):
    """All heads, and what they were fitted on."""

    heads: tuple[Head, ...]
    corpus_sha256: str
    fitted_on: int


@frozen
class Heard:
    """One head's word on one clause."""

    signal: str
    probability: float
    clause: Clause
    telling: tuple[str, ...]


@frozen(kw_only=True, eq=False)
class MeaningModel:
    """The heads, the features they know, and a whole number for each of both: int8, (features, heads)."""

    heads: Heads
    features: dict[str, int]
    weights: NDArray[np.int8]
    content_hash: str


def load_meaning(path: Path = MODEL) -> MeaningModel:
    """The shipped heads, or those of another file. Raises LexiconError where they cannot be used."""
    data = path.read_bytes()
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            heads = Heads.model_validate_json(arrays["heads"].tobytes())
            listed = arrays["features"].tobytes().decode("utf-8")
            names = listed.split("\n") if listed else []
            weights = arrays["weights"]
    except (ValidationError, ValueError, KeyError, OSError, BadZipFile) as error:
        raise LexiconError(f"{path.name}: {error}") from error
    if weights.dtype != np.int8 or weights.shape != (len(names), len(heads.heads)):
        raise LexiconError(f"{path.name}: {weights.shape} weights for {len(names)} features")
    features = {name: row for row, name in enumerate(names)}
    return MeaningModel(heads=heads, features=features, weights=weights, content_hash=hashlib.sha256(data).hexdigest())


def write_meaning(path: Path, heads: Heads, features: list[str], weights: NDArray[np.int8]) -> None:
    """Write heads as an .npz: the same heads, the same bytes."""
    described = json.dumps(heads.model_dump(), sort_keys=True, separators=(",", ":")).encode()
    named = "\n".join(features).encode()
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            heads=np.frombuffer(described, np.uint8),
            features=np.frombuffer(named, np.uint8),
            weights=weights,
        )


class MeaningReader:
    """Applies the heads to the clauses of a field. Remembers the clauses it read last."""

    def __init__(self, model: MeaningModel, matcher: Matcher, catalogue: Catalogue) -> None:
        self._model = model
        self._clauses = ClauseReader(matcher)
        self._catalogue = catalogue
        self._heads = model.heads.heads
        self._scales = np.array([head.scale for head in self._heads])
        self._biases = np.array([head.bias for head in self._heads])
        self._least = np.array([head.least for head in self._heads])
        self._memory: OrderedDict[tuple[str, ...], tuple[tuple[int, float], ...]] = OrderedDict()

    def read(self, fields: Iterable[FieldReading], language: str, known: list[Sighting]) -> list[Sighting]:
        """What the heads read that `known`, the wording, does not say; each signal once, where it is surest."""
        told = {sighting.name for sighting in known}
        best: dict[str, tuple[FieldReading, Heard]] = {}
        for field in fields:
            for heard in self._listen(field, language):
                if heard.signal in told or self._is_contradicted(field, heard, known):
                    continue
                before = best.get(heard.signal)
                if before is None or heard.probability > before[1].probability:
                    best[heard.signal] = (field, heard)
        return [_sighting(field, heard) for field, heard in best.values()]

    def _listen(self, field: FieldReading, language: str) -> list[Heard]:
        found = []
        for clause in cut_clauses(field):
            for number, logit in self._loud(field, clause):
                head = self._heads[number]
                if language in head.languages and not (head.signal in AFFIRMED and self._denies(field, clause)):
                    probability = 1 / (1 + math.exp(-(head.slope * logit + head.offset)))
                    telling = self._telling(field, clause, number)
                    found.append(Heard(head.signal, round(probability, 2), clause, telling))
        return found

    def _loud(self, field: FieldReading, clause: Clause) -> tuple[tuple[int, float], ...]:
        """The heads that speak on a clause, in any language, each with its logit."""
        key = tuple(field.tokens.keys[clause.start : clause.end])
        known = self._memory.get(key)
        if known is None:
            known = self._memory[key] = self._weigh(field, clause)
            if len(self._memory) > REMEMBERED:
                self._memory.popitem(last=False)
        return known

    def _weigh(self, field: FieldReading, clause: Clause) -> tuple[tuple[int, float], ...]:
        rows = self._rows(field, clause)
        if len(rows) < LEAST_FEATURES:
            return ()
        sums = self._model.weights[rows].sum(axis=0, dtype=np.int32)
        logits = sums * self._scales / math.sqrt(max(len(rows), EVEN)) + self._biases
        return tuple((int(number), round(float(logits[number]), 4)) for number in np.flatnonzero(logits >= self._least))

    def _rows(self, field: FieldReading, clause: Clause) -> list[int]:
        features = self._model.features
        return [features[name] for name in self._clauses.features(field, clause) if name in features]

    def _denies(self, field: FieldReading, clause: Clause) -> bool:
        return not NEGATIONS.isdisjoint(self._clauses.features(field, clause))

    def _telling(self, field: FieldReading, clause: Clause, number: int) -> tuple[str, ...]:
        features, weights = self._model.features, self._model.weights
        known = [name for name in self._clauses.features(field, clause) if name in features]
        known.sort(key=lambda name: (-int(weights[features[name], number]), name))
        return tuple(known[:SHOWN])

    def _is_contradicted(self, field: FieldReading, heard: Heard, known: list[Sighting]) -> bool:
        """Wording in the same clause that says another thing of the same matter is believed before a head."""
        start, end = field.tokens.span(heard.clause.start, heard.clause.end)
        group = self._catalogue[heard.signal].group
        return any(
            sighting.field == field.name
            and sighting.start < end
            and start < sighting.end
            and self._catalogue[sighting.name].group == group
            for sighting in known
        )


def _sighting(field: FieldReading, heard: Heard) -> Sighting:
    start, end, words = field.span(heard.clause.start, heard.clause.end)
    return Sighting(
        name=heard.signal,
        field=field.name,
        start=start,
        end=end,
        text=words,
        confidence=heard.probability,
        layer="meaning",
        reason=f"the clause reads like it, by {' '.join(heard.telling)}",
    )
