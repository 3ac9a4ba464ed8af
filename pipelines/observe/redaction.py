"""Takes contacts and secrets out of what is logged.

Telephone numbers and addresses are found as in listings, however they are hidden; what no reader finds stays, so that
logs are kept where evidence is kept. Ids and addresses of pages stay: without them a log says nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

_SECRET = re.compile(r"password|passphrase|token|secret|cookie|authorization|api_?key", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"[\w.+-]+%40[\w.-]+")  # an e-mail address in a page's address
_USER = re.compile(r"(://)[^/@\s]+@")  # who signs in where an address says so
_ADDRESS = re.compile(r"[^\s@＠:/]+[@＠][^\s@＠]+?[.．]\w+")
_APART = re.compile(r"(?<!\w)\+?(?:\d[\s().-]{1,3}){8,}\d(?!\w)")  # digits that stand one by one
_LINK = re.compile(r"\b[a-z][a-z\d+.-]*:(?://)?[^\s<>\"']+", re.IGNORECASE)
_IN_LINK = re.compile(
    r"(?P<named>(?:call|cell|fax|mobile|phone|signal|sms|tel|whatsapp)\w*[=:/_-]{1,2})?(?<!\d)(?<!\d-)(?:\+|%2B)?"
    r"(?P<number>\d{7,15}|(?:%28|\()?\d{2,4}(?:(?:%2[089B]|[-+_()]){1,3}\d{2,5}){2,4})(?!\d)",
    re.IGNORECASE,
)
"""A telephone number in a page's address: in groups, or in one where its name says what it is."""
_DATE = re.compile(r"(?:19|20)\d\d-[01]\d-[0-3]\d")
_LEAST_DIGITS = 9
_DEEPEST = 6
_COUNTRIES = (None, "US")


def redact_event(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The event without contacts and secrets, at any depth: a processor for structlog."""
    return {key: _redact(key, value, 0) for key, value in event.items()}


def redact_text(text: str) -> str:
    """The text with `[email]`, `[phone]`, `[messenger]` or `[payment]` in the place of each contact."""
    text = _USER.sub(r"\1[user] ", text)
    for pattern, kind in ((_IN_ADDRESS, "email"), (_ADDRESS, "email"), (_APART, "phone")):
        text = pattern.sub(f"[{kind}]", text)
    text = _LINK.sub(lambda link: _IN_LINK.sub(_redact_number, link[0]), text)
    from pipelines.reading.contacts import find_contacts  # noqa: PLC0415 -- 0.3 s that a quiet process need not take

    for country in _COUNTRIES:
        for found in reversed(find_contacts(text, field="log", country=country)):
            text = f"{text[: found.start]}[{found.kind}]{text[found.end :]}"
    return text


def _redact_number(found: re.Match[str]) -> str:
    named, number = found["named"] or "", found["number"]
    digits = len(re.sub(r"%2[089B]|\D", "", number))
    grouped = digits < len(number) and digits >= _LEAST_DIGITS and not _DATE.match(number)
    return f"{named}[phone]" if named or grouped else found[0]


def _redact(key: str, value: Any, depth: int) -> Any:
    if value is None or key == "timestamp":
        return value
    if depth > _DEEPEST or _SECRET.search(key):
        return "[hidden]"
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {redact_text(str(name)): _redact(str(name), one, depth + 1) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact(key, one, depth + 1) for one in value]
    return redact_text(value if isinstance(value, str) else str(value))
