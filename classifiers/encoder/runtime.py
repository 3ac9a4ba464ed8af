"""Texts in, vectors out, with onnxruntime and tokenizers alone: no PyTorch, nothing downloaded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

import numpy as np

from classifiers.encoder.manifest import GRAPH_FILE, TOKENIZER_FILE, read_manifest, read_verified

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import onnxruntime
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

MAX_CHARACTERS = 20_000
TOKENS_A_BATCH = 2_048  # measured: more brings nothing on 2 cores, and activations stay under 15 MB
MARKERS = 2  # [CLS] and [SEP]: a text that has no other token says nothing

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


class Encoder(Protocol):
    """Turns texts into vectors of one length whose dot product says how near they are in meaning."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def sha256(self) -> str:
        """Which bytes it is made of, lower-case hex: two encoders with one hash give the same vectors."""

    @property
    def dimensions(self) -> int:
        """The length of a vector."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row per text in the order given, shape (texts, dimensions), L2-normalised; zeros where no word is."""

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """How many tokens of each text are read, without the markers at both ends: shape (texts,)."""


def make_readable(text: str) -> str:
    """The text as an encoder reads it: the first 20,000 code points, lone surrogates as U+FFFD."""
    return _LONE_SURROGATES.sub("\ufffd", text[:MAX_CHARACTERS])


class OnnxEncoder:
    """all-MiniLM-L6-v2 as int8.

    A text's vector depends on the text alone, bit for bit: not on its neighbours, not on the order, not on the number
    of threads (between CPUs of different make, floating point may differ in the last digits). To that end a batch
    holds texts of one length in tokens, and the graph quantises each token by itself.

    Read are the first 256 tokens of the first 20,000 code points; a lone surrogate counts as U+FFFD. A text without any
    token (empty, blank, control characters only) has the zero vector. No text is refused.
    """

    def __init__(self, *, name: str, sha256: str, session: onnxruntime.InferenceSession, tokenizer: Tokenizer) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self.name = name
        self.sha256 = sha256
        self.dimensions: int = session.get_outputs()[0].shape[1]

    @classmethod
    def shipped(cls, threads: int | None = None) -> OnnxEncoder:
        """The encoder that comes with Tracemark, on `threads` threads (None: one per core).

        `EncoderMissing` or `EncoderDamaged` if its files are not those of its manifest.
        """
        manifest = read_manifest()
        graph = read_verified(GRAPH_FILE, manifest.graph_sha256)
        tokenizer = read_verified(TOKENIZER_FILE, manifest.tokenizer_sha256)
        return cls(
            name=manifest.name,
            sha256=manifest.graph_sha256,
            session=open_session(graph, threads),
            tokenizer=open_tokenizer(tokenizer, manifest.max_tokens),
        )

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row per text in the order given: float32, shape (texts, 384), L2-normalised or zero."""
        tokens = self._read(texts)
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for rows in group_by_length([len(ids) for ids in tokens]):
            batch = np.array([tokens[row] for row in rows], np.int64)
            vectors[rows] = self._session.run(None, {"input_ids": batch})[0]
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """How many tokens of each text are read, without the markers at both ends: shape (texts,)."""
        return np.array([len(ids) - MARKERS for ids in self._read(texts)], np.int64)

    def _read(self, texts: Sequence[str]) -> list[list[int]]:
        return [found.ids for found in self._tokenizer.encode_batch_fast([make_readable(text) for text in texts])]


def group_by_length(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Positions of texts that have the same length, at most 2,048 tokens a group; those without a word are left out."""
    group: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        length = lengths[row]
        if length <= MARKERS:
            continue
        if group and (lengths[group[0]] != length or (len(group) + 1) * length > TOKENS_A_BATCH):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def open_session(graph: bytes, threads: int | None = None) -> onnxruntime.InferenceSession:
    """A CPU session over an ONNX file."""
    import onnxruntime  # noqa: PLC0415 - 0.1 s that a command which encodes nothing need not pay

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def open_tokenizer(data: bytes, max_tokens: int) -> Tokenizer:
    """The tokenizer of a `tokenizer.json`, cutting at `max_tokens` and never padding."""
    from tokenizers import Tokenizer  # noqa: PLC0415 - as above

    tokenizer = Tokenizer.from_str(data.decode())
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer
