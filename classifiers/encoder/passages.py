"""Listings as passages: sentences are cut out, encoded once each, and averaged to the listing's vector."""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from classifiers.encoder.runtime import MAX_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from classifiers.encoder.runtime import Encoder

WORDS_A_PASSAGE = 64
REMEMBERED_PASSAGES = 20_000  # 31 MB at 384 dimensions

# A run of 32 characters without a space counts as a word, so that no passage is longer than 2,048 characters. Chinese,
# Japanese and Korean characters count one each, since their text has no spaces.
_CHARACTERS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(f"[{_CHARACTERS}]|[^\\s{_CHARACTERS}]{{1,32}}")
_PAUSE = frozenset(",;:，、；：،؛–—")
_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")

# What ends a sentence: full-width marks at once, the others before a space; closing quotes and brackets still belong.
_CLOSING = "[\"'”’»)\\]）」』】》]*"
# A run of marks is tried once, from its first (possessive, with a look behind): a million full stops take linear time.
_STOPS = ".!?…؟۔"
_END = re.compile(f"(?:[。！？｡]++{_CLOSING}+)|(?:(?<![{_STOPS}])[{_STOPS}]++{_CLOSING}+(?=\\s))")
_BEFORE_STOP = re.compile(r"(\w{1,7})\.\Z")
_ABBREVIATIONS = frozenset(
    word
    for words in (
        "approx cal dr est ft inc jr lb lbs mr mrs ms no oz st vs",  # English
        "bzw ca evtl gebr inkl kal mm mod nr str tel usw vgl zzgl",  # German
        "env réf ref sr sra núm num av aprox apdo pág tlf nº",  # French, Spanish, Portuguese
        "ул тел руб см шт кал обл др им",  # Russian
    )
    for word in words.split()
)


@frozen(kw_only=True)
class Passage:
    """A sentence, or a part of a long one: `text` stands at `start` to `end` (code points) of the whole text."""

    text: str
    start: int
    end: int


def split_passages(text: str) -> list[Passage]:
    """The sentences of a text in order, at most 64 words each, without the space around them.

    Lines end sentences, as do the marks of Latin, Cyrillic, Arabic and Chinese script; a full stop does not after a
    single letter or a known abbreviation. Every character that is not space lies in exactly one passage.
    """
    passages = []
    for start, end in _cut_long(text, _split_sentences(text)):
        words = text[start:end]
        stripped = words.strip()
        if stripped:
            begin = start + len(words) - len(words.lstrip())
            passages.append(Passage(text=stripped, start=begin, end=begin + len(stripped)))
    return passages


def _split_sentences(text: str) -> Iterator[tuple[int, int]]:
    for line in _LINE.finditer(text):
        start = line.start()
        for mark in _END.finditer(text, line.start(), line.end()):
            if not _is_abbreviation(text, mark):
                yield start, mark.end()
                start = mark.end()
        yield start, line.end()


def _is_abbreviation(text: str, mark: re.Match[str]) -> bool:
    """Whether the single full stop that was found belongs to the word before it."""
    if mark.group() != ".":
        return False
    before = _BEFORE_STOP.search(text, max(0, mark.start() - 8), mark.end())
    if before is None:
        return False
    word = before.group(1)
    return (len(word) == 1 and word.isalpha()) or word.lower() in _ABBREVIATIONS


def _cut_long(text: str, sentences: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Cut at the last pause in the second half of 64 words, else after the 64th."""
    for start, end in sentences:
        begin = start
        ends: list[int] = []
        for word in _WORD.finditer(text, start, end):
            if len(ends) == WORDS_A_PASSAGE:
                pauses = [at for at in range(WORDS_A_PASSAGE // 2, WORDS_A_PASSAGE) if text[ends[at] - 1] in _PAUSE]
                last = pauses[-1] if pauses else WORDS_A_PASSAGE - 1
                yield begin, ends[last]
                begin = ends[last]
                ends = ends[last + 1 :]
            ends.append(word.end())
        yield begin, end


class PassageEncoder:
    """Encodes listings through their passages, each distinct passage once while it is remembered.

    The memory belongs to the instance and holds the `capacity` passages used last, by SHA-256. What is remembered
    changes no result where the encoder's vector depends on the text alone (`OnnxEncoder`).
    """

    def __init__(self, encoder: Encoder, *, capacity: int = REMEMBERED_PASSAGES) -> None:
        self.encoder = encoder
        self.encoded_passages = 0
        self.remembered_passages = 0
        self._capacity = capacity
        self._memory: OrderedDict[bytes, tuple[NDArray[np.float32], int]] = OrderedDict()

    def encode_listings(self, listings: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """One vector for each (title, description): float32, shape (listings, dimensions).

        The mean of the passages' vectors, weighted by their tokens, L2-normalised; zeros where there is no word. The
        first 20,000 code points of a title and of a description are read.
        """
        split = [
            [passage.text for text in listing for passage in split_passages(text[:MAX_CHARACTERS])]
            for listing in listings
        ]
        known = self._look_up([text for texts in split for text in texts])
        vectors = np.zeros((len(listings), self.encoder.dimensions), np.float32)
        for row, texts in enumerate(split):
            vectors[row] = self._average([known[text] for text in texts])
        return vectors

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector for each text as it stands: float32, shape (texts, dimensions), L2-normalised or zero."""
        known = self._look_up(texts)
        vectors = np.zeros((len(texts), self.encoder.dimensions), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = known[text][0]
        return vectors

    def _look_up(self, texts: Sequence[str]) -> dict[str, tuple[NDArray[np.float32], int]]:
        known: dict[str, tuple[NDArray[np.float32], int]] = {}
        unknown: dict[str, bytes] = {}
        for text in dict.fromkeys(texts):
            key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
            if key in self._memory:
                self._memory.move_to_end(key)
                known[text] = self._memory[key]
            else:
                unknown[text] = key
        fresh = list(unknown)
        if fresh:
            counts = self.encoder.count_tokens(fresh).tolist()
            for text, vector, count in zip(fresh, self.encoder.encode(fresh), counts, strict=True):
                known[text] = (vector.copy(), count)
                self._memory[unknown[text]] = known[text]
        while len(self._memory) > self._capacity:
            self._memory.popitem(last=False)
        self.encoded_passages += len(fresh)
        self.remembered_passages += len(texts) - len(fresh)
        return known

    def _average(self, parts: Sequence[tuple[NDArray[np.float32], int]]) -> NDArray[np.float32]:
        total = np.zeros(self.encoder.dimensions, np.float64)
        for vector, tokens in parts:
            total += vector.astype(np.float64) * tokens
        length = float(np.sqrt(np.square(total).sum()))
        return (total / length if length else total).astype(np.float32)
