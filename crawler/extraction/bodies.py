"""What a body is before it is read: packed or not, a page for people or one written for programs."""

from __future__ import annotations

import re
import zlib
from enum import Enum

LARGEST = 50 * 1024 * 1024  # bytes: the most that sitemaps.org allows a sitemap to have unpacked
LARGEST_PAGE = 16 * 2**20  # bytes, or characters: of the real pages at hand the largest has 0.9 MB
MOST_CONTROLS = 0.05  # share of a body's beginning that may be control characters in text of any encoding
_NOT_PAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF-", b"PK\x03\x04", b"RIFF", b"\x00\x00\x00", b"OggS", b"ID3")
_CONTROLS = tuple(bytes([code]) for code in range(0x09) if code) + tuple(bytes([code]) for code in range(0x0E, 0x1B))
_GZIP = b"\x1f\x8b\x08"
_FIRST_ELEMENT = re.compile(
    rb"^\s*(?:<\?xml[^>]{0,200}\?>)?(?:\s|<!--.{0,2000}?-->|<\?[^>]{0,300}\?>|<!DOCTYPE[^>\[]{0,300}>)*"
    rb"<(?:[\w.-]{1,30}:)?(?P<name>rss|feed|entry|rdf|urlset|sitemapindex)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_DATA_ELEMENT = re.compile(rb"<(?:[\w.-]{1,30}:)?(?:rss|feed|entry|rdf|urlset|sitemapindex)[\s>]", re.IGNORECASE)
_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_HEAD = 4096  # bytes in which a document's first element stands


class Form(Enum):
    """What kind of writing a body is."""

    HTML = "html"
    JSON = "json"
    FEED = "feed"
    SITEMAP = "sitemap"


_FORMS = {
    b"rss": Form.FEED,
    b"feed": Form.FEED,
    b"entry": Form.FEED,
    b"rdf": Form.FEED,
    b"urlset": Form.SITEMAP,
    b"sitemapindex": Form.SITEMAP,
}


def unpack(body: bytes | str) -> bytes | str | None:
    """Unpack gzip, as sitemaps are often served; None where it is damaged from the start or too large unpacked."""
    if isinstance(body, str) or not body.startswith(_GZIP):
        return body
    reader = zlib.decompressobj(wbits=31)
    try:
        unpacked = reader.decompress(body, LARGEST + 1)
    except zlib.error:
        return None
    return unpacked if unpacked and len(unpacked) <= LARGEST else None


def refuse_page(body: bytes | str) -> str | None:
    """Why a body is not read as a page for people at all; None for one that may be."""
    if len(body) > LARGEST_PAGE:
        return f"larger than {LARGEST_PAGE // 2**20} MiB"
    if isinstance(body, str) or body.startswith(_WIDE_MARKS):
        return None
    head = body[:_HEAD]
    if wide_encoding(head) is not None:
        return None
    if head.startswith(_NOT_PAGES) or sum(map(head.count, _CONTROLS)) > MOST_CONTROLS * len(head):
        return "binary: no text"
    return None


def wide_encoding(head: bytes) -> str | None:
    """The two-byte encoding of text without a byte order mark: nearly every other byte of markup is zero then."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if 2 * max(even, odd) < len(head) // 4 or min(even, odd) > len(head) // 100:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def may_be_data(body: bytes | str) -> bool:
    """Whether a body may be something else than HTML: cheap, and never wrong when it says no."""
    head = body[:_HEAD].encode("utf-8", "replace") if isinstance(body, str) else body[:_HEAD]
    if head.startswith(_WIDE_MARKS):
        return True
    start = head.removeprefix(_MARK).lstrip()
    return start[:1] in {b"{", b"["} or _DATA_ELEMENT.search(start) is not None


def recognise_form(source: bytes, content_type: str | None) -> Form:
    """Tell what a UTF-8 body is by how it begins; servers often name the type wrongly."""
    start = source[:_HEAD].removeprefix(_MARK).lstrip()
    if start[:1] in {b"{", b"["}:
        named = (content_type or "").partition(";")[0].strip().lower()
        return Form.JSON if "json" in named or source.rstrip()[-1:] in {b"}", b"]"} else Form.HTML
    match = _FIRST_ELEMENT.match(start)
    return _FORMS[match["name"].lower()] if match else Form.HTML
