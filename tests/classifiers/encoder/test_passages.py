from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.encoder import OnnxEncoder, PassageEncoder, split_passages

MARKS = "ab Z9.!?…。！？؟۔;,，،\"'»)」\n\r\t\u2028\u00a0\u3000枪步éж\ud800"


@given(st.text() | st.text(alphabet=MARKS, max_size=400))
def test_no_character_is_lost_or_read_twice(text: str) -> None:
    passages = split_passages(text)
    assert "".join("".join(passage.text.split()) for passage in passages) == "".join(text.split())
    for before, after in pairwise(passages):
        assert before.end <= after.start
    for passage in passages:
        assert passage.text == text[passage.start : passage.end] == passage.text.strip() != ""


@given(st.text(alphabet="ab ,枪步", min_size=300, max_size=900))
def test_no_passage_is_longer_than_64_words(text: str) -> None:
    for passage in split_passages(text):
        words = sum(1 for character in passage.text if character in "枪步")
        words += len("".join(" " if character in "枪步" else character for character in passage.text).split())
        assert words <= 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Old rifle. No box! Trades? Yes… maybe.", ["Old rifle.", "No box!", "Trades?", "Yes…", "maybe."]),
        ("Cal. 9 mm, approx. 200 rounds. Cash.", ["Cal. 9 mm, approx. 200 rounds.", "Cash."]),
        ("Colt .45 and 7.62x39, U. S. made.", ["Colt .45 and 7.62x39, U. S. made."]),
        ('He said "never fired." Sold as is.', ['He said "never fired."', "Sold as is."]),
        ("Repetierer Kal. 8x57. Nur mit WBK!", ["Repetierer Kal. 8x57.", "Nur mit WBK!"]),
        ("Escopeta, ref. 12. ¿Cambios? No.", ["Escopeta, ref. 12.", "¿Cambios?", "No."]),
        ("Vendo. Só hoje!", ["Vendo.", "Só hoje!"]),
        ("Fusil env. 3 kg. Prix ferme !", ["Fusil env. 3 kg.", "Prix ferme !"]),
        ("Продам ружьё, 10 тыс. руб. торг. Звоните!", ["Продам ружьё, 10 тыс.", "руб. торг.", "Звоните!"]),
        ("للبيع بندقية. هل تريدها؟ اتصل بي", ["للبيع بندقية.", "هل تريدها؟", "اتصل بي"]),
        ("出售猎枪。成色新！“可以吗？”可以", ["出售猎枪。", "成色新！", "“可以吗？”", "可以"]),
        ("one\n\n two\r\nthree\u2028four", ["one", "two", "three", "four"]),
        ("  \n ", []),
    ],
)
def test_sentences_end_where_each_language_ends_them(text: str, expected: list[str]) -> None:
    assert [passage.text for passage in split_passages(text)] == expected


def test_a_long_sentence_is_cut_at_its_last_pause() -> None:
    words = [f"w{number}" for number in range(150)]
    words[49] += ","
    passages = [passage.text.split() for passage in split_passages(" ".join(words))]
    assert [len(passage) for passage in passages] == [50, 64, 36]


def test_no_text_takes_more_than_linear_time() -> None:
    start = time.process_time()
    assert max(len(passage.text) for passage in split_passages("x" * 10_000_000)) == 2048
    for bait in (".", '."', "…)", "a.", "?!", "。", ",", ". "):
        split_passages(bait * (300_000 // len(bait)) + "a" * 1000)
    assert time.process_time() - start < 5


def test_a_listing_is_the_token_weighted_mean_of_its_sentences(shipped: OnnxEncoder) -> None:
    parts = ["Old rifle", "It has a walnut stock and a good bore.", "Cash."]
    tokens = shipped.count_tokens(parts)
    mean = (shipped.encode(parts).astype(np.float64) * tokens[:, None]).sum(axis=0)
    [vector] = PassageEncoder(shipped).encode_listings([(parts[0], f"{parts[1]} {parts[2]}")])
    assert np.allclose(vector, mean / np.linalg.norm(mean), atol=1e-7)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_boilerplate_is_encoded_once(shipped: OnnxEncoder) -> None:
    encoder = PassageEncoder(shipped)
    terms = "Buyer pays shipping. No returns. We answer within a day."
    encoder.encode_listings([(f"Lamp {number}", terms) for number in range(20)])
    assert (encoder.encoded_passages, encoder.remembered_passages) == (23, 57)
    encoder.encode_listings([("Lamp 3", terms), ("Lamp 20", terms)])
    assert (encoder.encoded_passages, encoder.remembered_passages) == (24, 64)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.text(alphabet=MARKS, max_size=60)), max_size=6))
def test_what_is_remembered_changes_no_bit(shipped: OnnxEncoder, listings: list[tuple[str, str]]) -> None:
    warm = PassageEncoder(shipped, capacity=5)
    warm.encode_listings(listings[::-1])
    expected = [PassageEncoder(shipped).encode_listings([listing]).tobytes() for listing in listings]
    assert [row.tobytes() for row in warm.encode_listings(listings)] == expected


def test_memory_is_bounded_and_keeps_what_was_used_last(shipped: OnnxEncoder) -> None:
    encoder = PassageEncoder(shipped, capacity=2)
    encoder.encode_passages(["one", "two", "three"])
    encoder.encode_passages(["two"])
    assert encoder.encoded_passages == 3
    encoder.encode_passages(["four"])
    encoder.encode_passages(["two", "three"])
    assert (encoder.encoded_passages, encoder.remembered_passages) == (5, 2)


def test_passages_as_given_have_the_encoders_own_vectors(shipped: OnnxEncoder, sentences: tuple[str, ...]) -> None:
    vectors = PassageEncoder(shipped).encode_passages([*sentences, sentences[0]])
    assert vectors.tobytes() == shipped.encode([*sentences, sentences[0]]).tobytes()


@pytest.mark.parametrize("listing", [("", ""), (" ", "\n"), ("\u200b", "\ud800")])
def test_a_listing_of_no_word_has_the_zero_vector(shipped: OnnxEncoder, listing: tuple[str, str]) -> None:
    assert not PassageEncoder(shipped).encode_listings([listing]).any()


@pytest.mark.parametrize("text", ["x" * 10_000_000, "gun. " * 2_000_000, "\U0001f52b" * 100_000, "a.b," * 100_000])
def test_hostile_listings_take_less_than_a_second(shipped: OnnxEncoder, text: str) -> None:
    start = time.process_time()
    vectors = PassageEncoder(shipped).encode_listings([("title", text)])
    assert time.process_time() - start < 1
    assert np.isfinite(vectors).all()
