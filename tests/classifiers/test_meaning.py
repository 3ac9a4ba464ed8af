"""Heads of meaning: what they add to wording, that they repeat to the byte, and what their file must hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import Assessor, LexiconError, Text
from classifiers.catalogue import load_catalogue
from classifiers.clauses import LONGEST, PAUSES, ClauseReader, cut_clauses
from classifiers.evaluation.labelled import LabelledAd
from classifiers.lexicon import load_lexicon
from classifiers.meaning import EVEN, Head, Heads, MeaningReader, load_meaning, write_meaning
from classifiers.meaning_training import choose_least, helped_languages
from classifiers.reading import Reader
from classifiers.signals import Sighting

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(load_lexicon())


def a_head(signal: str, **changed: object) -> Head:
    values = {
        "signal": signal, "scale": 0.5, "bias": -2.0, "slope": 1.0, "offset": 0.0, "least": 0.0, "languages": ("en",)
    }  # fmt: skip
    return Head.model_validate(values | changed)


def a_reader(path: Path, reader: Reader, head: Head, features: dict[str, int]) -> MeaningReader:
    names = sorted(features)
    weights = np.array([[features[name]] for name in names], np.int8)
    write_meaning(path, Heads(heads=(head,), corpus_sha256="0", fitted_on=1), names, weights)
    return MeaningReader(load_meaning(path), reader.matcher, load_catalogue())


def test_clauses_end_at_pauses_and_sentences_and_lose_no_word(reader: Reader) -> None:
    field = reader.read("description", "No shipping, must meet at my FFL. Cash only\nthanks (really)")
    clauses = [" ".join(field.tokens.keys[one.start : one.end]) for one in cut_clauses(field)]
    assert clauses == ["no shipping", "must meet at my ffl", "cash only", "thanks", "really"]


@given(st.text(st.sampled_from("no paper, .!?\n()/:-|x9"), max_size=300))
def test_every_token_that_is_no_pause_is_in_one_short_clause(text: str) -> None:
    reader = SHARED
    field = reader.read("description", text)
    places = [place for one in cut_clauses(field) for place in range(one.start, one.end)]
    keys, breaks = field.tokens.keys, field.tokens.breaks
    assert places == [place for place, key in enumerate(keys) if key not in PAUSES and place not in breaks]
    assert all(one.end - one.start <= LONGEST for one in cut_clauses(field))


SHARED = Reader(load_lexicon())


def test_concepts_have_one_name_in_every_language(reader: Reader) -> None:
    clauses = ClauseReader(reader.matcher)
    found = []
    for words in ("no background check", "sin licencia", "ohne WBK"):
        field = reader.read("description", words)
        found.append(clauses.features(field, next(iter(cut_clauses(field)))))
    shared = {name for name in set.intersection(*found) if name.startswith("<")}
    assert "<no>" in shared


def test_a_head_speaks_with_its_clause_its_confidence_and_its_reasons(tmp_path: Path, reader: Reader) -> None:
    meaning = a_reader(tmp_path / "m.npz", reader, a_head("cash_only"), {"folding": 20, "folding_money": 20})
    text = "Nice one, folding money please."
    field = reader.read("description", text)
    [sighting] = meaning.read([field], "en", [])
    assert text[sighting.start : sighting.end] == sighting.text == "folding money please"
    logit = 0.5 * 40 / EVEN**0.5 - 2.0
    assert sighting.confidence == pytest.approx(1 / (1 + np.exp(-logit)), abs=0.006)
    assert (sighting.layer, sighting.reason) == ("meaning", "the clause reads like it, by folding folding_money")
    assert meaning.read([field], "en", []) == [sighting]  # remembered, and the same


def test_a_head_is_silent_in_a_language_in_which_it_did_not_help(tmp_path: Path, reader: Reader) -> None:
    meaning = a_reader(tmp_path / "m.npz", reader, a_head("cash_only"), {"folding": 60, "money": 60})
    assert meaning.read([reader.read("description", "folding money")], "de", []) == []


def test_wording_is_believed_before_a_head(tmp_path: Path, reader: Reader) -> None:
    meaning = a_reader(tmp_path / "m.npz", reader, a_head("no_check_offered"), {"ffl": 60, "needed": 60})
    field = reader.read("description", "FFL needed")

    def known(name: str) -> Sighting:
        return Sighting(
            name=name, field="description", start=0, end=10, text="FFL needed", confidence=0.9, layer="wording",
            reason="",
        )  # fmt: skip

    assert [one.name for one in meaning.read([field], "en", [])] == ["no_check_offered"]
    assert meaning.read([field], "en", [known("ffl_transfer")]) == []  # of the same matter, in the same clause
    assert meaning.read([field], "en", [known("no_check_offered")]) == []  # told already
    assert len(meaning.read([field], "en", [known("cash_only")])) == 1


def test_a_denied_clause_affirms_nothing(tmp_path: Path, reader: Reader) -> None:
    meaning = a_reader(tmp_path / "m.npz", reader, a_head("more_available"), {"more": 60, "of": 60, "these": 60})
    assert meaning.read([reader.read("description", "plenty more of these")], "en", [])
    assert meaning.read([reader.read("description", "I don't have more of these")], "en", []) == []


def test_the_same_heads_are_written_as_the_same_bytes(tmp_path: Path) -> None:
    heads, weights = Heads(heads=(a_head("dealer"),), corpus_sha256="0", fitted_on=1), np.array([[3], [4]], np.int8)
    for name in ("a.npz", "b.npz"):
        write_meaning(tmp_path / name, heads, ["x", "é"], weights)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert load_meaning(tmp_path / "a.npz").features == {"x": 0, "é": 1}


def test_a_file_that_is_none_or_does_not_fit_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(b"PK no zip")
    with pytest.raises(LexiconError, match=r"broken\.npz"):
        load_meaning(path)
    heads = Heads(heads=(a_head("dealer"),), corpus_sha256="0", fitted_on=1)
    write_meaning(path, heads, ["x"], np.zeros((2, 1), np.int8))
    with pytest.raises(LexiconError, match="weights for 1 features"):
        load_meaning(path)


def test_the_shipped_heads_are_of_known_signals_and_give_the_same_bytes_twice() -> None:
    catalogue = load_catalogue()
    model = load_meaning()
    assert model.heads.heads
    assert all(head.signal in catalogue and head.languages and head.slope > 0 for head in model.heads.heads)
    text = Text(title="Glock 19", description="Bring your permit to the meet, folding money, papers stay with me.")
    first, second = (Assessor.load().assess([text])[0] for _ in range(2))
    assert json.dumps(first.to_json(), sort_keys=True) == json.dumps(second.to_json(), sort_keys=True)


def test_a_head_must_add_to_what_wording_told_at_a_bearable_price() -> None:
    labels = np.array([True] * 10 + [False] * 10)
    told = np.array([True] * 4 + [False] * 16)
    good = np.array([9.0] * 10 + [0.0] * 10)
    assert choose_least(good, labels, told, 0.6) == 9.0
    noisy = np.array([9.0] * 20)
    assert choose_least(noisy, labels, told, 0.6) is None
    assert choose_least(good, labels, labels, 0.6) is None  # wording told all


def test_a_language_in_which_hearing_costs_more_than_it_brings_stays_without() -> None:
    ads = [LabelledAd(title="x", language=language) for language in ("en", "fr") for _ in range(10)]
    labels = np.array([True] * 6 + [False] * 4 + [True] * 6 + [False] * 4)
    told = np.array([True] * 5 + [False] * 5 + [True] * 6 + [False] * 4)
    heard = np.array([False] * 5 + [True] + [False] * 4 + [False] * 6 + [True] * 4)
    helped = helped_languages(ads, heard, labels, told)
    assert "en" in helped
    assert "fr" not in helped
