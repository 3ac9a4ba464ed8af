"""What a text says of the serial number, and of the condition, where one thing is offered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import evolve

if TYPE_CHECKING:
    from classifiers.reading import FieldReading
    from classifiers.signals import Sighting
    from classifiers.values import FoundItem

# Folded: no accents, lower case.
_LABEL = (
    r"(?:serial(?: (?:number|no|nr))?|s/n|sn|ser\.? ?no|seriennummer|numero de serie|matricule|numeracao"
    r"|серийн\w{0,4} номер|رقم تسلسلي|序列号|序號)"
)
_PARTIAL = re.compile(
    _LABEL + r"[ #:.=-]{0,4}(?:is |starts with |begins with )?"
    r"(?=[a-z0-9]{0,12}\d)[a-z0-9]{2,12}?(?:x{2,8}|\*{2,8}|_{2,8}|\.{3})"
)
_STATED = re.compile(_LABEL + r"[ #:.=-]{1,4}(?:is )?[a-z]{0,5}-?\d{3,12}[a-z]{0,3}\b")
_HIDDEN = re.compile(
    _LABEL + r"s? (?:is |are |was |has been )?"
    r"(?:covered|blurred|hidden|redacted|blocked|blacked out|taped|obscured|masked|not (?:shown|pictured|visible))"
    r"|(?:covered|blurred|hid|blocked|masked) (?:up |out )?(?:the |my )?" + _LABEL
)
_BY_SIGNAL = {"removed_marks": "removed", "no_serial": "absent"}
_BY_WORDS = ((_PARTIAL, "partial"), (_HIDDEN, "hidden"), (_STATED, "present"))


def describe_items(
    items: tuple[FoundItem, ...], sightings: list[Sighting], fields: tuple[FieldReading, FieldReading] | None
) -> tuple[FoundItem, ...]:
    """The items, with the serial number's state and the condition where there is one thing that they can be of."""
    if len(items) != 1 or fields is None:
        return items
    names = {sighting.name for sighting in sightings}
    condition = "new" if "new_in_box" in names else None
    return (evolve(items[0], serial_state=serial_state(fields, names), condition=condition),)


def serial_state(fields: tuple[FieldReading, FieldReading], names: set[str]) -> str | None:
    """`removed`, `absent`, `partial` (digits left out), `hidden` (covered in a picture), `present`, or None."""
    for signal, state in _BY_SIGNAL.items():
        if signal in names:
            return state
    for pattern, state in _BY_WORDS:
        if any(pattern.search(field.tokens.folded.text) for field in fields):
            return state
    return "present" if "serial_offered" in names else None
