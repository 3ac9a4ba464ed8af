"""Texts as vectors, by all-MiniLM-L6-v2 in an ONNX graph of our own.

    >>> from classifiers.encoder import PassageEncoder, load_encoder
    >>> encoder = PassageEncoder(load_encoder())
    >>> encoder.encode_listings([("Glock 19 gen 4", "Like new, two magazines. Transfer through a dealer.")]).shape
    (1, 384)

Names are imported when first asked for: `import classifiers.encoder` loads neither numpy nor onnxruntime.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classifiers.encoder.errors import EncoderDamaged, EncoderError, EncoderMissing
    from classifiers.encoder.manifest import Manifest, read_manifest
    from classifiers.encoder.passages import Passage, PassageEncoder, split_passages
    from classifiers.encoder.reference import SentenceTransformersEncoder
    from classifiers.encoder.runtime import Encoder, OnnxEncoder
    from classifiers.encoder.setting import load_encoder

__all__ = [
    "Encoder",
    "EncoderDamaged",
    "EncoderError",
    "EncoderMissing",
    "Manifest",
    "OnnxEncoder",
    "Passage",
    "PassageEncoder",
    "SentenceTransformersEncoder",
    "load_encoder",
    "read_manifest",
    "split_passages",
]

_HOMES = {
    "Encoder": "runtime",
    "EncoderDamaged": "errors",
    "EncoderError": "errors",
    "EncoderMissing": "errors",
    "Manifest": "manifest",
    "OnnxEncoder": "runtime",
    "Passage": "passages",
    "PassageEncoder": "passages",
    "SentenceTransformersEncoder": "reference",
    "load_encoder": "setting",
    "read_manifest": "manifest",
    "split_passages": "passages",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'classifiers.encoder' has no attribute {name!r}")
    return getattr(import_module(f"classifiers.encoder.{_HOMES[name]}"), name)
