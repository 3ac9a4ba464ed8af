"""The small language of the lexicons, and the tokens both sides are cut into."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.folding import Folder
from classifiers.tokens import Tokenizer
from classifiers.values import LexiconError
from classifiers.wording import expand, parse_pattern, split_choices

FOLDER = Folder()
TOKENIZER = Tokenizer()


def keys(text: str) -> list[str]:
    return TOKENIZER.keys(FOLDER.fold(text))


def test_choices_and_options_expand() -> None:
    assert expand("licen(s|c)e(s)") == ["licence", "licences", "license", "licenses"]
    assert expand("(any |)check") == ["any check", "check"]
    assert expand("(a(b|c)|d)") == ["ab", "ac", "d"]


def test_sets_stand_for_their_phrases() -> None:
    assert expand("no <paper>", lambda name: (name, f"{name}work")) == ["no paper", "no paperwork"]


def test_too_many_spellings_are_refused() -> None:
    with pytest.raises(LexiconError, match="spellings"):
        expand("(a|b|c|d)" * 8)


@pytest.mark.parametrize("pattern", ["", "<no>?", "(a|b", "no ~2x y", "(a|)", "(no <check>)*"])
def test_patterns_that_cannot_be_read_are_refused(pattern: str) -> None:
    with pytest.raises(LexiconError):
        parse_pattern(pattern)


def test_a_pattern_is_read_step_by_step() -> None:
    steps = parse_pattern("no (back|) ~2 <check> (is|are)? <need>?")
    assert [(step.concept, step.literal, step.gap, step.optional) for step in steps] == [
        ("no", True, 0, False),
        ("(back|)", True, 0, True),
        ("check", False, 2, False),
        ("(is|are)", True, 0, True),
        ("need", False, 0, True),
    ]


def test_bars_inside_groups_do_not_split_a_set() -> None:
    assert split_choices("a(b|c) | d") == ["a(b|c)", "d"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AR-15", "ar15"),
        ("9mm", "9 mm"),
        (".45 ACP", "45acp"),
        ("F.F.L.", "ffl"),
        ("don't", "dont"),
        ("лицензия", "лицензии"),
        ("الترخيص", "ترخيص"),
        ("无证枪", "无 证 枪"),
        ("l'arme", "l arme"),
    ],
)
def test_spellings_that_mean_one_thing_get_one_key(one: str, other: str) -> None:
    assert keys(one) == keys(other)


@given(st.text(st.characters(), max_size=60))
def test_tokens_lie_inside_the_text_in_order(text: str) -> None:
    folded = FOLDER.fold(text)
    tokens = TOKENIZER.split(folded)
    assert len(tokens.keys) == len(tokens.starts) == len(tokens.ends)
    previous = 0
    for start, end in zip(tokens.starts, tokens.ends, strict=True):
        assert previous <= start < end <= len(folded.text)
        previous = end


def test_sentences_end_at_points_and_short_lines() -> None:
    tokens = TOKENIZER.split(FOLDER.fold("no papers\nffl needed. done"))
    assert [tokens.keys[place] for place in sorted(tokens.breaks)] == ["\n", "."]
