"""Bodies as they are served, brought to UTF-8."""

from __future__ import annotations

import re

from crawler.extraction.bodies import wide_encoding

_HEAD = 4096  # bytes
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,30})", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w-]{2,30})", re.IGNORECASE)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w-]{2,30})", re.IGNORECASE)


def decode_body(body: bytes | str, content_type: str | None) -> bytes:
    """Bring a body to UTF-8: by its byte order mark, header, declaration, else UTF-8, else windows-1252."""
    if isinstance(body, str):
        return body.encode("utf-8", "replace").replace(b"\x00", b"")
    if body.startswith(b"\xef\xbb\xbf"):
        return body[3:].replace(b"\x00", b"")
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace").encode("utf-8", "replace").replace(b"\x00", b"")
    wide = wide_encoding(body[:_HEAD])
    if wide is not None:
        return body.decode(wide, "replace").encode("utf-8", "replace").replace(b"\x00", b"")
    try:
        return body.decode("utf-8").replace("\x00", "").encode("utf-8")
    except UnicodeDecodeError:
        pass  # no other encoding's text is valid UTF-8 by chance, so that what the page declares matters only now
    header = _HEADER_CHARSET.search(content_type) if content_type else None
    meta = _XML_CHARSET.match(body) or _META_CHARSET.search(body, 0, 4096)
    named = header[1] if header else meta[1].decode("ascii", "replace") if meta else "utf-8"
    fallback = named if named.lower() not in {"utf-8", "utf8"} and _is_known(named) else "windows-1252"
    return (
        body.decode(_BROWSERS_READ.get(fallback.lower(), fallback), "replace")
        .replace("\x00", "")
        .encode("utf-8", "replace")
    )


# The WHATWG encoding standard: what browsers read under these names.
_BROWSERS_READ = {
    "iso-8859-1": "windows-1252",
    "latin1": "windows-1252",
    "us-ascii": "windows-1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
}


def _is_known(encoding: str) -> bool:
    try:
        "".encode(encoding)
    except (LookupError, ValueError):
        return False
    return True
