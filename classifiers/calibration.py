"""Turns a score's additive logit into a calibrated probability: two numbers per score, fitted by `training.py`.

A score is the probability that a careful reader of the project's own (synthetic) corpus would want to look for that
reason, where something firm (M or stronger) was seen for it. Where nothing firm was seen, the low base stands as it
is: the corpus is rich in signals, and its share of wanted texts says nothing about an ordinary advertisement. The
numbers are canonical JSON in `model.json`; there is no pickle and nothing to trust but a few floats.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from attrs import frozen
from pydantic import ValidationError

from classifiers.lexicon import Strict
from classifiers.values import SCORES, LexiconError

MODEL = Path(__file__).parent / "model.json"


class Line(Strict):
    """probability = logistic(slope * logit + offset)."""

    slope: float
    offset: float


class ModelFile(Strict):
    """What training leaves behind: the lines, what they were fitted on, and how well they fit there."""

    scores: dict[str, Line]
    corpus_sha256: str
    fitted_on: int
    calibration_error: dict[str, float]

    def to_text(self) -> str:
        """Canonical JSON."""
        return json.dumps(self.model_dump(), sort_keys=True, indent=1) + "\n"


@frozen(kw_only=True)
class Calibration:
    """The fitted lines and the content hash of their file."""

    file: ModelFile
    content_hash: str

    def logit(self, score: str, logit: float) -> float:
        """The calibrated logit."""
        line = self.file.scores[score]
        return line.slope * logit + line.offset


def load_calibration(path: Path = MODEL) -> Calibration:
    """The shipped lines, or those of another file. Raises LexiconError where they cannot be used."""
    data = path.read_bytes()
    try:
        file = ModelFile.model_validate_json(data)
    except ValidationError as error:
        raise LexiconError(f"{path.name}: {error.errors()[0]['msg']}") from error
    missing = [score for score in SCORES if score not in file.scores]
    if missing or any(line.slope <= 0 for line in file.scores.values()):
        raise LexiconError(f"{path.name}: a line is missing or falls where the evidence rises")
    return Calibration(file=file, content_hash=hashlib.sha256(data).hexdigest())
