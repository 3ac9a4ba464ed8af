"""Fits the scores' calibration: on the corpus' `train` split, and on what people decided about listings.

A reader's label says for which reason he would look; a decision says only whether the look was worth it. So a reviewed
listing counts for each score in which something firm was seen, and for no other.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from classifiers.calibration import Line, ModelFile
from classifiers.evaluation.measures import is_wanted
from classifiers.evaluation.rates import calibration_error
from classifiers.values import SCORES, Assessment, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifiers.assessor import Assessor
    from classifiers.catalogue import Catalogue
    from classifiers.evaluation.labelled import LabelledAd

    Judged = tuple[Assessment, dict[str, bool]]  # what was found, and for which scores a reader wanted to look

LEAST_SLOPE = 0.25


def fit_calibration(
    assessor: Assessor,
    catalogue: Catalogue,
    ads: Sequence[LabelledAd],
    reviews: Sequence[tuple[Text, bool]] = (),
) -> ModelFile:
    """The calibration of `ads` (those of the `train` split) and `reviews`, with the error on the `dev` split."""
    fitted = [
        *_counted(assessor, catalogue, [ad for ad in ads if ad.split == "train"]),
        *_reviewed(assessor, reviews),
    ]
    checked = _counted(assessor, catalogue, [ad for ad in ads if ad.split == "dev"])
    lines, errors = {}, {}
    for score in SCORES:
        logits, firm, labels = _table(fitted, score)
        line = lines[score] = fit_line(logits[firm], labels[firm])
        logits, firm, labels = _table(checked, score)
        shown = np.where(firm, line.slope * logits + line.offset, logits)
        errors[score] = calibration_error((1 / (1 + np.exp(-shown))).tolist(), labels.tolist()) or 0.0
    digest = hashlib.sha256("\n".join(ad.model_dump_json() for ad in ads).encode())
    digest.update(json.dumps([[text.title, text.description, wanted] for text, wanted in reviews]).encode())
    return ModelFile(scores=lines, corpus_sha256=digest.hexdigest(), fitted_on=len(fitted), calibration_error=errors)


def fit_line(logits: NDArray[np.float64], labels: NDArray[np.bool_]) -> Line:
    """Slope and offset by logistic regression on one feature, a little regularised: some scores have few lines.

    A score must rise with its evidence: where few lines would have it fall, the least slope is kept and only the
    level is fitted.
    """
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # noqa: PLC0415 - no stubs; extra `train`

    if labels.all() or not labels.any():
        slope = LEAST_SLOPE
    else:
        model = LogisticRegression(C=1.0).fit(logits[:, None], labels)
        slope, offset = float(model.coef_[0][0]), float(model.intercept_[0])
    if slope <= LEAST_SLOPE:
        share = (labels.sum() + 1) / (len(labels) + 2)
        centre = float(logits.mean()) if len(logits) else 0.0
        slope, offset = LEAST_SLOPE, float(np.log(share / (1 - share))) - LEAST_SLOPE * centre
    return Line(slope=round(slope, 4), offset=round(offset, 4))


def _counted(assessor: Assessor, catalogue: Catalogue, ads: Sequence[LabelledAd]) -> list[Judged]:
    """Those that did not leave before anything was counted."""
    ads = [ad for ad in ads if ad.review is not None and ad.signals is not None]
    found = assessor.assess([ad.to_text() for ad in ads])
    return [
        (one, {score: is_wanted(ad, score, catalogue) for score in SCORES})
        for ad, one in zip(ads, found, strict=True)
        if not one.derivation["left_uncounted"]
    ]


def _reviewed(assessor: Assessor, reviews: Sequence[tuple[Text, bool]]) -> list[Judged]:
    found = assessor.assess([text for text, _ in reviews])
    return [
        (one, {score: wanted for score in SCORES if _is_firm(one, score)})
        for (_, wanted), one in zip(reviews, found, strict=True)
        if not one.derivation["left_uncounted"]
    ]


def _is_firm(assessment: Assessment, score: str) -> bool:
    terms = assessment.derivation["scores"][score]["terms"]
    return any(term["weight"] > 0 and term["strength"] != "W" for term in terms)


def _table(judged: Sequence[Judged], score: str) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Logits, whether something firm was seen, and labels, of all that says something of this score."""
    chosen = [(one, labels[score]) for one, labels in judged if score in labels]
    logits = [one.derivation["scores"][score]["logit"] for one, _ in chosen]
    firm = [_is_firm(one, score) for one, _ in chosen]
    return np.array(logits, np.float64), np.array(firm, np.bool_), np.array([label for _, label in chosen], np.bool_)
