"""The small language in which lexicons write wording down.

A phrase: `background check(s)`, `licen(s|c)e`, `(any |)paperwork`; a group without `|` is optional, `|` inside
parentheses is a choice, groups nest. A set: phrases separated by `|`, and `<other set>`. A pattern: phrases and
`<set>`s in order; `<set>?` and `(a|b)?` may be absent; `~2` allows up to two other words there. A pattern never runs
over the end of a sentence, but for that of a short question, which what follows answers. `<named>` is any model of
firearms.yaml, `<digits>` any number in digits. A group that stands alone is a step of its own, so that choices add up
and do not multiply.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

from attrs import frozen

from classifiers.values import LexiconError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_EXPANSIONS = 1500
_SET = re.compile(r"<([a-z_]+)>(\??)$")
_GAP = re.compile(r"~(\d)$")
_BOUNDARY = re.compile(r"(?<=[^\s(|])(?=[<~])|(?<=>\?)(?=\S)|(?<=>)(?=[^\s?|)])")


@frozen
class Element:
    """One step of a pattern: a set (or a literal phrase), how many words may come before it, whether it may lack."""

    concept: str
    literal: bool
    gap: int
    optional: bool


def no_sets(name: str) -> tuple[str, ...]:
    """The resolver for phrases that may not refer to sets."""
    raise LexiconError(f"<{name}> cannot stand here")


def expand(phrase: str, resolve: Callable[[str], tuple[str, ...]] = no_sets) -> list[str]:
    """Every spelling of a phrase with choices, spaces put right. Refuses more than 1,500 of them."""
    found = _expand(phrase, resolve)
    return sorted({text for text in (" ".join(raw.split()) for raw in found) if text})


def _expand(phrase: str, resolve: Callable[[str], tuple[str, ...]]) -> list[str]:
    """Choices of a concatenation: the product of its parts."""
    parts: list[list[str]] = []
    for kind, text in _atoms(phrase):
        if kind == "group":
            choices = split_choices(text, keep_empty=True)
            found = [spelling for choice in choices for spelling in (_expand(choice, resolve) if choice else [""])]
            parts.append(found if len(choices) > 1 else [*found, ""])
        elif kind == "set":
            parts.append(list(resolve(text)))
        else:
            parts.append([text])
    size = 1
    for part in parts:
        size *= len(part)
    if size > MOST_EXPANSIONS and size > max(len(part) for part in parts):
        raise LexiconError(f"{size} spellings in {phrase!r}, at most {MOST_EXPANSIONS}")
    return ["".join(choice) for choice in product(*parts)]


def _atoms(phrase: str) -> list[tuple[str, str]]:
    """The phrase as plain text, groups (without their parentheses) and sets, in order."""
    atoms: list[tuple[str, str]] = []
    depth, current = 0, ""
    for char in phrase:
        if char == "(":
            depth += 1
            if depth == 1:
                atoms.append(("text", current))
                current = ""
                continue
        if char == ")":
            depth -= 1
            if depth == 0:
                atoms.append(("group", current))
                current = ""
                continue
        current += char
    if depth:
        raise LexiconError(f"unbalanced parentheses in {phrase!r}")
    atoms.append(("text", current))
    named: list[tuple[str, str]] = []
    for kind, text in atoms:
        if kind == "group":
            named.append((kind, text))
            continue
        for number, piece in enumerate(re.split(r"<([a-z_]+)>", text)):
            named.append(("set" if number % 2 else "text", piece))
    return [(kind, text) for kind, text in named if text or kind == "group"]


def split_choices(text: str, *, keep_empty: bool = False) -> list[str]:
    """The phrases of a set: split at `|` outside parentheses. Empty choices count only inside groups."""
    parts, depth, current = [], 0, ""
    for char in text:
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += char
    parts.append(current)
    return parts if keep_empty else [part.strip() for part in parts if part.strip()]


def parse_pattern(pattern: str) -> tuple[Element, ...]:
    """The steps of a pattern. At least one of them must be required."""
    elements: list[Element] = []
    gap = 0
    words: list[str] = []
    for chunk in [*_chunks(pattern), ""]:
        if chunk and "(" not in chunk and chunk[0] not in "<~":
            words.append(chunk)
            continue
        if words:
            elements.append(Element(concept=" ".join(words), literal=True, gap=gap, optional=False))
            gap, words = 0, []
        if not chunk:
            continue
        spaces = _GAP.match(chunk)
        if spaces:
            gap = int(spaces[1])
        else:
            elements.append(_element(chunk, gap))
            gap = 0
    while elements and elements[0].optional:
        del elements[0]  # it could only lengthen the span
    if not elements:
        raise LexiconError(f"nothing is required in the pattern {pattern!r}")
    return tuple(elements)


def _element(chunk: str, gap: int) -> Element:
    named = _SET.match(chunk)
    if named:
        return Element(concept=named[1], literal=False, gap=gap, optional=bool(named[2]))
    optional = chunk.endswith(")?")
    text = chunk[:-1] if optional else chunk
    if "~" in text or text.endswith((")*", ")+", "?")):
        raise LexiconError(f"cannot read {chunk!r}")
    empty = any(not spelling.strip() for spelling in _expand(text, lambda _: ("x",)))
    return Element(concept=text, literal=True, gap=gap, optional=optional or empty)


def _chunks(pattern: str) -> list[str]:
    """The pattern cut at the spaces outside parentheses, and after groups whose choices end in a space."""
    chunks, depth, current, group_start = [], 0, "", 0
    for char in _spaced(pattern) + " ":
        depth += (char == "(") - (char == ")")
        if char == "(" and depth == 1:
            group_start = len(current)
        if char == " " and depth == 0:
            chunks.append(current)
            current = ""
            continue
        current += char
        if char == ")" and depth == 0:
            choices = split_choices(current[group_start + 1 : -1], keep_empty=True)
            if all(choice.endswith(" ") or not choice for choice in choices):
                chunks.append(current)
                current = ""
    if depth:
        raise LexiconError(f"unbalanced parentheses in {pattern!r}")
    chunks = [chunk for chunk in chunks if chunk]
    merged: list[str] = []
    for chunk in chunks:
        if chunk == "?" and merged:
            merged[-1] += "?"
        else:
            merged.append(chunk)
    return merged


def _spaced(pattern: str) -> str:
    """Sets and gaps outside parentheses stand apart."""
    pieces, depth, start = [], 0, 0
    for place, char in enumerate(pattern):
        if char == "(" and depth == 0:
            pieces.append(_BOUNDARY.sub(" ", pattern[start:place]))
            start = place
        depth += (char == "(") - (char == ")")
        if char == ")" and depth == 0:
            pieces.append(pattern[start : place + 1])
            start = place + 1
    pieces.append(_BOUNDARY.sub(" ", pattern[start:]))
    joined = ""
    for piece in pieces:
        attached = joined.endswith((")", "?")) and piece[:1] in "<~" and piece
        opened = piece.startswith("(") and joined.endswith((">", ">?"))
        joined += (" " if attached or opened else "") + piece
    return joined
