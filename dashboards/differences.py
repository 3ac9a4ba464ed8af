"""What changed between two versions of a listing, field by field, and word by word in its texts."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from attrs import frozen

from dashboards.wording import price

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COMPARED = (
    "title",
    "description",
    "price",
    "quantity",
    "condition",
    "category",
    "attributes",
    "seller",
    "location",
    "shipping",
    "images",
    "status",
)
_TEXTS = ("title", "description")
_WORDS = re.compile(r"\s*(?:\w+|[^\w\s])|\s+")
_MOST_WORDS = 2_000  # matching is quadratic; beyond this the texts are shown whole


@frozen(kw_only=True)
class Change:
    """A stretch of text that stayed (same), came (new) or went (old)."""

    kind: str
    text: str


@frozen(kw_only=True)
class FieldChange:
    """One field that differs."""

    field: str
    changes: tuple[Change, ...]


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """The fields in which two contents (as the store keeps them) differ."""
    found = []
    for field in _COMPARED:
        old, new = before.get(field), after.get(field)
        if old == new:
            continue
        if field in _TEXTS:
            found.append(FieldChange(field=field, changes=tuple(compare_texts(old or "", new or ""))))
        else:
            changes = (Change(kind="old", text=_word(field, old)), Change(kind="new", text=_word(field, new)))
            found.append(FieldChange(field=field, changes=changes))
    return found


def compare_texts(before: str, after: str) -> list[Change]:
    """What stayed, went and came; joined without the new it is `before`, without the old `after`."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > _MOST_WORDS:
        return _replaced(old, new)
    changes: list[Change] = []
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            changes.append(Change(kind="same", text="".join(old[old_from:old_to])))
        else:
            changes += _replaced(old[old_from:old_to], new[new_from:new_to])
    return changes


def _replaced(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    pairs = (("old", "".join(old)), ("new", "".join(new)))
    return [Change(kind=kind, text=text) for kind, text in pairs if text]


def _word(field: str, value: Any) -> str:
    if value is None or value in ([], {}, ""):
        return "(nothing)"
    if field == "price":
        return price(value)
    if field == "seller":
        return str(value.get("name") or value.get("id"))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
