"""What a response's body is once its transfer and content codings are undone, within bounds."""

from __future__ import annotations

import re
import zlib

MOST_BYTES = 32_000_000
"""Of a body undone: as large as a page may be that we fetch ourselves."""

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class UnreadableBody(ValueError):
    """The body cannot be brought back to what the server meant."""


def undo_chunks(body: bytes) -> bytes | None:
    """The body without its chunk sizes (RFC 9112, 7.1), None where it has none: many tools leave only the header."""
    parts, at = list[bytes](), 0
    while (found := _CHUNK_SIZE.match(body, at)) is not None:
        size, start = int(found[1], 16), found.end()
        if size == 0:
            return b"".join(parts)
        if body[start + size : start + size + 2] != b"\r\n":
            return None
        parts.append(body[start : start + size])
        at = start + size + 2
    return None


def undo_codings(body: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The body as text or image. Raises `UnreadableBody` where a coding is unknown, broken or a bomb."""
    if _values(headers, b"transfer-encoding")[-1:] == ["chunked"]:
        whole = undo_chunks(body)
        body = body if whole is None else whole
    for coding in reversed(_values(headers, b"content-encoding")):
        body = _undo(coding, body)
    return body


def _values(headers: tuple[tuple[bytes, bytes], ...], name: bytes) -> list[str]:
    texts = [value.decode("latin-1") for key, value in headers if key.lower() == name]
    return [part.strip().lower() for text in texts for part in text.split(",") if part.strip()]


def _undo(coding: str, body: bytes) -> bytes:
    if coding == "identity" or (coding in ("gzip", "x-gzip") and not body.startswith(b"\x1f\x8b")):
        return body  # undone by the tool that kept it, as its header still says
    if coding not in _WINDOWS:
        raise UnreadableBody(f"its content coding {coding[:20]!r} is not known here")
    inflater = zlib.decompressobj(_WINDOWS[coding])
    try:
        whole = inflater.decompress(body, MOST_BYTES)
    except zlib.error as error:
        raise UnreadableBody(f"its content coding is broken: {error}") from error
    if inflater.unconsumed_tail:
        raise UnreadableBody(f"it unpacks to more than {MOST_BYTES} bytes")
    return whole
