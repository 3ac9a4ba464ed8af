"""Any sentence-transformers model in a local folder: the reference of the parity test, and the way to other models.

Needs the `train` extra (PyTorch). Never downloads: the model is a folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classifiers.encoder.errors import EncoderMissing
from classifiers.encoder.runtime import make_readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class SentenceTransformersEncoder:
    """The model in the folder `path`, run by sentence-transformers on PyTorch, on the CPU.

    `name` is the folder's name, `sha256` covers every file in it with its relative path. Texts are made readable as for
    the shipped encoder; a text without any token has the zero vector. Floating point differs by about 1e-7 with the
    texts it is batched with: keep the vector where a result must be repeated exactly.

    `EncoderMissing` if the folder is not there or the `train` extra is not installed.
    """

    def __init__(self, path: Path | str) -> None:
        folder = Path(path)
        if not folder.is_dir():
            raise EncoderMissing(f"there is no model folder {folder}", hint="encoder = sentence-transformers:FOLDER")
        if importlib.util.find_spec("sentence_transformers") is None:
            raise EncoderMissing("sentence-transformers is not installed", hint='pip install "tracemark[train]"')
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - seconds, and only the extra has it

        self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        self.name = folder.resolve().name
        self.sha256 = hash_folder(folder)
        self.dimensions: int = self._model.get_embedding_dimension() or 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row per text in the order given: float32, shape (texts, dimensions), L2-normalised or zero."""
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        readable = [make_readable(text) for text in texts]
        vectors = self._model.encode(readable, normalize_embeddings=True, show_progress_bar=False)
        rows = np.asarray(vectors, np.float32).copy()
        rows[self.count_tokens(texts) == 0] = 0
        return rows

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """How many tokens of each text are read, without the markers at both ends: shape (texts,)."""
        if not texts:
            return np.zeros(0, np.int64)
        tokenizer = self._model.tokenizer
        found = tokenizer(
            [make_readable(text) for text in texts], truncation=True, max_length=self._model.max_seq_length
        )
        markers = tokenizer.num_special_tokens_to_add()
        return np.array([len(ids) - markers for ids in found["input_ids"]], np.int64)


def hash_folder(folder: Path) -> str:
    """SHA-256 over the relative path and the SHA-256 of every file in `folder`, in the order of the paths."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{path.relative_to(folder).as_posix()}\0{digest}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()
