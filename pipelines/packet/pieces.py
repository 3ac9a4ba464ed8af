"""Text from outside as pieces `{text, kind}`, none of which is ever read as markup.

`plain`; `hidden`, a mark that turns or hides text, shown as its number; `for` and `against`, the words of a signal or
of a counter-signal.
"""

from __future__ import annotations

import re
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from pipelines.models import JsonObject

Pieces = list[dict[str, str]]

_NOTHING = "—"
# Marks that turn or hide text (Unicode TR 36, 2.5), other controls, and halves of characters.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


@frozen
class Span:
    """Words that a signal rests on: code points of a field."""

    start: int
    end: int
    against: bool


def mark_words(text: str, signals: Sequence[JsonObject], field: str) -> Pieces:
    """Return a field's text as pieces, the words that signals rest on in pieces of their own."""
    spans = [_span(signal, len(text)) for signal in signals if signal.get("field") == field]
    edges = sorted({0, len(text)} | {edge for span in spans for edge in (span.start, span.end)})
    pieces: Pieces = []
    for start, end in pairwise(edges):
        covering = [span for span in spans if span.start <= start and end <= span.end]
        kind = "plain" if not covering else "against" if all(span.against for span in covering) else "for"
        pieces += _show(text[start:end], kind)
    return pieces


def is_counter(signal: JsonObject) -> bool:
    """Tell whether a signal speaks against: its weight is negative, or its polarity says so."""
    weight = signal.get("weight")
    return (isinstance(weight, int | float) and weight < 0) or signal.get("polarity") in {"counter", "against"}


def to_pieces(value: Any) -> Pieces:
    """Return a value as it stands in the record; nothing is a dash."""
    if hasattr(value, "isoformat"):
        value = value.isoformat()
    return _show(_NOTHING if value is None or value == "" else str(value), "plain")


def pick_pieces(row: JsonObject, *names: str) -> list[Pieces]:
    """Return some of a row's values."""
    return [to_pieces(row.get(name)) for name in names]


def printable(pieces: Pieces, held: Container[str]) -> Pieces:
    """Return pieces in which every character that the fonts do not hold is shown as its number."""
    shown: Pieces = []
    for piece in pieces:
        for has, chars in groupby(piece["text"], lambda char: char in "\n\t" or char in held):
            run = "".join(chars)
            numbers = "".join(f"[U+{ord(char):04X}]" for char in run)
            shown.append({"text": run if has else numbers, "kind": piece["kind"] if has else "hidden"})
    return shown


def _show(text: str, kind: str) -> Pieces:
    pieces = []
    place = 0
    for found in _HIDDEN.finditer(text):
        if found.start() > place:
            pieces.append({"text": text[place : found.start()], "kind": kind})
        pieces.append({"text": f"[U+{ord(found.group()):04X}]", "kind": "hidden"})
        place = found.end()
    if place < len(text):
        pieces.append({"text": text[place:], "kind": kind})
    return pieces


def _span(signal: JsonObject, length: int) -> Span:
    start, end = (min(max(int(signal.get(name) or 0), 0), length) for name in ("start", "end"))
    return Span(min(start, end), max(start, end), is_counter(signal))
