from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.encoder import EncoderDamaged, EncoderMissing, OnnxEncoder
from classifiers.encoder.manifest import read_shipped, read_verified
from classifiers.encoder.runtime import MAX_CHARACTERS, TOKENS_A_BATCH, group_by_length


def test_a_vector_depends_on_its_text_alone(shipped: OnnxEncoder, sentences: tuple[str, ...]) -> None:
    together = shipped.encode(sentences)
    alone = np.concatenate([shipped.encode([sentence]) for sentence in sentences])
    assert together.tobytes() == alone.tobytes()


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_order_and_company_change_no_bit(shipped: OnnxEncoder, sentences: tuple[str, ...], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(sentences) - 1), min_size=1, max_size=8))
    strangers = data.draw(st.lists(st.text(max_size=80), max_size=8))
    vectors = shipped.encode([*strangers, *(sentences[row] for row in rows)])[len(strangers) :]
    expected = np.concatenate([shipped.encode([sentences[row]]) for row in rows])
    assert vectors.tobytes() == expected.tobytes()


@pytest.mark.parametrize("words", [1, 2, 6, 15, 30, 61, 100, 200, 253, 400])
def test_every_length_is_independent_of_its_batch(shipped: OnnxEncoder, words: int) -> None:
    vocabulary = ["rifle", "lamp", "steel", "box", "old", "green", "sale", "north", "wood", "price"]
    generator = np.random.default_rng(words)
    texts = [" ".join(generator.choice(vocabulary, words)) for _ in range(max(2, 2 * TOKENS_A_BATCH // (words + 2)))]
    probed = {0, len(texts) // 3, len(texts) - 1}
    together = shipped.encode(texts)
    for row in probed:
        assert together[row].tobytes() == shipped.encode([texts[row]])[0].tobytes()


def test_sessions_and_threads_change_no_bit(shipped: OnnxEncoder, sentences: tuple[str, ...]) -> None:
    expected = shipped.encode(sentences).tobytes()
    for threads in (1, 2, 3):
        assert OnnxEncoder.shipped(threads).encode(sentences).tobytes() == expected


def test_rows_are_unit_vectors_in_input_order(shipped: OnnxEncoder, sentences: tuple[str, ...]) -> None:
    vectors = shipped.encode(sentences)
    assert vectors.shape == (len(sentences), shipped.dimensions) == (60, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert shipped.encode(sentences[::-1])[::-1].tobytes() == vectors.tobytes()


@pytest.mark.parametrize("text", ["", "   ", "\u200b", "\x00\x07", "\ud800"])
def test_a_text_of_no_word_has_the_zero_vector(shipped: OnnxEncoder, text: str) -> None:
    assert not shipped.encode([text]).any()


@pytest.mark.parametrize(
    "text",
    [
        "rifle \ud83d for sale",
        "x" * 10_000_000,
        "a b " * 2_500_000,
        bytes(range(256)).decode("latin-1") * 100,
        "\U0001f52b" * 100_000,
        "\u202egnitfihs\u2066 rifle \u2069",
        "ـ" * 50_000,
    ],
    ids=["surrogate", "one-word", "10-MB", "binary", "emoji", "bidi", "tatweel"],
)
def test_hostile_texts_have_a_vector_within_a_second(shipped: OnnxEncoder, text: str) -> None:
    start = time.process_time()
    vector = shipped.encode([text])
    assert time.process_time() - start < 1
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_lone_surrogate_reads_as_the_replacement_character(shipped: OnnxEncoder) -> None:
    damaged, replaced = shipped.encode(["a \udc80 rifle", "a \ufffd rifle"])
    assert damaged.tobytes() == replaced.tobytes()


def test_text_beyond_the_limit_is_not_read(shipped: OnnxEncoder) -> None:
    space = " " * (MAX_CHARACTERS - 5)
    read, unread = shipped.encode([space + "rifle", space + " rifle"])
    assert np.linalg.norm(read - shipped.encode(["rifle"])[0]) == 0
    assert np.linalg.norm(unread - shipped.encode(["rifl"])[0]) == 0


def test_no_texts_have_no_rows(shipped: OnnxEncoder) -> None:
    assert shipped.encode([]).shape == (0, 384)
    assert shipped.count_tokens([]).shape == (0,)


@given(st.lists(st.integers(2, 256), max_size=60))
def test_groups_hold_each_wordy_text_once_beside_its_equals(lengths: list[int]) -> None:
    groups = list(group_by_length(lengths))
    assert sorted(row for group in groups for row in group) == [row for row, n in enumerate(lengths) if n > 2]
    for group in groups:
        assert len({lengths[row] for row in group}) == 1
        assert len(group) * lengths[group[0]] <= TOKENS_A_BATCH


def test_running_it_imports_no_torch() -> None:
    program = (
        "import sys, classifiers.encoder\n"
        "assert not {'numpy', 'onnxruntime', 'tokenizers'} & set(sys.modules), 'the package is not lazy'\n"
        "from classifiers.encoder import PassageEncoder, load_encoder\n"
        "PassageEncoder(load_encoder()).encode_listings([('a rifle', 'Old. Used.')])\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'onnx', 'safetensors'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_another_file_than_the_manifest_names_is_refused() -> None:
    with pytest.raises(EncoderDamaged, match="its manifest says 00"):
        read_verified("MANIFEST.json", "00" * 32)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(EncoderMissing, match=r"absent\.onnx"):
        read_shipped("absent.onnx")
