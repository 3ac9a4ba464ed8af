"""Pages that stand before the content: a login, a captcha or challenge, a consent wall.

They are recognised, never worked around.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extraction.lexicon import CHALLENGE, CONSENT, LOGIN
from crawler.extraction.text import read_text, squeeze
from crawler.extraction.zones import Zone
from pipelines.models import PageKind

if TYPE_CHECKING:
    from crawler.extraction.document import Document

LITTLE = 1500  # characters of shown text: a page with more has content behind its gate
VERY_LITTLE = 400
_PASSWORD = re.compile(rb"type\s*=\s*[\"']?password", re.IGNORECASE)
_MACHINERY = (
    b"cdn-cgi/challenge-platform",
    b"cf-chl",
    b"cf_chl",
    b"captcha",
    b"Captcha",
    b"CAPTCHA",
    b"_Incapsula_Resource",
    b"turnstile",
    b"geetest",
    b"arkoselabs",
    b"awswaf",
    b"sucuri_cloudproxy",
    b"ddos-guard",
)


def find_gate(document: Document) -> tuple[PageKind, str] | None:
    """Name the gate that a page is, with the reason; None for a page with content of its own."""
    shown = [block for block in document.blocks if not block.zone & (Zone.CHROME | Zone.HIDDEN | Zone.RELATED)]
    length = sum(len(block.text) - block.link_chars for block in shown)
    if length > LITTLE:
        return None
    headline = " \n ".join(
        [
            document.head_title,
            *(block.text for block in document.blocks if 0 < block.heading <= 2 and not block.zone & Zone.HIDDEN),
        ]
    )
    return (
        _challenge(document, headline, length)
        or _login(document, headline, length)
        or _consent(document, headline, length)
    )


def _challenge(document: Document, headline: str, length: int) -> tuple[PageKind, str] | None:
    match = CHALLENGE.search(headline)
    if match is None and length <= VERY_LITTLE:
        match = CHALLENGE.search(document.folded) or CHALLENGE.search(_unseen_text(document))
    if match and (length <= VERY_LITTLE or CHALLENGE.search(headline)):
        return PageKind.CHALLENGE, f"says {match[0]!r} and little else"
    machinery = (
        next((mark for mark in _MACHINERY if mark in document.source), None) if length <= VERY_LITTLE // 2 else None
    )
    if machinery and len(document.links) < 5 and not _PASSWORD.search(document.source):
        return PageKind.CHALLENGE, f"holds {machinery.decode()!r} and little else"
    return None


def _unseen_text(document: Document) -> str:
    """What browsers without scripts are told: many challenges say it only there."""
    return " ".join(
        squeeze(" ".join(str(part) for part in element.itertext())) for element in document.root.iter("noscript")
    )[:2000]


def _login(document: Document, headline: str, length: int) -> tuple[PageKind, str] | None:
    if b"assword" not in document.source or not _PASSWORD.search(document.source):
        return None
    field = next((one for one in document.root.iter("input") if (one.get("type") or "").lower() == "password"), None)
    if field is None:
        return None
    if LOGIN.search(headline):
        return PageKind.LOGIN, "asks for a password, and its heading says so"
    form = next(field.iterancestors("form"), None)
    said = LOGIN.search(squeeze(read_text(form))) if form is not None else None
    if length <= VERY_LITTLE and (said or len(document.links) < 10):
        return PageKind.LOGIN, "asks for a password and holds little else"
    return None


def _consent(document: Document, headline: str, length: int) -> tuple[PageKind, str] | None:
    match = CONSENT.search(headline) or (CONSENT.search(document.folded) if length <= VERY_LITTLE else None)
    asks = any(True for _ in document.root.iter("button", "form")) or b"submit" in document.source
    if match and asks:
        return PageKind.CHALLENGE, f"consent wall: says {match[0]!r} and little else"
    return None
