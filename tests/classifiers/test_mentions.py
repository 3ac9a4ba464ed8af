"""Things named in a title: calibres inside names, compounds by their ending, and what only says what a thing is for."""

from __future__ import annotations

import pytest

from classifiers import Assessor, Text


def _found(assessor: Assessor, title: str) -> list[tuple[str, str | None, str | None, str]]:
    reading = assessor._reader.read_fully(Text(title=title))
    assert reading.seen is not None
    return [(one.item_class, one.model, one.calibre, str(one.role)) for one in reading.seen.mentions[0]]


@pytest.mark.parametrize(
    ("title", "item_class"),
    [
        ("Auszeichnungsschrankpistole gebraucht", "look_alike_tool"),
        ("Heimgangsbüchse vom Großvater", "firearm_long"),
        ("Lederkleinholster neu", "accessory"),
    ],
)
def test_a_german_compound_is_what_it_ends_in(assessor: Assessor, title: str, item_class: str) -> None:
    assert item_class in [kind for kind, *_ in _found(assessor, title)]


def test_an_ending_alone_or_in_another_language_names_nothing_new(assessor: Assessor) -> None:
    assert [kind for kind, *_ in _found(assessor, "A zzpistole for the stage")] == []


def test_a_calibre_is_read_inside_the_name_of_a_thing(assessor: Assessor) -> None:
    assert (".22 LR" in [calibre for _, _, calibre, _ in _found(assessor, "22 caliber single shot")]) is True
    [assessment] = assessor.assess([Text(title="CZ-75 B 9x19")])
    assert [(item.model, item.calibre) for item in assessment.items] == [("75", "9x19mm")]


@pytest.mark.parametrize("title", ["AK-47 poster", "Glock 17 t-shirt", "AR-15 stripped lower", "Glock 19 stl file"])
def test_a_gun_before_another_thing_only_says_what_the_thing_is_about(assessor: Assessor, title: str) -> None:
    assert _found(assessor, title)[0][3] == "part"


def test_a_gun_without_a_word_for_it_is_still_an_item(assessor: Assessor) -> None:
    text = Text(title="9mm, never registered", description="No licence needed, no serial number, cash.", price=None)
    reading = assessor.assess([text])[0]
    if reading.item_class.startswith("firearm"):
        assert len(reading.items) == 1
        assert reading.items[0].end > reading.items[0].start


def test_a_model_that_many_build_gets_the_one_maker_who_is_named(assessor: Assessor) -> None:
    texts = [Text(title="Bushmaster pre ban AR-15"), Text(title="AR-15, Anderson or Aero Precision parts")]
    one, two = assessor.assess(texts)
    assert [(item.make, item.model) for item in one.items] == [("Bushmaster", "AR-15")]
    assert all(item.make is None for item in two.items)
