"""What an assessment holds, that it repeats to the byte, and that nothing makes it fail."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import classifiers
from classifiers import Assessor, Text
from classifiers.values import SCORES, printable

LOUD = Text(
    title="Glock 19 Gen 5 NIB",
    description="No background check, no paperwork. Have 3 of these, serial number filed off. Cash only.",
    category="Handguns",
    price=Decimal(450),
    currency="USD",
    jurisdiction="US-TX",
)


def test_importing_the_package_loads_no_heavy_library() -> None:
    check = (
        "import sys, classifiers; print([m for m in ('spacy', 'numpy', 'onnxruntime', 'lingua') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_names_are_not_invented() -> None:
    with pytest.raises(AttributeError):
        _ = classifiers.Nothing


def test_the_json_has_the_shape_of_the_export_line(assessor: Assessor) -> None:
    [assessment] = assessor.assess([LOUD])
    shape = assessment.to_json()
    assert {"language", "class", "class_probability", "signals", "scores", "review", "abstained", "versions"} <= set(
        shape
    )
    assert set(shape["scores"]) == set(SCORES)
    assert set(shape["versions"]) == {"model", "rules", "lexicon"}
    for signal in shape["signals"]:
        assert set(signal) == {
            "name", "polarity", "weight", "family", "field", "start", "end", "text", "confidence", "layer", "reason"
        }  # fmt: skip
        assert (LOUD.title if signal["field"] == "title" else LOUD.description)[
            signal["start"] : signal["end"]
        ] == signal["text"]
    [item] = assessment.items_json()
    assert (item["class"], item["make"], item["model"]) == ("firearm_handgun", "Glock", "19")


def test_the_same_text_gives_the_same_bytes_alone_and_in_a_batch(assessor: Assessor) -> None:
    others = [Text(title="Sofa"), Text(title="Ruger LCP", description="FFL needed")]
    [alone] = assessor.assess([LOUD])
    batch = assessor.assess([*others, LOUD])[2]
    fresh = Assessor.load().assess([LOUD])[0]
    wanted = json.dumps([alone.to_json(), alone.items_json(), dict(alone.derivation)], sort_keys=True)
    for other in (batch, fresh):
        assert json.dumps([other.to_json(), other.items_json(), dict(other.derivation)], sort_keys=True) == wanted


def test_every_term_of_a_score_is_shown_and_adds_up(assessor: Assessor) -> None:
    [assessment] = assessor.assess([LOUD])
    for name, shown in assessment.derivation["scores"].items():
        parts = shown["base"] + sum(term["weight"] for term in shown["terms"]) - shown["weak_signs_cut"]
        parts += sum(term["weight"] for term in shown["interactions"])
        assert shown["logit"] == pytest.approx(parts, abs=1e-3)
        assert assessment.scores[name] == pytest.approx(1 / (1 + np.exp(-shown["calibrated_logit"])), abs=1e-3)


def test_vectors_are_passed_through_and_change_nothing_else(assessor: Assessor) -> None:
    vectors = np.zeros((1, 384), np.float32)
    [assessment] = assessor.assess([LOUD], vectors)
    assert assessment.vector is not None
    assert assessment.to_json() == assessor.assess([LOUD])[0].to_json()


def test_weak_signs_alone_never_reach_review(assessor: Assessor) -> None:
    weak = "Cash only. Text me at 555-0142. Must go today. Brand new. No questions asked."
    [assessment] = assessor.assess([Text(title="Glock 19", description=weak, jurisdiction="US")])
    strengths = {finding.strength for finding in assessment.signals if finding.polarity == "for"}
    assert strengths <= {"W", "N"}
    assert len(assessment.signals) >= 4
    assert assessment.review == "none"
    assert sum(term["weight"] for term in assessment.derivation["scores"]["unlicensed_sale"]["terms"]) <= 1.5
    assert assessment.scores["unlicensed_sale"] < 0.08


@pytest.mark.parametrize(
    ("description", "level"),
    [
        ("Serial number filed off.", "review"),
        ("No background check. I can get more of these.", "review"),
        ("No background check.", "idle"),
        ("No background check. FFL needed, no exceptions.", "none"),
        ("Transfer through my FFL.", "none"),
    ],
)
def test_the_review_level_follows_the_rule(assessor: Assessor, description: str, level: str) -> None:
    [assessment] = assessor.assess([Text(title="Glock 19", description=description, jurisdiction="US")])
    assert assessment.review == level


@pytest.mark.parametrize("title", ["Nail gun", "Airsoft Glock 17", "Kydex holster for Glock 19", "AK-47 skin CS:GO"])
def test_what_is_no_gun_leaves_before_anything_is_counted(assessor: Assessor, title: str) -> None:
    loud = "No paperwork, no serial, have 5 of these, can get more, ships worldwide."
    [assessment] = assessor.assess([Text(title=title, description=loud, jurisdiction="US")])
    assert assessment.review == "none"
    assert max(assessment.scores.values()) < 0.01
    assert not any(finding.weight for finding in assessment.signals)


def test_a_box_at_a_guns_price_is_counted(assessor: Assessor) -> None:
    dear = Text(title="Empty Glock 19 box", description="Just the box.", price=Decimal(650), currency="USD")
    cheap = Text(title="Empty Glock 19 box", description="Just the box.", price=Decimal(20), currency="USD")
    names = [{finding.name for finding in one.signals} for one in assessor.assess([dear, cheap])]
    assert "decoy_price" in names[0]
    assert "decoy_price" not in names[1]


def test_a_template_shop_goes_to_its_own_queue(assessor: Assessor) -> None:
    shop = "Order now from our online store. We ship worldwide. 100% guaranteed. Bitcoin only. Trusted vendor."
    [assessment] = assessor.assess([Text(title="Glock 19 and all guns", description=shop)])
    assert assessment.queue == "scam_storefront"
    assert assessment.review == "none"


def test_several_guns_become_several_items(assessor: Assessor) -> None:
    text = Text(
        title="Glock 19, Ruger LCP and a Mossberg 500",
        description="Spare magazines for the Glock. Would trade for a Colt Python.",
        category="Handguns",
    )
    [assessment] = assessor.assess([text])
    named = {(item.make, item.model) for item in assessment.items}
    assert named == {("Glock", "19"), ("Ruger", "LCP"), ("Mossberg", "500")}


@pytest.mark.parametrize(
    ("title", "make", "model", "calibre"),
    [
        ("Smith and Wesson 686 plus .357 mag", "Smith & Wesson", "686", ".357 Magnum"),
        ("S&W M&P Shield 9mm", "Smith & Wesson", "M&P Shield", "9x19mm"),
        ("CZ-75 B 9x19", "CZ", "75", "9x19mm"),
        ("Remington 870 12ga", "Remington", "870", "12 gauge"),
        ("Пистолет Макаров ПМ 9х18", "Makarov", "PM", "9x18mm Makarov"),
        ("格洛克 17 手枪", "Glock", "17", None),
    ],
)
def test_makes_models_and_calibres_get_their_canonical_names(
    assessor: Assessor, title: str, make: str, model: str, calibre: str | None
) -> None:
    [assessment] = assessor.assess([Text(title=title)])
    [item] = assessment.items
    assert (item.make, item.model, item.calibre) == (make, model, calibre)


HOSTILE = {
    "empty": Text(title=""),
    "ten megabytes": Text(title="Glock 19", description="Glock 19 no papers " * 550_000),
    "binary": Text(
        title=bytes(range(256)).decode("latin-1") * 4, description=bytes(range(256)).decode("latin-1") * 400
    ),
    "emoji": Text(title="🔫" * 1000, description="😀🔫" * 50_000),
    "regex bait": Text(
        title="a" * 5000, description="(" * 2000 + "1-" * 2000 + "@." * 2000 + "g l " * 2000 + "a." * 4000
    ),
    "right to left": Text(title="\u202eGlock\u202c 19", description="\u2066no\u2069 papers \u202e" * 500),
    "lone surrogates": Text(title="Glock\ud800 19", description="no \udfff papers \udc00"),
    "hidden spelling": Text(title="gun", description="g1l0c3k$ p*st.ol " * 700),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_ends_in_an_assessment_or_a_named_refusal_within_a_second(assessor: Assessor, name: str) -> None:
    text = HOSTILE[name]
    started = time.process_time()
    [assessment] = assessor.assess([text])
    assert time.process_time() - started < 1
    assert json.dumps([assessment.to_json(), assessment.items_json()], ensure_ascii=False).encode("utf-8")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    title=st.text(st.characters(), max_size=30),
    words=st.lists(
        st.sampled_from(
            ["Glock 19", "no papers", "n0 FFL", "s3rial filed off", "два", "без", "无证", "بدون", ".", "\n", "\u200b"]
        ),
        max_size=12,
    ),
    tail=st.text(st.characters(), max_size=30),
)
def test_every_span_is_in_the_original(assessor: Assessor, title: str, words: list[str], tail: str) -> None:
    text = Text(title=title, description=" ".join([*words, tail]), jurisdiction="DE")
    [assessment] = assessor.assess([text])
    for finding in assessment.signals:
        field = text.title if finding.field == "title" else text.description
        assert printable(field[finding.start : finding.end]) == finding.text
        assert finding.text
    for item in assessment.items:
        assert 0 <= item.start < item.end <= len(text.title if item.field == "title" else text.description)


def test_a_language_we_do_not_have_is_abstained_on_where_guns_are_named(assessor: Assessor) -> None:
    polish = "Sprzedam pistolet Glock 17 w bardzo dobrym stanie, dwa magazynki, tylko odbiór osobisty w Krakowie."
    [assessment] = assessor.assess([Text(title="Pistolet Glock 17", description=polish)])
    assert assessment.language == "other"
    assert assessment.abstained == "language"
