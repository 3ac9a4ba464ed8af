"""The first look at a text: may it be about a weapon at all? Most of what a marketplace offers is not.

One linear model over hashed character n-grams inside words, read for a whole batch at once, before languages, tokens
and the encoder. It knows no word and so needs none to be spelled right. What it lets go is read no further, unless it
names a make, a model or a thing that the lexicons hold for a weapon (`assessor.py`). Fitted by
`classifiers.first_stage_training`; run by numpy in whole numbers, so that the same text gives the same answer anywhere.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
from attrs import frozen
from pydantic import ValidationError

from classifiers.lexicon import Strict
from classifiers.values import LexiconError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from classifiers.folding import Folder

FIRST_STAGE = Path(__file__).parent / "first_stage.npz"
BITS = 18  # of a bucket's number
LONGEST_GRAM = 5  # characters
SEGMENT = 600  # folded characters weighed together: one gun in a long stock list is not drowned by it
SPACE = np.uint64(32)
SHIFT = np.uint64(29)
FIRST, SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)  # odd, without pattern in their bits


class FirstStageFile(Strict):
    """From which score a text is read closely, and what was measured on the corpus' dev split."""

    least: float
    scale: float
    bias: float
    measured: dict[str, float]
    corpus_sha256: str
    lexicon_sha256: str


@frozen(kw_only=True, eq=False)
class FirstStage:
    """The model: `weights` int16 and `rareness` int16 (hundredths of an inverse document frequency) per bucket."""

    file: FirstStageFile
    weights: NDArray[np.int16]
    rareness: NDArray[np.int16]
    content_hash: str

    def score(self, texts: Sequence[str], folder: Folder) -> NDArray[np.float64]:
        """How much speaks for a weapon in each text: log-odds, shape (texts,); of a long one its loudest segment."""
        segments, owners = cut_segments([folder.fold(text).text for text in texts])
        buckets, starts = find_grams(segments)
        rare = self.rareness[buckets].astype(np.int64)
        sums = np.add.reduceat(rare * self.weights[buckets], starts)
        squares = np.add.reduceat(rare * rare, starts)
        found = np.full(len(texts), -np.inf)
        np.maximum.at(found, owners, sums / np.sqrt(np.maximum(squares, 1)) * self.file.scale + self.file.bias)
        return found


def cut_segments(folded: Sequence[str]) -> tuple[list[str], list[int]]:
    """Words of each text with single spaces around them, in segments of about 600 characters, and whose they are."""
    segments, owners = [], []
    for owner, text in enumerate(folded):
        words = " ".join(text.split())
        for start in range(0, max(len(words), 1), SEGMENT):
            segments.append(f" {words[start : start + SEGMENT]} ")
            owners.append(owner)
    return segments, owners


def find_grams(segments: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The bucket of every n-gram of 1 to 5 characters that crosses no space, segment by segment, and where each begins.

    Every segment has at least one: it begins and ends with a space, and a single character is an n-gram too.
    """
    codes = np.frombuffer("".join(segments).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    spaces = np.concatenate([[0], np.cumsum(codes == SPACE)])
    of_segment = np.repeat(np.arange(len(segments)), [len(segment) for segment in segments])
    kept, owners = [], []
    rolling = codes * FIRST  # uint64 arrays wrap around, which is what a hash wants
    for size in range(1, min(LONGEST_GRAM, len(codes)) + 1):
        if size > 1:
            rolling = (rolling[:-1] ^ (rolling[:-1] >> SHIFT)) * SECOND + codes[size - 1 :] * FIRST
        inside = len(codes) - size + 1
        # Spaces may stand at both ends of an n-gram, never within: so that it says where a word begins or ends.
        free = spaces[size - 1 : size - 1 + inside] <= spaces[1 : 1 + inside]
        if size == 2:
            free &= spaces[2 : 2 + inside] - spaces[:inside] < 2
        mixed = rolling[free]
        kept.append((mixed ^ (mixed >> SHIFT)) * FIRST >> np.uint64(64 - BITS))
        owners.append(of_segment[:inside][free])
    order = np.argsort(np.concatenate(owners), kind="stable")
    starts = np.searchsorted(np.concatenate(owners)[order], np.arange(len(segments)))
    return np.concatenate(kept)[order], starts


def load_first_stage(path: Path = FIRST_STAGE) -> FirstStage:
    """The shipped model, or that of another file. Raises LexiconError where it cannot be used."""
    data = path.read_bytes()
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            file = FirstStageFile.model_validate_json(arrays["described"].tobytes())
            weights, rareness = arrays["weights"], arrays["rareness"]
    except (ValidationError, ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
        raise LexiconError(f"{path.name}: {error}") from error
    if any(array.shape != (1 << BITS,) or array.dtype != np.int16 for array in (weights, rareness)):
        raise LexiconError(f"{path.name}: not {1 << BITS} whole numbers for weights and for rareness")
    return FirstStage(file=file, weights=weights, rareness=rareness, content_hash=hashlib.sha256(data).hexdigest())


def write_first_stage(
    path: Path, file: FirstStageFile, weights: NDArray[np.int16], rareness: NDArray[np.int16]
) -> None:
    """Write a model as .npz: the same model, the same bytes."""
    with path.open("wb") as out:
        np.savez_compressed(
            out, described=np.frombuffer(file.model_dump_json().encode(), np.uint8), weights=weights, rareness=rareness
        )
