"""Labelled values: table rows, definition lists, and `Label: value` lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import define

from crawler.extraction.lexicon import LONGEST_LABEL, find_field
from crawler.extraction.text import read_text, squeeze
from crawler.extraction.zones import Zone

if TYPE_CHECKING:
    from lxml.etree import _Element

    from crawler.extraction.document import Block, Document

LONGEST_VALUE = 200  # characters of an attribute; longer text is prose
LONGEST_LINE = 120  # of a line that is split at its colon though the label is not known
LEAST_PIECES, LEAST_LABELS = 4, 2
_COLON = re.compile(r"[:：]")
_CELLS = frozenset({"dt", "th", "td"})
_NOT_LABELS = re.compile(r"https?$|^\d|[.!?。]\s|\d$")


@define
class Row:
    """A label as the site writes it, its value, the field it stands for, and the element that holds the value."""

    label: str
    value: str
    field: str | None
    element: _Element
    block: int


def find_rows(document: Document) -> list[Row]:
    """Collect the labelled values of a page in reading order."""
    rows = []
    blocks = document.blocks
    for block in blocks:
        if block.zone & Zone.OUTSIDE or _asks(block):
            continue
        several = _read_several(block)
        if several:
            rows.extend(several)
            continue
        row = _read_cell(block) or _read_line(block) or _read_heading(block)
        if row is not None:
            rows.append(row)
    return rows


def _read_several(block: Block) -> list[Row]:
    """Known labels with their values one after another in one line: `SKU: A-1 Category: Boats`, each in an element."""
    if len(block.pieces) < LEAST_PIECES or len(_COLON.findall(block.text)) < LEAST_LABELS:
        return []
    starts = [number for number, piece in enumerate(block.pieces) if _label_of(piece.text)]
    if len(starts) < LEAST_LABELS:
        return []
    rows = []
    for start, stop in zip(starts, [*starts[1:], len(block.pieces)], strict=True):
        label = _label_of(block.pieces[start].text)
        parts = [block.pieces[start].text.partition(":")[2], *(piece.text for piece in block.pieces[start + 1 : stop])]
        value = squeeze("".join(parts))
        if label and value:
            rows.append(Row(label, value, find_field(label), block.pieces[start].element, block.index))
    return rows


def _label_of(text: str) -> str | None:
    label, colon, _ = text.strip().partition(":")
    return label.strip() if colon and len(label) <= LONGEST_LABEL and find_field(label) else None


def _asks(block: Block) -> bool:
    """Whether a block is the label of a field to fill in."""
    return bool(block.zone & Zone.FORM) and any(
        piece.element.tag == "label" and piece.element.get("for") for piece in block.pieces
    )


def _read_line(block: Block) -> Row | None:
    """`Label: value` in one block, or a known label in an element of its own before its value."""
    text = block.text
    colon = _COLON.search(text, 1, LONGEST_LABEL + 1)
    if colon:
        label, value = text[: colon.start()].strip(), text[colon.end() :].strip()
        if label and value and not value.startswith("//"):
            field = find_field(label)
            if field or (_set_apart(block, label) and len(text) <= LONGEST_LINE and not _NOT_LABELS.search(label)):
                return Row(label, value, field, block.element, block.index)
    pieces = [piece for piece in block.pieces if not piece.text.isspace()]
    if len(pieces) > 1:
        label = squeeze(pieces[0].text)
        field = (
            find_field(label) if len(label) <= LONGEST_LABEL and pieces[0].element is not pieces[1].element else None
        )
        if field and text.startswith(label):
            return Row(label, text[len(label) :].strip(" :：-–—\u00a0"), field, block.element, block.index)
    return None


def _set_apart(block: Block, label: str) -> bool:
    """Whether an unknown label looks like one: marked up by itself, or a line of its own in a list or table."""
    first = next(piece for piece in block.pieces if not piece.text.isspace())
    return (first.element is not block.element and len(squeeze(first.text)) <= len(label) + 2) or block.element.tag in {
        "li",
        "td",
    }


def _read_cell(block: Block) -> Row | None:
    """A `dt` or `th` or first `td`, and the cell that follows it."""
    cell: _Element | None = block.element
    if cell is not None and cell.tag not in _CELLS:
        cell = block.element.getparent()
        if cell is None or cell.tag not in _CELLS or len(cell) > 1:
            return None
    if cell is None:
        return None
    label = block.text.rstrip(" :：")
    if not label or len(label) > LONGEST_LABEL:
        return None
    value_cell = _next_element(cell)
    if value_cell is None or value_cell.tag not in ({"dd"} if cell.tag == "dt" else {"td"}):
        return None
    if cell.tag == "td" and (cell.getprevious() is not None or not _is_pair(cell)):
        return None
    return _row(label, value_cell, block)


def _is_pair(cell: _Element) -> bool:
    row = cell.getparent()
    return row is not None and len(row) == 2


def _read_heading(block: Block) -> Row | None:
    """A known label as a block of its own: the value is what comes next, inside its element or beside it."""
    if len(block.text) > LONGEST_LABEL:
        return None
    field = find_field(block.text)
    if field is None and not (block.text.endswith((":", "：")) and not _NOT_LABELS.search(block.text[:-1])):
        return None
    label = block.text.rstrip(" :：")
    whole = squeeze(read_text(block.element))
    if field and whole != block.text and whole.startswith(block.text) and len(whole) <= LONGEST_VALUE:
        return Row(label, whole[len(block.text) :].strip(" :："), field, block.element, block.index)
    following = _what_follows(block)
    return _row(label, following, block) if following is not None else None


def _what_follows(block: Block) -> _Element | None:
    """The element beside the one that holds nothing but the block, at most three levels up."""
    element: _Element | None = block.element
    for _ in range(3):
        if element is None or squeeze(read_text(element)) != block.text:
            return None
        following = _next_element(element)
        if following is not None:
            return following
        element = element.getparent()
    return None


def _next_element(element: _Element) -> _Element | None:
    following = element.getnext()
    while following is not None and (
        not isinstance(following.tag, str) or following.tag in {"br", "hr", "script", "style"}
    ):
        following = following.getnext()
    return following


def _row(label: str, value_element: _Element, block: Block) -> Row | None:
    value = read_text(value_element)
    return Row(label, value, find_field(label), value_element, block.index) if value else None
