"""The class model: what it says follows from its file, is explained by it, and repeats to the byte."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import Assessor, Text
from classifiers.catalogue import CLASSES
from classifiers.class_model import CLASS_MODEL, LEAST_GUN, ClassModel, ClassModelFile, load_class_model
from classifiers.class_training import FOLDS, fit_classes, fold_of, measure_classes, model_text
from classifiers.evaluation.labelled import LabelledAd
from classifiers.values import LexiconError

if TYPE_CHECKING:
    from pathlib import Path

HANDGUN, OTHER = CLASSES.index("firearm_handgun"), CLASSES.index("other")


def _file(**weights: list[int]) -> ClassModelFile:
    return ClassModelFile(
        classes=list(CLASSES), offsets=[0] * len(CLASSES), weights=weights, temperature=1.0,
        corpus_sha256="0", lexicon_sha256="0", fitted_on=0, cross_validated={},
    )  # fmt: skip


def _row(place: int, weight: int) -> list[int]:
    return [weight if at == place else 0 for at in range(len(CLASSES))]


def test_what_is_hardly_a_gun_is_called_the_likeliest_other_thing() -> None:
    model = ClassModel(_file(gun=_row(HANDGUN, 2_000), toy=_row(OTHER, 500)), "hash")
    kind = model.decide({"gun": 1.0, "toy": 1.0})
    assert (kind.item_class, kind.runner_up) == ("other", "firearm_handgun")
    assert kind.probability < LEAST_GUN


def test_the_probability_is_that_of_the_summed_weights() -> None:
    model = ClassModel(_file(gun=_row(HANDGUN, 6_000), toy=_row(OTHER, 500)), "hash")
    kind = model.decide({"gun": 1.0, "toy": 1.0, "never seen in training": 9.0})
    logits = np.zeros(len(CLASSES))
    logits[HANDGUN], logits[OTHER] = 6.0, 0.5
    assert kind.item_class == "firearm_handgun"
    assert kind.runner_up == "other"
    assert kind.probability == pytest.approx(float(np.exp(6) / np.exp(logits).sum()), abs=1e-4)
    assert kind.terms == (("gun", 6.0), ("toy", -0.5))


@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.floats(-5, 5)))
def test_the_order_of_features_changes_nothing(features: dict[str, float]) -> None:
    rows = np.random.default_rng(7).integers(-3_000, 3_000, (4, len(CLASSES))).tolist()
    model = ClassModel(_file(**dict(zip("abcd", rows, strict=True))), "hash")
    assert model.decide(features) == model.decide(dict(reversed(features.items())))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": ["other"]}, "other classes"),
        ({"temperature": 0.0}, "other classes"),
        ({"weights": {"a": [1]}}, "one weight for each class"),
        ({"offsets": "none"}, "valid array"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = tmp_path / "class_model.json"
    path.write_text(json.dumps(_file().model_dump() | change), encoding="utf-8")
    with pytest.raises(LexiconError, match=message):
        load_class_model(path)


def test_the_shipped_file_is_canonical_and_for_our_classes() -> None:
    text = CLASS_MODEL.read_text(encoding="utf-8")
    file = ClassModelFile.model_validate_json(text)
    assert model_text(file) == text
    assert file.fitted_on > 1_000
    assert load_class_model().content_hash


def _ads() -> list[LabelledAd]:
    words = {"firearm_handgun": "Glock {}", "look_alike_tool": "Nail gun {}", "other": "Sofa {}"}
    return [
        LabelledAd.model_validate(
            {
                "title": text.format(17 + at),
                "signals": [],
                "class": name,
                "family": f"f{name}{at}",
                "split": split,
                "id": f"{name}{at}",
            }
        )
        for name, text in words.items()
        for at in range(20)
        for split in [("train", "dev", "held")[at % 3]]
    ]


def test_training_gives_the_same_bytes_twice_and_never_reads_what_is_held_out(assessor: Assessor) -> None:
    ads = _ads()
    model = fit_classes(assessor, ads)
    assert model_text(fit_classes(assessor, ads)) == model_text(model)
    changed = [ad if ad.split != "held" else ad.model_copy(update={"title": "Ruger LCP"}) for ad in ads]
    assert model_text(fit_classes(assessor, changed)) == model_text(model)
    assert model.fitted_on == sum(ad.split != "held" for ad in ads)
    assert model.cross_validated["accuracy"] > 0.9
    learned = ClassModel(model, "hash")
    assert learned.decide(assessor.class_features(Text(title="Glock 26"))).item_class == "firearm_handgun"
    assert learned.decide(assessor.class_features(Text(title="Nail gun"))).item_class == "look_alike_tool"


def test_families_lie_in_one_fold_and_all_folds_are_used() -> None:
    folds = [fold_of(f"family-{number}") for number in range(200)]
    assert folds == [fold_of(f"family-{number}") for number in range(200)]
    assert set(folds) == set(range(FOLDS))


def test_figures_count_what_they_say() -> None:
    labels = np.array([HANDGUN, HANDGUN, OTHER, CLASSES.index("accessory")])
    found = [HANDGUN, OTHER, OTHER, HANDGUN]
    probabilities = np.full((4, len(CLASSES)), 0.0)
    for row, place in enumerate(found):
        probabilities[row, place] = 1.0
    figures = measure_classes(probabilities, labels)
    assert figures["accuracy"] == 0.5
    assert figures["firearm_f1"] == 0.5
    assert figures["harmless_called_firearm"] == 1.0


def test_a_verdict_says_what_lifted_it_and_over_which_class(assessor: Assessor) -> None:
    [assessment] = assessor.assess([Text(title="AR-15 stripped lower receiver")])
    assert assessment.item_class == "essential_component"
    told = assessment.derivation["class_model"]
    assert told["over"] in CLASSES
    assert told["terms"]
    assert all(isinstance(name, str) and isinstance(weight, float) for name, weight in told["terms"])


def test_what_describes_a_thing_is_not_the_thing(assessor: Assessor) -> None:
    features = assessor.class_features(Text(title="Glock 19 holster"))
    assert features["title names firearm_handgun as part"] == 1.0
    assert "names firearm_handgun" not in features
    assert features["names accessory"] == 1.0
    assert features["no price"] == 1.0


def test_a_text_without_words_has_no_features(assessor: Assessor) -> None:
    assert assessor.class_features(Text(title="---")) == {}
