"""An encoder for tests that are not about meaning: it needs no model, and every text gets the same vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class PlainEncoder:
    name = "plain"
    sha256 = "0" * 64
    dimensions = 384

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.ones((len(texts), self.dimensions), np.float32)

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        return np.ones(len(texts), np.int64)
