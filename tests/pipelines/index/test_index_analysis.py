"""Text into tokens: folding, stems, Chinese pairs, offsets."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.index.analysis import STEMMERS, Analyzer, fold, has_words
from pipelines.index.disguise import choose_words, read_words

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARED = Analyzer()
SUFFIXES = ("s", "es", "ed", "ing", "ation", "ations", "ly", "ness", "er", "ers")
TEXT = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("aéßøÉ枪手пёйمسدسـ\u200b\u0301 -_½㎜")), max_size=60)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("GLOCK", "glock"),
        ("Zürich", "zurich"),
        ("Größe", "grosse"),
        ("ёлочный", "елочный"),
        ("g\u200blo\u00adck", "glock"),
        ("مـسـدس", "مسدس"),
        ("أسلحة", "اسلحة"),
        ("ｇｌｏｃｋ", "glock"),
        ("Łódź", "lodz"),
    ],
)
def test_what_looks_the_same_folds_the_same(written: str, folded: str) -> None:
    assert fold(written) == folded


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "pistols", "pistol"),
        ("es", "pistolas", "pistola"),
        ("pt", "espingardas", "espingarda"),
        ("fr", "fusils", "fusil"),
        ("de", "gewehren", "gewehr"),
        ("ru", "пистолеты", "пистолет"),
        ("ar", "مسدسات", "مسدس"),
    ],
)
def test_forms_of_a_word_share_a_stem(analyzer: Analyzer, language: str, one: str, other: str) -> None:
    indexed = analyzer.columns(one, language)[1].split()
    assert set(indexed) & set(analyzer.stems(fold(other)))


def test_every_language_has_a_stemmer() -> None:
    assert set(STEMMERS) == {"en", "es", "pt", "fr", "de", "ru", "ar"}


def test_chinese_is_read_by_characters_and_pairs(analyzer: Analyzer) -> None:
    words, stems = analyzer.columns("出售glock手枪", "zh")
    assert words.split() == ["出", "售", "glock", "手", "枪"]
    assert stems.split() == ["zh:出售", "zh:手枪"]


def test_a_word_of_an_unknown_language_keeps_its_surface(analyzer: Analyzer) -> None:
    assert analyzer.columns("pistole", "it") == ("pistole", "")


def test_marks_of_obfuscation_do_not_move_offsets(analyzer: Analyzer) -> None:
    text = "a g\u200block, two"
    (token,) = [token for token in analyzer.tokens(text, "en") if token.text == "glock"]
    assert text[token.start : token.end] == "g\u200block"


@given(TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TEXT, st.sampled_from([None, "en", "ru", "zh", "it", "und"]))
def test_tokens_are_spans_in_order_that_read_back(text: str, language: str | None) -> None:
    tokens = list(SHARED.tokens(text, language))
    position = 0
    for token in tokens:
        assert position <= token.start < token.end <= len(text)
        assert token.text in SHARED.words(text[token.start : token.end])
        assert token.text.isalnum()
        position = token.end
    assert bool(tokens) == has_words(text)


@given(TEXT, st.sampled_from([None, "en", "fr", "ar"]))
def test_columns_and_tokens_agree(text: str, language: str | None) -> None:
    words, stems = SHARED.columns(text, language)
    tokens = list(SHARED.tokens(text, language))
    assert words.split(" ") == ([token.text for token in tokens] or [""])
    read, own = _without_pairs(stems.split()), [token.stem for token in tokens if token.stem]
    assert read[: len(own)] == own
    assert set(read[len(own) :]) <= {stem for _, stem, _, _ in SHARED.hidden(text, language)}
    assert words.split() == SHARED.words(text)


@given(TEXT)
def test_a_document_is_found_by_each_of_its_own_words(text: str) -> None:
    indexed = set(SHARED.columns(text, None)[0].split())
    for word in SHARED.words(text):
        assert SHARED.words(word) == [word] or len(SHARED.words(word)) == 0
        assert word in indexed


def _without_pairs(stems: Sequence[str]) -> list[str]:
    return [stem for stem in stems if not stem.startswith("zh:")]


def test_threads_share_an_analyzer_without_taking_one_anothers_words() -> None:
    words = [f"{stem}{ending}" for stem in ("pistol", "rifle", "carbin", "revolv") for ending in SUFFIXES]
    expected = [Analyzer().stems(word) for word in words]
    shared, before = Analyzer(remembered_words=0), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(lambda _: [shared.stems(word) for word in words], range(4)))
    finally:
        sys.setswitchinterval(before)
    assert found == [expected] * 4


def test_the_words_worth_restoring_are_those_of_the_lexicons() -> None:
    kept, there = set(read_words()), set(choose_words())
    assert len(kept & there) > 0.95 * len(kept | there), "run: python -m pipelines.index.disguise"
