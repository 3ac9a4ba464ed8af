"""Licence numbers and names as they are compared, and the form in which ATF publishes them.

A federal firearms licence is written 1-23-456-01-2A-34567: region, district, county, type, the month until which it is
good (a digit of the year and a letter from A to M, without I), and a number that stays through renewals. Its short form
is 1-23-34567: region, district, and that number.
Source: ATF, "Listing of Federal Firearms Licensees", columns LIC_REGN to LIC_SEQN.
"""

from __future__ import annotations

import re
from datetime import date

_PARTS = re.compile(r"(\d)(\d{2})(\d{3})(\d{2})(\d[A-HJ-M])([0-9A-Z]{5})")
_SHORT = re.compile(r"(\d)(\d{2})([0-9A-Z]{5})")
_MONTHS = "ABCDEFGHJKLM"
_FORMS = re.compile(
    r"\b(?:l\.?l\.?c|inc|incorporated|corp|corporation|co|company|ltd|limited|dba|the|and|of|gmbh|kg|e\.?k|sarl|sa)\b\.?"
)


def number_key(stated: str) -> str:
    """Letters and digits only, upper case."""
    return "".join(one for one in stated.upper() if one.isalnum())[:64]


def short_key(stated: str) -> str | None:
    """Region, district and lasting number of a federal licence in its long or short form; None for other numbers."""
    key = number_key(stated)
    found = _PARTS.fullmatch(key)
    if found:
        return found[1] + found[2] + found[6]
    return key if _SHORT.fullmatch(key) else None


def is_short(stated: str) -> bool:
    """Whether a number is the short form of a federal licence."""
    return _SHORT.fullmatch(number_key(stated)) is not None


def expiry_of(code: str, dated: date) -> date | None:
    """The first day of the month that a code such as `2A` names, within four years before `dated` and five after.

    None where it is no such code.
    """
    code = code.strip().upper()
    if len(code) != 2 or not code[0].isdecimal() or code[1] not in _MONTHS:
        return None
    year = next(year for year in range(dated.year - 4, dated.year + 6) if year % 10 == int(code[0]))
    return date(year, _MONTHS.index(code[1]) + 1, 1)


def name_key(name: str | None) -> str | None:
    """A name as it is compared: no case, no punctuation, no legal form; None where nothing is left."""
    if not name:
        return None
    plain = re.sub(r"[^\w]+", " ", _FORMS.sub(" ", name.casefold().replace("&", " ").replace("'", "")))
    return " ".join(plain.split())[:128] or None
