"""The `encoder` setting, as a workspace writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.encoder.errors import EncoderError
from classifiers.encoder.reference import SentenceTransformersEncoder
from classifiers.encoder.runtime import OnnxEncoder

if TYPE_CHECKING:
    from classifiers.encoder.runtime import Encoder

SHIPPED = "shipped"
SENTENCE_TRANSFORMERS = "sentence-transformers:"


def load_encoder(setting: str = SHIPPED, *, threads: int | None = None) -> Encoder:
    """The encoder that `setting` names: `shipped`, or `sentence-transformers:FOLDER`.

    `threads` is for the shipped one (None: one per core). `EncoderError` for any other setting, `EncoderMissing` where
    a file or a package is not there.
    """
    if setting == SHIPPED:
        return OnnxEncoder.shipped(threads)
    if setting.startswith(SENTENCE_TRANSFORMERS) and setting != SENTENCE_TRANSFORMERS:
        return SentenceTransformersEncoder(setting.removeprefix(SENTENCE_TRANSFORMERS))
    raise EncoderError(
        f"there is no encoder {setting!r}",
        hint='write "shipped" or "sentence-transformers:FOLDER" (a local model folder)',
    )
