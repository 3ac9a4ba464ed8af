"""Folding keeps the way back to the original, whatever is thrown at it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.disguise import Revealer
from classifiers.folding import Folded, Folder

ANY_TEXT = st.text(st.characters(), max_size=80)
FOLDER = Folder()
REVEALER = Revealer({"glock", "pistol", "gun", "rifle", "paperwork", "пистолет"})


def assert_offsets_hold(text: str, folded: Folded) -> None:
    for place in range(len(folded.text)):
        start, end = folded.original(place, place + 1)
        assert 0 <= start < end <= len(text)
    starts = [folded.original(place, place + 1)[0] for place in range(len(folded.text))]
    assert starts == sorted(starts)


@given(ANY_TEXT)
def test_every_folded_character_has_a_place_in_the_original(text: str) -> None:
    folded = FOLDER.fold(text)
    assert_offsets_hold(text, folded)
    assert_offsets_hold(text, REVEALER.reveal(folded))


@given(ANY_TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    once = FOLDER.fold(text).text
    twice = FOLDER.fold(once).text
    assert FOLDER.fold(twice).text == twice


@given(st.text("abc xyz019.", min_size=1, max_size=40))
def test_plain_ascii_stays_where_it_is(text: str) -> None:
    folded = FOLDER.fold(text)
    assert folded.text == text
    assert folded.original(0, len(text)) == (0, len(text))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("GLOCK", "glock"),
        ("G\u200bl\u200dock", "glock"),
        ("número", "numero"),
        ("Straße", "strasse"),
        ("ＧＬＯＣＫ １９", "glock 19"),
        ("Сlосk", "clock"),
        ("بـــدون أوراق", "بدون اوراق"),
        ("槍證", "枪证"),
        ("過戶辦證 發貨", "过户办证 发货"),
        ("Новый чёрный", "новый черный"),
        ("٩ ملم", "9 ملم"),
        ("\u202eGlock\u202c", "glock"),
    ],
)
def test_one_spelling_for_many(written: str, read: str) -> None:
    assert FOLDER.fold(written).text == read


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("a gl0ck here", "glock"),
        ("p1$tol", "pistol"),
        ("a g l o c k here", "glock"),
        ("g.l.o.c.k", "glock"),
        ("p*stol", "pistol"),
    ],
)
def test_hidden_spelling_is_undone_and_its_place_kept(written: str, word: str) -> None:
    revealed = REVEALER.reveal(FOLDER.fold(written))
    assert len(revealed.repairs) == 1
    start, end = revealed.repairs[0]
    assert revealed.text[start:end] == word
    first, last = revealed.original(start, end)
    assert written[first:last] == written.removeprefix("a ").removesuffix(" here")


@pytest.mark.parametrize(
    "written", ["AR15", "9mm", "$400", "10/22", "e.g. this", "b@example.com", "kel-tec", "call 555-0142"]
)
def test_ordinary_spelling_is_left_alone(written: str) -> None:
    assert REVEALER.reveal(FOLDER.fold(written)).repairs == ()
