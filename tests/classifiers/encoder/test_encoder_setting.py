from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

import classifiers.encoder
from classifiers.encoder import EncoderError, EncoderMissing, OnnxEncoder, SentenceTransformersEncoder, load_encoder
from classifiers.encoder.reference import hash_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_shipped_is_the_default(shipped: OnnxEncoder) -> None:
    encoder = load_encoder(threads=1)
    assert isinstance(encoder, OnnxEncoder)
    assert encoder.sha256 == shipped.sha256


def test_a_folder_loads_by_sentence_transformers(
    model_folder: Path, reference: SentenceTransformersEncoder, sentences: tuple[str, ...]
) -> None:
    encoder = load_encoder(f"sentence-transformers:{model_folder}")
    assert isinstance(encoder, SentenceTransformersEncoder)
    assert (encoder.name, encoder.dimensions, encoder.sha256) == (model_folder.name, 384, reference.sha256)
    assert np.allclose(encoder.encode(sentences[:2]), reference.encode(sentences[:2]), atol=1e-6)


@pytest.mark.parametrize("setting", ["", "sentence-transformers:", "openai", "Shipped"])
def test_unknown_settings_are_named(setting: str) -> None:
    with pytest.raises(EncoderError, match="there is no encoder") as caught:
        load_encoder(setting)
    assert "sentence-transformers:FOLDER" in (caught.value.hint or "")


def test_an_absent_folder_is_never_downloaded(tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing, match="no model folder"):
        load_encoder(f"sentence-transformers:{tmp_path / 'all-MiniLM-L6-v2'}")


def test_without_the_extra_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.path", [])
    monkeypatch.delitem(__import__("sys").modules, "sentence_transformers", raising=False)
    with pytest.raises(EncoderMissing) as caught:
        SentenceTransformersEncoder(tmp_path)
    assert caught.value.hint == 'pip install "tracemark[train]"'


def test_the_hash_of_a_folder_sees_names_and_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    (first / "part").mkdir(parents=True)
    (first / "part" / "a.json").write_bytes(b"1")
    (first / "b.json").write_bytes(b"2")
    shutil.copytree(first, second)
    assert hash_folder(first) == hash_folder(second)
    (second / "b.json").write_bytes(b"3")
    changed = hash_folder(second)
    assert changed != hash_folder(first)
    (second / "b.json").rename(second / "c.json")
    assert hash_folder(second) not in {changed, hash_folder(first)}


def test_all_public_names_are_there() -> None:
    for name in classifiers.encoder.__all__:
        assert getattr(classifiers.encoder, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Decoder'"):
        _ = classifiers.encoder.Decoder
