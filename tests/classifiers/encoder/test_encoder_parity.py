"""The shipped encoder beside sentence-transformers running the same weights on PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from classifiers.encoder.build import build_graph
from classifiers.encoder.manifest import TOKENIZER_FILE
from classifiers.encoder.runtime import OnnxEncoder, open_session, open_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from classifiers.encoder import SentenceTransformersEncoder

LONG = "The stock is walnut and the barrel has been kept oiled since it left the shop. " * 40


def test_int8_vectors_stay_near_the_reference(
    shipped: OnnxEncoder, reference: SentenceTransformersEncoder, sentences: tuple[str, ...]
) -> None:
    texts = [*sentences, LONG]
    cosines = (shipped.encode(texts) * reference.encode(texts)).sum(axis=1)
    assert cosines.min() >= 0.985
    assert cosines.mean() >= 0.99


def test_unquantised_graph_equals_the_reference(
    model_folder: Path, reference: SentenceTransformersEncoder, sentences: tuple[str, ...]
) -> None:
    exact = OnnxEncoder(
        name="float32",
        sha256="",
        session=open_session(build_graph(model_folder, quantised=False)),
        tokenizer=open_tokenizer((model_folder / TOKENIZER_FILE).read_bytes(), 256),
    )
    texts = [*sentences, LONG]
    assert np.abs(exact.encode(texts) - reference.encode(texts)).max() <= 1e-5


def test_both_read_the_same_tokens(
    shipped: OnnxEncoder, reference: SentenceTransformersEncoder, sentences: tuple[str, ...]
) -> None:
    texts = [*sentences, LONG, ""]
    counts = shipped.count_tokens(texts)
    assert counts.tolist() == reference.count_tokens(texts).tolist()
    assert counts[-2] == 254
    assert counts[-1] == 0


def test_neighbours_in_meaning_are_neighbours_in_space(shipped: OnnxEncoder) -> None:
    gun, also_gun, tool = shipped.encode(
        ["9mm pistol with two magazines", "handgun in 9mm, extra magazines", "cordless drill with two batteries"]
    )
    assert gun @ also_gun > gun @ tool + 0.2


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u200e", "\x00\x01"])
def test_reference_gives_zeros_for_a_text_of_no_word(reference: SentenceTransformersEncoder, text: str) -> None:
    vectors = reference.encode([text, "a rifle"])
    assert not vectors[0].any()
    assert np.linalg.norm(vectors[1]) == pytest.approx(1, abs=1e-5)


def test_reference_of_no_texts_has_no_rows(reference: SentenceTransformersEncoder) -> None:
    assert reference.encode([]).shape == (0, 384)
    assert reference.count_tokens([]).shape == (0,)
