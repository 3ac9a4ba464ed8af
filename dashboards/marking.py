"""Text with places marked in it, as pieces that a template writes: never markup from the text itself."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@frozen(kw_only=True)
class Mark:
    """Code points `start:end` of a text, the number that the margin gives it, and what it is called there."""

    start: int
    end: int
    number: int = 0
    polarity: str = "hit"
    label: str = ""


@frozen(kw_only=True)
class Piece:
    """A stretch of text and the marks that lie on it; `opened` are those that begin here."""

    text: str
    marks: tuple[Mark, ...] = ()
    opened: tuple[Mark, ...] = ()

    @property
    def polarity(self) -> str:
        """What it is shown as: a signal goes before what speaks against, either before a mere hit."""
        found = {mark.polarity for mark in self.marks}
        return next((one for one in ("for", "against", "hit") if one in found), "")


def cut(text: str, marks: Iterable[Mark]) -> list[Piece]:
    """`text` in pieces, joined they are `text` again; marks may overlap, and what lies outside the text is left out."""
    kept = sorted(
        (mark for mark in marks if 0 <= mark.start < mark.end <= len(text)), key=lambda mark: (mark.start, mark.end)
    )
    edges = sorted({0, len(text), *(mark.start for mark in kept), *(mark.end for mark in kept)})
    pieces, opened = [], set[int]()
    for start, end in pairwise(edges):
        over = tuple(mark for mark in kept if mark.start <= start and end <= mark.end)
        fresh = tuple(mark for mark in over if mark.number not in opened)
        opened.update(mark.number for mark in fresh)
        pieces.append(Piece(text=text[start:end], marks=over, opened=fresh))
    return pieces


def cut_window(text: str, start: int, end: int, marks: Sequence[Mark]) -> list[Piece]:
    """The pieces of `text[start:end]`, marks given in the whole text."""
    shifted = [
        Mark(
            start=max(mark.start, start) - start,
            end=min(mark.end, end) - start,
            number=mark.number,
            polarity=mark.polarity,
            label=mark.label,
        )
        for mark in marks
        if mark.start < end and mark.end > start
    ]
    return cut(text[start:end], shifted)
