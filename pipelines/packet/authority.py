"""RFC 3161 time stamps: asked of an authority, and believed only once two tools found the token good."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Self

from attrs import frozen
from cryptography import x509
from rfc3161_client import TimestampRequestBuilder, VerificationError, VerifierBuilder, decode_timestamp_response

from pipelines.errors import ConfigurationError
from pipelines.packet.checks.command import stamp_time_by_openssl
from pipelines.packet.checks.stamp import (
    LONGEST_TOKEN,
    authority_fingerprint,
    read_certificates,
    require_plain,
    write_certificates,
)

if TYPE_CHECKING:
    from pathlib import Path


class StampFailed(Exception):
    """No token that holds was had; the message says why. It may be asked for again."""


@frozen(kw_only=True)
class TimeAuthority:
    """Where to ask, and the certificates (PEM, canonical) that its tokens must lead to."""

    url: str
    certificates: bytes
    patience: float = 20.0  # seconds

    @classmethod
    def load(cls, url: str, path: Path) -> Self:
        """Read the certificates at `path`. Raises ConfigurationError where that cannot be used."""
        if not url.startswith(("https://", "http://")):
            raise ConfigurationError(f"the time authority {url!r} is no http(s) address", hint="[timestamps] url")
        try:
            return cls(url=url, certificates=write_certificates(read_certificates(path.read_bytes())))
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read: {error.strerror}", hint="[timestamps] ca") from error
        except ValueError as error:
            raise ConfigurationError(f"{path}: {error}", hint="[timestamps] ca") from error

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the certificates, hex, as a seal names it."""
        return authority_fingerprint(read_certificates(self.certificates))

    def stamp(self, message: bytes) -> bytes:
        """Return a response (DER) with a token over `message` that two tools found good. Raises StampFailed."""
        request = TimestampRequestBuilder().data(message).build()
        query = urllib.request.Request(  # noqa: S310 -- http(s) only, see `load`
            self.url, data=request.as_bytes(), headers={"Content-Type": "application/timestamp-query"}
        )
        try:
            with urllib.request.urlopen(query, timeout=self.patience) as answer:  # noqa: S310 -- as above
                token: bytes = answer.read(LONGEST_TOKEN + 1)
        except (OSError, urllib.error.URLError, ValueError) as error:
            raise StampFailed(f"{self.url} did not answer: {error}") from error
        try:
            if decode_timestamp_response(token).tst_info.nonce != request.nonce:
                raise StampFailed("the token answers another request")
            stamp_time(token, message, self.certificates)
        except ValueError as error:
            raise StampFailed(f"the token of {self.url} is refused: {error}") from error
        return token


def stamp_time(token: bytes, message: bytes, authority: bytes) -> str:
    """Return the time of a token over `message`, `YYYY-MM-DDTHH:MM:SSZ`, once rfc3161-client and openssl agree.

    Raises ValueError where either refuses it.
    """
    require_plain(token)
    time = stamp_time_by_openssl(token, message, authority)
    try:
        response = decode_timestamp_response(token)
        builder = VerifierBuilder()
        for der in read_certificates(authority):
            builder = builder.add_root_certificate(x509.load_der_x509_certificate(der))
        builder.build().verify_message(response, message)
    except (VerificationError, ValueError) as error:
        raise ValueError(f"rfc3161-client refuses the token: {error}") from error
    if response.tst_info.gen_time.strftime("%Y-%m-%dT%H:%M:%SZ") != time:
        raise ValueError("the two tools read different times")
    return time
