"""What no single pattern shows of the engine: numbers, models in sets, answers, strength, languages, makers."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from classifiers import Assessor, Text
from classifiers.catalogue import load_catalogue
from classifiers.evaluation.labelled import LabelledAd
from classifiers.evaluation.measures import measure
from classifiers.lexicon import FOLDER, load_lexicon
from classifiers.reading import Reader
from classifiers.signals import SignalReader

if TYPE_CHECKING:
    from pathlib import Path


class Bench:
    """A lexicon with a few lines more, and what it reads."""

    def __init__(self, folder: Path, **added: str) -> None:
        copy = folder / "lexicons"
        shutil.copytree(FOLDER, copy)
        path = copy / "en.yaml"
        text = path.read_text(encoding="utf-8")
        for signal, lines in added.items():
            heading = "void: |\n  " if signal == "void" else f"\n  {signal}: |\n    "
            assert heading.rstrip(" ") in text
            text = text.replace(heading, f"{heading}{lines}\n{heading.rpartition(chr(10))[2]}", 1)
        path.write_text(text, encoding="utf-8")
        lexicon = load_lexicon(copy)
        self._reader = Reader(lexicon)
        self._signals = SignalReader(self._reader, lexicon, load_catalogue())

    def names(self, words: str) -> set[str]:
        field = self._reader.read("description", words)
        return {sighting.name for sighting in self._signals.read(field, ["en"], [])}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(
        tmp_path_factory.mktemp("engine"),
        threat="(<digits> quokkas|several quokkas)",
        stolen_hint="(zebra|<named>) wombat",
        void="! [threat] quokkas for the zoo",
    )


@pytest.mark.parametrize(
    ("words", "seen"),
    [("7 quokkas", True), ("1,250 quokkas", True), ("several quokkas", True), ("many quokkas", False)],
)
def test_any_number_in_digits_is_one_word_of_a_pattern(bench: Bench, words: str, *, seen: bool) -> None:
    assert ("threat" in bench.names(words)) is seen


def test_models_stand_in_groups_beside_other_words(bench: Bench) -> None:
    assert "stolen_hint" in bench.names("Glock 19 wombat")
    assert "stolen_hint" in bench.names("zebra wombat")
    assert "stolen_hint" not in bench.names("tulip wombat")


def test_a_strong_void_silences_what_is_longer_than_its_words(bench: Bench) -> None:
    assert "threat" in bench.names("we have 12 quokkas")
    assert "threat" not in bench.names("we have 12 quokkas for the zoo")


@pytest.mark.parametrize(
    ("title", "words", "seen", "unseen"),
    [
        ("Glock 19", "No licence? No sale.", "check_or_permit_required", "no_check_offered"),
        ("Glock 19", "If you have no permit, please do not call.", "check_or_permit_required", "no_check_offered"),
        ("Pistole Walther P99", "Keine WBK? Kein Verkauf.", "check_or_permit_required", "no_check_offered"),
        ("Pistola Glock 17", "Si no tienes licencia, abstenerse.", "check_or_permit_required", "no_check_offered"),
        ("Pistola Taurus G2C", "Quem não tem CR, favor não chamar.", "check_or_permit_required", "no_check_offered"),
        (
            "Fusil Baikal",
            "Si vous n'avez pas de permis, passez votre chemin.",
            "check_or_permit_required",
            "no_check_offered",
        ),
        ("Пистолет Глок 17", "Нет лицензии? Не звоните.", "check_or_permit_required", "no_check_offered"),
        ("格洛克19 手枪", "没有持枪证勿扰。", "check_or_permit_required", "no_check_offered"),
    ],
)
def test_a_condition_and_its_refusal_ask_for_what_the_condition_lacks(
    assessor: Assessor, title: str, words: str, seen: str, unseen: str
) -> None:
    [found] = assessor.assess([Text(title=title, description=words)])
    names = {finding.name for finding in found.signals}
    assert seen in names
    assert unseen not in names


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Pistola Glock 17", "Vivo cerca de la Guardia Civil y trabajo con el ejército."),
        ("Pistola Taurus G2C", "Moro perto da Polícia Federal, na rua do Exército."),
        ("Carabine Browning", "Rendez-vous devant la police locale."),
    ],
)
def test_the_name_of_an_office_is_no_registration(assessor: Assessor, title: str, words: str) -> None:
    [found] = assessor.assess([Text(title=title, description=words)])
    assert "registration_stated" not in {finding.name for finding in found.signals}


def test_english_wording_counts_in_other_languages_only_where_it_is_english(assessor: Assessor) -> None:
    portuguese = "Espingarda de caça em bom estado, nos vemos em Lisboa, entrego nos correios, fac símile do manual."
    [found] = assessor.assess([Text(title="Espingarda Browning B25", description=portuguese)])
    worded = {finding.name for finding in found.signals if finding.layer == "wording"}
    assert not {"new_in_box", "check_or_permit_required"} & worded
    spanish = "Pistola en buen estado, se vende porque no la uso. Entrega en Houston, FFL required, sin excepciones."
    [found] = assessor.assess([Text(title="Pistola Glock 17", description=spanish)])
    assert "ffl_transfer" in {finding.name for finding in found.signals}


def test_a_country_is_no_maker(assessor: Assessor) -> None:
    country, maker = assessor.assess(
        [
            Text(title="Ружьё ИЖ-27", description="Отправлю по России."),
            Text(title="Револьвер Росси 461", description="Калибр 357."),
        ]
    )
    assert "Rossi" not in {item.make for item in country.items}
    assert "Rossi" in {item.make for item in maker.items}


@pytest.mark.parametrize(("label", "title"), [("SIG", "SIG Sauer P226 9mm pistol"), ("Глок", "Glock 19 9mm pistol")])
def test_a_make_is_the_same_in_every_spelling(assessor: Assessor, label: str, title: str) -> None:
    ad = LabelledAd.model_validate(
        {
            "title": title, "language": "en", "class": "firearm_handgun", "signals": [],
            "items": [{"class": "firearm_handgun", "make": label, "quantity": 1}],
        }
    )  # fmt: skip
    figures = measure([ad], assessor.assess([ad.to_text()]), load_catalogue())
    assert figures["make"]["precision"]["value"] == figures["make"]["coverage"]["value"] == 1
