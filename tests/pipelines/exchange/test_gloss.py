"""Glosses of marked words in other languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from exchange_samples import make_second
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.lexicon import FOLDER, LANGUAGES, LanguageFile, read_yaml
from pipelines.exchange.formats import FORMATS
from pipelines.exchange.gloss import MEANINGS, gloss
from pipelines.packet.report import write_report

if TYPE_CHECKING:
    from pipelines.packet.dossier import Dossier


@pytest.mark.parametrize(
    ("language", "words", "parts"),
    [
        ("de", "keine WBK nötig", {"no, not", "licence", "needed"}),
        ("es", "sin papeles", {"without", "papers"}),
        ("fr", "sans permis", {"without", "licence"}),
        ("ru", "без документов", {"without", "papers"}),
        ("zh", "不要证", {"licence"}),
        ("en", "no licence", set()),
        (None, "keine WBK", set()),
        ("xx", "keine WBK", set()),
    ],
)
def test_words_are_told_in_the_readers_language(language: str | None, words: str, parts: set[str]) -> None:
    told = gloss(language, words)
    assert bool(told) == bool(parts)
    for part in parts:
        assert part in told, told


def test_each_meaning_is_of_a_set_that_some_lexicon_has() -> None:
    sets = {name for one in LANGUAGES for name in read_yaml(FOLDER / f"{one}.yaml", LanguageFile).sets}
    assert len(MEANINGS.keys() & sets) > 30


@settings(max_examples=60, deadline=None)
@given(words=st.text(max_size=40))
def test_any_words_can_be_asked_for(words: str) -> None:
    assert isinstance(gloss("de", words), str)


def test_reports_and_forms_carry_it(hostile: Dossier) -> None:
    second = make_second(hostile)
    text = "Verkaufe Pistole, keine WBK nötig"
    start = text.index("keine")
    signal = {**second.listing["assessment"]["signals"][0], "start": start, "end": len(text), "text": text[start:]}
    assessment = {**second.listing["assessment"], "language": "de", "signals": [signal]}
    listing = {**second.listing, "description": text, "contacts": [], "assessment": assessment}
    german = evolve(second, listing=listing, assessment=assessment)
    for made in (write_report(german), FORMATS["stix"].write(german), FORMATS["misp"].write(german)):
        assert "wbk: licence or permit" in made.decode()
    assert "gloss" not in str(german.assessment)
