"""Serial numbers as listings state them, and texts as they are sketched."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seller_samples import BOILERPLATE, OWN_WORDS

from pipelines.sellers.serials import Serial, digest, find_serials, normalise
from pipelines.sellers.wording import ALGORITHM, Wording, bands, sketch, sketch_likeness


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Serial number BKR123xx, great", [Serial("BKR123", whole=False)]),
        ("SN: ABC12345", [Serial("ABC12345", whole=True)]),
        ("S/N 1234567 and a box", [Serial("1234567", whole=True)]),
        ("ser. no. T1234-67", [Serial("T123467", whole=True)]),
        ("Serial starts with JSS231.", [Serial("JSS231", whole=False)]),
        ("Seriennummer 4711-88a", [Serial("471188A", whole=True)]),
        ("número de série 99321**", [Serial("99321", whole=False)]),
        ("серийный номер АБ 12", []),
        ("no serial pictured", []),
        ("snap caps 12345, serialised", []),
        ("serial and box included", []),
    ],
)
def test_what_is_stated_is_read(text: str, stated: list[Serial]) -> None:
    assert find_serials(text) == stated


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_text_upsets_the_reading(text: str) -> None:
    for serial in find_serials(f"serial {text}"):
        assert normalise(serial.text) == serial.text


def test_a_fragment_agrees_with_every_number_that_begins_so() -> None:
    whole, part, other = Serial("BKR12345", whole=True), Serial("BKR12", whole=False), Serial("BKS", whole=False)
    assert whole.agrees(part)
    assert part.agrees(whole)
    assert not other.agrees(whole)
    assert not whole.agrees(Serial("BKR12346", whole=True))


def test_hashes_of_one_number_differ_by_key_and_maker() -> None:
    assert len({digest(b"a", "X1"), digest(b"b", "X1"), digest(b"a", "GLOCK", "X1")}) == 3


def test_sketches_are_alike_where_texts_are_and_say_how_they_were_made() -> None:
    texts = [f"Glock 19\n{words} {BOILERPLATE}" for words in OWN_WORDS[:2]]
    one, other = (sketch(text) for text in texts)
    edited = sketch(texts[0].replace("cash", "cash only").replace("price", "the price"))
    assert one is not None
    assert other is not None
    assert edited is not None
    assert sketch_likeness(one, edited) > 0.6
    assert abs(sketch_likeness(one, other) - Wording.of(texts[0]).likeness(Wording.of(texts[1]), 0.0)) < 0.2
    assert set(bands(one)) & set(bands(edited))
    assert ALGORITHM.startswith("rensa-r")
    assert sketch("too short a text") is None
