"""Ways to reach a seller, in the forms under which people look for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pipelines.index.analysis import fold_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PHONE = re.compile(r"\+?[\d\s().\-/]{6,}")
_FEWEST_DIGITS = 6


def contact_values(contacts: Iterable[Mapping[str, Any]]) -> list[str]:
    """What the index holds of a listing's contacts: each value folded, and a phone's digits and national number."""
    found: dict[str, None] = {}
    for contact in contacts:
        value = str(contact["value"])
        found[fold_value(value)] = None
        if contact.get("kind") == "phone":
            digits = _digits(value)
            found[digits] = None
            found[_national(value) or digits] = None
    return [value for value in found if value]


def contact_forms(text: str) -> tuple[str, ...]:
    """What a contact as typed may be held as: itself, and where it looks like a phone number its digits.

    An `@` before a handle and a trunk prefix (0151…) before a national number are left out too.
    """
    folded = fold_value(text)
    forms = [folded, folded.removeprefix("@")]
    digits = _digits(text)
    if _PHONE.fullmatch(text.strip()) and len(digits) >= _FEWEST_DIGITS:
        forms += [digits, digits.lstrip("0")]
    return tuple(dict.fromkeys(form for form in forms if form))


def _digits(text: str) -> str:
    return "".join(character for character in text if "0" <= character <= "9")


def _national(value: str) -> str | None:
    """The national number of a phone number in E.164; None where its country is not known."""
    import phonenumbers  # noqa: PLC0415 -- 0.3 s, which only listings with a phone number pay

    try:
        return str(phonenumbers.parse(value).national_number)
    except phonenumbers.NumberParseException:
        return None
