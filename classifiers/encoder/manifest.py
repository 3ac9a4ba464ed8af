"""The shipped encoder's files and what their manifest says of them."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING

from attrs import asdict, frozen

from classifiers.encoder.errors import EncoderDamaged, EncoderMissing

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

GRAPH_FILE = "minilm-l6-v2-int8.onnx"
TOKENIZER_FILE = "tokenizer.json"
MANIFEST_FILE = "MANIFEST.json"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@frozen(kw_only=True)
class Manifest:
    """Where the shipped encoder comes from and which bytes it is made of (SHA-256, lower-case hex)."""

    name: str
    source: str
    package: str
    licence: str
    dimensions: int
    max_tokens: int
    weights_sha256: str
    graph_sha256: str
    tokenizer_sha256: str

    def to_json(self) -> bytes:
        """Indented JSON with sorted keys and a final newline: the bytes of `MANIFEST.json`."""
        return (json.dumps(asdict(self), indent=2, sort_keys=True) + "\n").encode()


def shipped_folder() -> Traversable:
    """The folder of the installed package that holds the graph, the tokenizer and the manifest."""
    return files("classifiers.encoder")


def read_shipped(name: str) -> bytes:
    """The bytes of a shipped file; `EncoderMissing` if the installation lacks it."""
    try:
        return shipped_folder().joinpath(name).read_bytes()
    except FileNotFoundError as error:
        raise EncoderMissing(
            f"the encoder's file {name} is not in this installation",
            hint="install the wheel again, or run `python -m classifiers.encoder.build` in a checkout",
        ) from error


def read_manifest() -> Manifest:
    """The shipped manifest; `EncoderMissing` or `EncoderDamaged` if there is none that can be read."""
    try:
        return Manifest(**json.loads(read_shipped(MANIFEST_FILE)))
    except (ValueError, TypeError) as error:
        raise EncoderDamaged(f"the encoder's {MANIFEST_FILE} cannot be read: {error}") from error


def read_verified(name: str, sha256: str) -> bytes:
    """The bytes of a shipped file whose SHA-256 is `sha256`; otherwise `EncoderDamaged`."""
    data = read_shipped(name)
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise EncoderDamaged(
            f"the encoder's file {name} has SHA-256 {found}, its manifest says {sha256}", hint="install the wheel again"
        )
    return data
