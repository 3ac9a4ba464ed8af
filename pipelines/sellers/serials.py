"""Serial numbers as a text states them, whole or in part, and the keyed hashes under which they are kept."""

from __future__ import annotations

import hashlib
import hmac
import re

from attrs import frozen

_LABEL = (
    r"(?<!\w)(?:serial(?:\s(?:number|numbers|no\.?|nr\.?|num\.?))?|s/n|sn|ser\.?\s?(?:no\.?|\#)|seriennummer|serien-?nr\.?"
    r"|n[uú]mero\sde\ss[eé]rie|num[eé]ro\sde\ss[eé]rie|matr[ií]cule|серийный\sномер|رقم\sتسلسلي|序列号|序號)"
)
_STATED = re.compile(
    _LABEL + r"\s?(?:is\s|[:#.=]\s?)*(?P<begins>(?:starts|begins|starting|beginning|beginnt)\s(?:with|mit)\s)?"
    r"(?P<serial>[A-Z0-9][A-Z0-9-]{2,18}?)(?P<open>[xX*_?•]{2,8}|\.{2,3}|…)?(?![A-Za-z0-9*]|-[A-Za-z0-9])",
    re.IGNORECASE,
)
_HINT = re.compile(r"s/n|sn|s[eé]r|matr|сери|تسلسلي|序", re.IGNORECASE)
LEAST_FRAGMENT = 4
"""Characters that a fragment must have to tell one thing from another."""


@frozen
class Serial:
    """As stated, letters and digits only, upper case; `whole` is False where the rest is hidden."""

    text: str
    whole: bool

    def agrees(self, other: Serial) -> bool:
        """Whether both may be one number."""
        if self.whole and other.whole:
            return self.text == other.text
        if self.whole or other.whole:
            whole, part = (self, other) if self.whole else (other, self)
            return whole.text.startswith(part.text)
        short, long = sorted((self.text, other.text), key=len)
        return long.startswith(short)


def find_serials(text: str) -> list[Serial]:
    """The serial numbers and fragments in `text`, in reading order, each once; what has no digit is a word."""
    if not _HINT.search(text):
        return []
    found: dict[Serial, None] = {}
    for match in _STATED.finditer(text):
        stated = normalise(match["serial"])
        if len(stated) >= LEAST_FRAGMENT and sum(one.isdecimal() for one in stated) >= 2:
            found[Serial(stated, match["open"] is None and match["begins"] is None)] = None
    return list(found)


def normalise(serial: str) -> str:
    """Letters and digits only, upper case: `BKR-123 b` is `BKR123B`."""
    return "".join(one for one in serial.upper() if one.isalnum())


def digest(key: bytes, *parts: str) -> str:
    """HMAC-SHA-256 of `parts` under the workspace's key, hex: what is kept in the place of a serial number."""
    return hmac.new(key, "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()
