"""Digests as WARC files of many makers state them: `sha1:` in base32 (warcio, wget), `sha256:` in either form."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

_ALGORITHMS = {"md5": 16, "sha1": 20, "sha256": 32, "sha512": 64}


class UnreadableDigest(ValueError):
    """A digest is stated in a way that cannot be checked."""


def matches(stated: str, data: bytes) -> bool:
    """Whether `data` has the digest stated as `ALGORITHM:VALUE`, in hex or base32. Raises `UnreadableDigest`."""
    algorithm, _, value = stated.partition(":")
    name = algorithm.strip().lower().replace("-", "")
    size = _ALGORITHMS.get(name)
    if size is None:
        raise UnreadableDigest(f"the digest {stated[:80]!r} is of a kind that is not known here")
    digest = hashlib.new(name, data, usedforsecurity=False).digest()
    return hmac.compare_digest(digest, _decode(value.strip(), size, stated))


def _decode(value: str, size: int, stated: str) -> bytes:
    try:
        if len(value) == 2 * size and "=" not in value:
            return bytes.fromhex(value)
        found = base64.b32decode(value.upper().rstrip("=") + "=" * (-len(value.rstrip("=")) % 8))
    except (ValueError, binascii.Error) as error:
        raise UnreadableDigest(f"the digest {stated[:80]!r} is neither hex nor base32") from error
    if len(found) != size:
        raise UnreadableDigest(f"the digest {stated[:80]!r} has not the length of its kind")
    return found
