"""How alike two texts are: exactly, and by sketches that are kept.

The exact share decides about a seller's own items; sketches find, among all accounts, whose texts to compare. A
sketch says by which algorithm it was made: rensa's digests changed between 0.4 and 0.5, and will again.
"""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen
from rensa import RMinHash

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r".+?(?:[.!?。！？]+(?:\s+|$)|\n|$)", re.DOTALL)
_LEAST_WORDS, _WHATEVER = 4, 3
_BITS = 1024
_NUMBERS, _SEED = 64, 7
_BAND, _BANDS = 4, 8
"""Numbers in a band, and bands: two texts with 0.7 of their parts in common share one in nine of ten cases, with 0.5 in
four of ten, with 0.2 hardly ever."""
SHORTEST = 12  # words: what is shorter says too little to tell whose text it is
ALGORITHM = f"rensa-r{RMinHash.ALGORITHM_VERSION}-{_NUMBERS}-{_SEED}"


@frozen(eq=False)
class Wording:
    """A text as the set of its words and word pairs, and that set thrown into a number for a quick upper bound."""

    parts: frozenset[str | tuple[str, str]]
    bits: int
    collided: int  # parts that share a bit with another
    rest: Wording | None = None  # without the lines that stand under whatever its seller offers; None where it has none

    @classmethod
    def of(cls, text: str, own: Collection[str] = ()) -> Wording:
        """The wording of a text; `own` are the lines that its seller puts under whatever is offered."""
        rest = without_lines(text, own)
        words = _WORD.findall(text.casefold())
        parts = frozenset(words) | frozenset(pairwise(words))
        bits = 0
        for part in parts:
            bits |= 1 << (hash(part) % _BITS)
        return cls(parts, bits, len(parts) - bits.bit_count(), None if rest == text else cls.of(rest))

    def likeness(self, other: Wording, least: float) -> float:
        """The share of parts in common (Jaccard), or 0 where it is under `least`.

        Lines that stand under whatever is offered do not make two texts alike: what is left without them must be too.
        """
        whole = self.share(other, least)
        if not whole or (self.rest is None and other.rest is None):
            return whole
        return min(whole, (self.rest or self).share(other.rest or other, least))

    def share(self, other: Wording, least: float) -> float:
        """The same, of all their words."""
        total = len(self.parts) + len(other.parts)
        if not total:
            return 1.0
        most = (self.bits & other.bits).bit_count() + min(self.collided, other.collided)
        if most < least * (total - most):
            return 0.0
        common = len(self.parts & other.parts)
        likeness = common / (total - common)
        return likeness if likeness >= least else 0.0


def own_lines(texts: Iterable[tuple[str, str | None]]) -> frozenset[str]:
    """The sentences that somebody puts under whatever is offered: those that stand beside three models and more.

    `texts` are (text, model). A place to meet, a telephone, a line to close with tell whose ad it is, not which gun's.
    """
    models: dict[str, set[str]] = {}
    for text, model in texts:
        if model is None:
            continue
        for line in _SENTENCE.findall(text):
            if line.count(" ") + 1 >= _LEAST_WORDS:
                models.setdefault(line.strip(), set()).add(model)
    return frozenset(line for line, shown in models.items() if len(shown) >= _WHATEVER)


def without_lines(text: str, own: Collection[str]) -> str:
    """A text without those sentences."""
    if not own:
        return text
    return "".join(line for line in _SENTENCE.findall(text) if line.strip() not in own)


def sketch(text: str) -> bytes | None:
    """64 numbers of 32 bits that are alike where texts are, little-endian; None where a text is too short."""
    words = _WORD.findall(text.casefold())
    if len(words) < SHORTEST:
        return None
    made = RMinHash(num_perm=_NUMBERS, seed=_SEED)
    made.update([*dict.fromkeys(words), *dict.fromkeys(f"{one} {other}" for one, other in pairwise(words))])
    return np.asarray(made.digest(), dtype="<u4").tobytes()


def bands(sketched: bytes) -> list[int]:
    """The bands of a sketch, as numbers of 63 bits: texts that share one are worth comparing."""
    size = 4 * _BAND
    return [number_of(f"{at}", sketched[at : at + size].hex()) for at in range(0, size * _BANDS, size)]


def sketch_likeness(one: bytes, other: bytes) -> float:
    """The share of equal numbers: an estimate of the share of parts in common, with a deviation of 0.06 at most."""
    return float(np.mean(numbers(one) == numbers(other)))


def numbers(sketched: bytes) -> NDArray[np.uint32]:
    """The numbers of a sketch."""
    return np.frombuffer(sketched, "<u4")


def number_of(*parts: str) -> int:
    """63 bits of a hash, which every database keeps as a number."""
    hashed = hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(hashed) >> 1
