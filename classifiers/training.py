"""Fits the scores' calibration on the project's own corpus: `python -m classifiers.training`.

Read is the corpus' `train` split alone. The lines are printed and written to `classifiers/model.json` as canonical
JSON, with the expected calibration error on the `dev` split (ten bins, synthetic texts). `--check` only measures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from classifiers.assessor import Assessor
from classifiers.calibration import MODEL, load_calibration
from classifiers.catalogue import Catalogue, load_catalogue
from classifiers.values import SCORES, Assessment, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CORPUS = Path(__file__).parent / "corpus"
BINS = 10
LEAST_SLOPE = 0.25
Row = dict[str, Any]


def read_corpus(folder: Path = CORPUS) -> list[Row]:
    """Every line of the corpus, in the order of file names."""
    lines = (line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines())
    return [json.loads(line) for line in lines]


def corpus_text(row: Row) -> Text:
    """A line of the corpus as the assessor reads it."""
    return Text(
        title=row["title"],
        description=row["description"],
        category=row["category"],
        price=None if row["price"] is None else Decimal(str(row["price"])),
        currency=row["currency"],
        jurisdiction=row["jurisdiction"],
    )


def wanted(row: Row, score: str, catalogue: Catalogue) -> bool:
    """Whether a reader wanted to look at the line for the reason of this score."""
    reasons = [catalogue[name] for name in row["signals"] if name in catalogue]
    return row["review"] != "none" and any(one.polarity == "for" and score in one.scores for one in reasons)


def fit_line(logits: NDArray[np.float64], labels: NDArray[np.bool_]) -> dict[str, float]:
    """Slope and offset by logistic regression on one feature, a little regularised: some scores have few lines.

    A score must rise with its evidence: where few lines would have it fall, the least slope is kept and only the
    level is fitted.
    """
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # noqa: PLC0415 - no stubs; extra `train`

    model = LogisticRegression(C=1.0).fit(logits[:, None], labels)
    slope, offset = float(model.coef_[0][0]), float(model.intercept_[0])
    if slope < LEAST_SLOPE:
        share = (labels.sum() + 1) / (len(labels) + 2)
        slope, offset = LEAST_SLOPE, float(np.log(share / (1 - share)) - LEAST_SLOPE * logits.mean())
    return {"slope": round(slope, 4), "offset": round(offset, 4)}


def calibration_error(probabilities: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Expected calibration error: mean distance of probability and frequency over ten equal bins, by their size."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    error = 0.0
    for place in range(BINS):
        inside = bins == place
        if inside.any():
            error += inside.mean() * abs(probabilities[inside].mean() - labels[inside].mean())
    return round(float(error), 4)


def counted(rows: Sequence[Row], assessments: Sequence[Assessment]) -> list[tuple[Row, Assessment]]:
    """Those that did not leave before anything was counted."""
    return [(row, one) for row, one in zip(rows, assessments, strict=True) if not one.derivation["left_uncounted"]]


def fit(assessor: Assessor, rows: list[Row], catalogue: Catalogue) -> Row:
    """The model file's content: lines fitted where something firm was seen, errors measured on everything counted."""
    fitted = counted(*_assessed(assessor, rows, "train"))
    checked = counted(*_assessed(assessor, rows, "dev"))
    lines, errors = {}, {}
    for score in SCORES:
        logits, firm, labels = _table(fitted, score, catalogue)
        line = lines[score] = fit_line(logits[firm], labels[firm])
        logits, firm, labels = _table(checked, score, catalogue)
        shown = np.where(firm, line["slope"] * logits + line["offset"], logits)
        errors[score] = calibration_error(1 / (1 + np.exp(-shown)), labels)
    digest = hashlib.sha256("\n".join(json.dumps(row, sort_keys=True) for row in rows).encode()).hexdigest()
    return {"scores": lines, "corpus_sha256": digest, "fitted_on": len(fitted), "calibration_error": errors}


def _assessed(assessor: Assessor, rows: list[Row], split: str) -> tuple[list[Row], list[Assessment]]:
    chosen = [row for row in rows if row["split"] == split]
    return chosen, assessor.assess([corpus_text(row) for row in chosen])


def _table(
    pairs: list[tuple[Row, Assessment]], score: str, catalogue: Catalogue
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    shown = [one.derivation["scores"][score] for _, one in pairs]
    firm = [any(term["weight"] > 0 and term["strength"] != "W" for term in one["terms"]) for one in shown]
    labels = [wanted(row, score, catalogue) for row, _ in pairs]
    return np.array([one["logit"] for one in shown], np.float64), np.array(firm, np.bool_), np.array(labels, np.bool_)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, print and write; or, with `--check`, say whether the shipped file is what training gives."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.training", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the shipped model differs")
    options = parser.parse_args(arguments)
    model = fit(Assessor.load(), read_corpus(), load_catalogue())
    text = json.dumps(model, sort_keys=True, indent=1) + "\n"
    sys.stdout.write(text)
    if options.check:
        return int(load_calibration().file.model_dump() != json.loads(text))
    MODEL.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
