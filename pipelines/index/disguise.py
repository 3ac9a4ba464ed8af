"""Words that people hide from a search: `gl0ck`, `p1$tol`, `g l o c k`, `gl.ock`, and letters of other alphabets.

The classifiers' own restoring is used, so that what a signal reads a search finds. Which words are worth restoring is
theirs too; they are kept beside this module because reading all lexicons takes a second that a search has not got:

    python -m pipelines.index.disguise

writes them anew after the lexicons have changed.
"""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING

from attrs import frozen

from classifiers.disguise import Revealer
from classifiers.folding import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILE = "telling.txt"
_MAY_HIDE = re.compile(
    r"[^\W\d_][0-9@$!€|*._·][^\W\d_]|[^\W\d_][0-9@$!€|*]{2,3}[^\W\d_]|[@$!€|*0136][^\W\d_]{2}|[^\W\d_][@$!€|*]"
    r"|(?<!\w)\w[ .\-_*·/]{1,2}\w[ .\-_*·/]{1,2}\w(?!\w)|[^\W\d_a-zA-Z]"
)


@frozen
class Hidden:
    """A word as it is meant, folded, and the code points `start:end` of the original that hide it."""

    word: str
    start: int
    end: int


class Unmasker:
    """Finds hidden words."""

    def __init__(self) -> None:
        self._folder = Folder()
        self._revealer: Revealer | None = None

    def find(self, text: str) -> Iterator[Hidden]:
        """Hidden words in order; nearly every text has none, and costs one look."""
        if not _MAY_HIDE.search(text):
            return
        if self._revealer is None:
            self._revealer = Revealer(read_words())
        revealed = self._revealer.reveal(self._folder.fold(text))
        for first, last in revealed.repairs:
            start, end = revealed.original(first, last)
            yield Hidden(revealed.text[first:last], start, end)


def read_words() -> list[str]:
    """The words worth restoring, folded."""
    return resources.files("pipelines.index").joinpath(_FILE).read_text(encoding="utf-8").split()


def choose_words() -> list[str]:
    """Single words of three letters or more that the lexicons have for regulated things, their makers and terms."""
    from classifiers.lexicon import load_lexicon  # noqa: PLC0415 -- what this module is there to spare
    from classifiers.reading import TELLING  # noqa: PLC0415

    folder = Folder()
    telling = (
        word
        for concept, words in load_lexicon().concepts.items()
        if concept.startswith("make/") or concept.split(":")[-1] in TELLING
        for word in words
    )
    return sorted({word for one in telling if len(word := folder.fold(one).text) > 2 and word.isalpha()})


if __name__ == "__main__":
    with resources.as_file(resources.files("pipelines.index").joinpath(_FILE)) as path:
        path.write_text("\n".join(choose_words()) + "\n", encoding="utf-8")
