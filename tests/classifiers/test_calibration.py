"""Calibration is a few numbers in JSON: monotonic, named by its hash, refused where it cannot be right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from classifiers import Assessor, LexiconError, Text
from classifiers.calibration import MODEL, load_calibration
from classifiers.calibration_training import fit_calibration, fit_line
from classifiers.catalogue import load_catalogue
from classifiers.encoder import load_encoder
from classifiers.evaluation.labelled import read_corpus
from classifiers.values import SCORES

if TYPE_CHECKING:
    from pathlib import Path


def test_the_shipped_lines_rise_with_the_evidence() -> None:
    calibration = load_calibration()
    for score in SCORES:
        assert calibration.logit(score, 1.0) > calibration.logit(score, 0.0)


@pytest.mark.parametrize("change", [{"slope": -1.0, "offset": 0.0}, {"slope": "steep", "offset": 0.0}, {"offset": 0.0}])
def test_a_model_file_that_cannot_be_right_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    model = json.loads(MODEL.read_text())
    model["scores"]["bulk_sale"] = change
    path = tmp_path / "model.json"
    path.write_text(json.dumps(model))
    with pytest.raises(LexiconError, match="model"):
        load_calibration(path)


def test_a_line_never_falls() -> None:
    logits = np.array([-3.0, -2.0, -1.0, 0.0])
    assert fit_line(logits, np.array([True, True, False, False])).slope > 0
    assert fit_line(logits, np.array([False, False, True, True])).slope > 0.25
    nothing = fit_line(np.array([]), np.array([], np.bool_))
    assert (nothing.slope, nothing.offset) == (0.25, 0.0)


def test_what_people_decided_moves_the_line_of_what_was_firm() -> None:
    assessor, catalogue = Assessor.load(), load_catalogue()
    ads = [ad for ad in read_corpus(splits=("train",)) if ad.language == "en"][:300]
    offered = Text(title="Glock 19 gen 4 9mm pistol", description="No background check needed.")
    alone = fit_calibration(assessor, catalogue, ads)
    agreed = fit_calibration(assessor, catalogue, ads, [(offered, True)] * 60)
    refused = fit_calibration(assessor, catalogue, ads, [(offered, False)] * 60)
    [found] = assessor.assess([offered])
    logit = found.derivation["scores"]["unlicensed_sale"]["logit"]
    low, middle, high = (
        one.scores["unlicensed_sale"].slope * logit + one.scores["unlicensed_sale"].offset
        for one in (refused, alone, agreed)
    )
    assert low < middle < high
    assert agreed.scores["straw_purchase"] == alone.scores["straw_purchase"]
    assert len({one.corpus_sha256 for one in (alone, agreed, refused)}) == 3


def test_what_may_be_about_guns_is_encoded_and_the_rest_is_let_go() -> None:
    assessor = Assessor.load(load_encoder(threads=1))
    texts = [Text(title="Glock 19", description="FFL needed."), Text(title="Oak table", description="Seats six.")]
    gun, table = assessor.assess(texts)
    assert gun.vector is not None
    assert gun.vector.shape == (384,)
    assert gun.vector.dtype == np.float32
    assert table.vector is None
    assert gun.versions["model"] != Assessor.load().versions["model"]
