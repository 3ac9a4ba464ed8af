"""What is measured of an assessment: with real assessments of ads written here, and labels that are right or wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from classifiers import Assessor
from classifiers.catalogue import load_catalogue
from classifiers.encoder import load_encoder
from classifiers.evaluation import corpus_card
from classifiers.evaluation.card import CARD, write_card
from classifiers.evaluation.labelled import LabelError, LabelledAd, read_corpus, read_labelled
from classifiers.evaluation.measures import measure
from classifiers.evaluation.summary import lines

if TYPE_CHECKING:
    from pathlib import Path

GLOCK = {
    "title": "Glock 19 gen 4 9mm pistol",
    "description": "No background check needed.",
    "class": "firearm_handgun",
    "items": [{"class": "firearm_handgun", "make": "Glock", "model": "19", "calibre": "9mm", "quantity": 1}],
    "signals": ["no_check_offered"],
    "review": "idle",
    "language": "en",
    "jurisdiction": "US",
}
NAILER = {
    "title": "Framing nail gun with hose",
    "class": "look_alike_tool",
    "items": [],
    "signals": [],
    "review": "none",
    "language": "en",
}


@pytest.fixture(scope="module")
def assessor() -> Assessor:
    return Assessor.load()


def figures_of(assessor: Assessor, *lines_: dict[str, Any]) -> dict[str, Any]:
    ads = [LabelledAd.model_validate(line) for line in lines_]
    return measure(ads, assessor.assess([ad.to_text() for ad in ads]), load_catalogue())


def test_right_labels_give_full_marks(assessor: Assessor) -> None:
    figures = figures_of(assessor, GLOCK, NAILER)
    assert figures["class"]["accuracy"]["value"] == 1
    assert figures["firearm"]["f1"] == 1
    assert figures["firearm"]["hard_negatives_called_firearms"]["of"] == 1
    assert figures["make"] == {
        "precision": figures["make"]["coverage"],
        "coverage": {"value": 1.0, "low": 0.2065, "high": 1.0, "right": 1, "of": 1},
    }
    assert figures["signals"]["micro"]["en"]["f1"] == 1
    assert figures["items"]["quantity"]["right"] == 1


def test_wrong_labels_are_counted_where_they_differ(assessor: Assessor) -> None:
    wrong = {**NAILER, "class": "firearm_long", "signals": ["cash_only"], "review": "review"}
    figures = figures_of(assessor, GLOCK, wrong)
    assert figures["class"]["confusion"] == [["firearm_long", "look_alike_tool", 1]]
    assert figures["firearm"]["recall"]["value"] == 0.5
    assert figures["signals"]["per_signal"]["cash_only"]["all"]["recall"]["value"] == 0
    assert figures["false_leads"]["review"]["caught"]["value"] == 0


def test_an_absent_label_is_not_measured(assessor: Assessor) -> None:
    figures = figures_of(assessor, {"title": "Glock 19 gen 4 9mm pistol"})
    assert figures["class"]["accuracy"]["of"] == 0
    assert figures["signals"]["per_signal"] == {}
    assert figures["false_leads"]["idle"]["put_up"] == 0


def test_a_pair_is_right_when_both_sides_are(assessor: Assessor) -> None:
    other = {**GLOCK, "description": "Background check needed.", "signals": ["check_or_permit_required"]}
    pair = [{**GLOCK, "pair": "p-1"}, {**other, "pair": "p-1"}]
    assert figures_of(assessor, *pair)["minimal_pairs"]["all"]["value"] == 1
    pair[1]["signals"] = ["no_check_offered", "check_or_permit_required"]
    pair[0]["signals"] = []
    assert figures_of(assessor, *pair)["minimal_pairs"]["all"]["value"] == 0


def test_a_card_says_what_was_not_measured(assessor: Assessor) -> None:
    card = write_card(figures_of(assessor, GLOCK, NAILER), assessor.versions)
    assert "| no_check_offered | not measured (1.00, n 1) |" in card
    assert assessor.versions["lexicon"][:16] in card


def test_two_versions_are_shown_beside_each_other(assessor: Assessor) -> None:
    before = figures_of(assessor, GLOCK, {**NAILER, "class": "firearm_long"})
    shown = list(lines(figures_of(assessor, GLOCK, NAILER), before))
    assert shown[0].split() == ["class,", "accuracy", "0.500", "->", "1.000", "(n", "2)"]


def test_the_whole_corpus_is_well_formed() -> None:
    ads = read_corpus()
    assert len({ad.id for ad in ads}) == len(ads)
    assert {ad.split for ad in ads} == {"train", "dev", "held"}
    splits: dict[str | None, set[str | None]] = {}
    for ad in ads:
        splits.setdefault(ad.family, set()).add(ad.split)
    assert all(len(found) == 1 for found in splits.values())


def test_the_model_card_is_of_what_is_shipped() -> None:
    versions = Assessor.load(encoder=load_encoder("shipped")).versions
    card = CARD.read_text(encoding="utf-8")
    assert [name for name, value in versions.items() if f"{name} `{value[:16]}`" not in card] == [], "make model-card"


def test_the_data_card_counts_what_is_there() -> None:
    assert corpus_card.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"title": "x", "class": "gun"}', "line 2: class: Value error, 'gun' is no class"),
        ('{"title": "x", "signals": ["cash"]}', "line 2: signals: no such signal: cash"),
        ('{"description": "x"}', "line 2: title: Field required"),
        ('{"title": "x", "look": 2}', "line 2: look: Extra inputs are not permitted"),
        ("{", "line 2: Invalid JSON"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "labelled.jsonl"
    file.write_text(json.dumps(GLOCK) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(LabelError) as caught:
        read_labelled(file)
    assert said in str(caught.value)
