"""An OpenID Connect provider as the desk asks it: where to send a browser, and who came back.

Authorization code with PKCE (RFC 7636), state, nonce and a signed ID token (OpenID Connect Core 1.0, 3.1). Nothing is
asked of the provider before somebody signs in by it.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx2
import structlog
from attrs import define, field, frozen
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from pipelines.errors import ConfigurationError, NotPermitted, PartMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from dashboards.people.federation import Asked
    from pipelines.models import JsonObject
    from pipelines.settings import SignInSettings

log = structlog.get_logger(__name__)

_ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "ES384", "RS512", "ES512", "EdDSA", "Ed25519")
"""Signatures by a key that only the provider has: none, and nothing by the client's own secret."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SECONDS = 10.0
_LEEWAY = 60
_NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


@frozen(kw_only=True)
class Vouched:
    """Who came back: the claims of a checked ID token, and the token."""

    claims: JsonObject
    token: str = field(repr=False)


@define(kw_only=True)
class Provider:
    """One provider, by the settings' `[sign_in]`."""

    settings: SignInSettings
    root: Path
    now: Callable[[], datetime]
    secret: str | None = field(default=None, repr=False)
    _known: JsonObject | None = None

    @property
    def host(self) -> str:
        """What people call it by."""
        return urlsplit(self.settings.issuer or "").hostname or ""

    def address(self, asked: Asked) -> str:
        """Where the browser is to go. PartMissing where the provider does not answer."""
        with self._client(asked.redirect) as client:
            address, _ = client.create_authorization_url(
                self._discover(client)["authorization_endpoint"],
                state=asked.state,
                code_verifier=asked.verifier,
                nonce=asked.nonce,
            )
        return str(address)

    def vouched(self, asked: Asked, came: Mapping[str, str]) -> Vouched:
        """What the provider says of who came back with the query `came`.

        NotPermitted where it says no, or where what it says does not hold. PartMissing where it does not answer.
        """
        if "error" in came:
            log.info("sign_in_refused", by=self.host, error=came["error"][:100])
            raise NotPermitted(f"{self.host} did not sign you in.", hint="Try again, or sign in by a password.")
        if came.get("iss", self.settings.issuer) != self.settings.issuer:  # RFC 9207
            raise NotPermitted("The answer came from another provider.", hint="Begin again.")
        with self._client(asked.redirect) as client:
            known = self._discover(client)
            try:
                token = client.fetch_token(
                    known["token_endpoint"], code=came.get("code", ""), code_verifier=asked.verifier
                )
            except (OAuthError, httpx2.HTTPError, ValueError) as error:
                raise self._silent("took no code", error) from error
            keys = self._get(client, known["jwks_uri"])
        given = str(token.get("id_token", ""))
        try:
            return Vouched(claims=self._checked(given, keys, asked.nonce), token=given)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            log.warning("id_token_refused", by=self.host, reason=str(error))
            raise NotPermitted(f"What {self.host} says of you does not hold.", hint="Begin again.") from error

    def leaving(self, back: str, token: str | None) -> str | None:
        """Where the browser is to go to be signed out there too, and from there `back`; None where it offers that not.

        OpenID Connect RP-Initiated Logout 1.0. `token` is the ID token of the sign-in: without it the provider asks.
        PartMissing where the provider does not answer, ConfigurationError where its address is not safe.
        """
        with self._client(back) as client:
            address = self._discover(client).get("end_session_endpoint")
        if not isinstance(address, str):
            return None
        require_safe(address)
        told = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        query = urlencode(told if token is None else {**told, "id_token_hint": token})
        return f"{address}{'&' if urlsplit(address).query else '?'}{query}"

    def _checked(self, token: str, keys: JsonObject, nonce: str) -> JsonObject:
        decoded = jwt.decode(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)  # type: ignore[arg-type]
        client = self.settings.client_id
        rules = jwt.JWTClaimsRegistry(
            now=int(self.now().timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": str(self.settings.issuer)},
            aud={"essential": True, "value": client},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        rules.validate(decoded.claims)
        audience = decoded.claims["aud"]
        many = isinstance(audience, list) and len(audience) > 1
        if decoded.claims.get("azp", client if not many else None) != client:
            raise ValueError("it was made out to another client")
        return dict(decoded.claims)

    def _discover(self, client: OAuth2Client) -> JsonObject:
        if self._known is None:
            issuer = self.settings.issuer or ""
            known = self._get(client, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            missing = [name for name in _NEEDED if not isinstance(known.get(name), str)]
            if missing or known["issuer"] != issuer:
                raise self._silent("describes itself otherwise", ValueError(", ".join(missing) or known["issuer"]))
            for name in _NEEDED:
                require_safe(known[name])
            self._known = known
        return self._known

    def _get(self, client: OAuth2Client, address: str) -> JsonObject:
        try:
            answer = client.request("GET", address, withhold_token=True)
            answer.raise_for_status()
            body = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise self._silent("does not answer", error) from error
        if not isinstance(body, dict):
            raise self._silent("does not answer", ValueError("not an object"))
        return body

    def _silent(self, how: str, error: Exception) -> PartMissing:
        log.warning("provider_failed", by=self.host, how=how, reason=str(error)[:500])
        return PartMissing(f"{self.host} {how}.", hint="Try again, or sign in by a password.")

    def _client(self, redirect: str) -> OAuth2Client:
        given: dict[str, Any] = {}
        if self.settings.ca is not None:
            given["verify"] = ssl.create_default_context(cafile=str(self.root / self.settings.ca))
        return OAuth2Client(
            self.settings.client_id,
            self.secret,
            token_endpoint_auth_method="client_secret_basic" if self.secret else "none",
            scope=" ".join(self.settings.scopes),
            redirect_uri=redirect,
            code_challenge_method="S256",
            timeout=_SECONDS,
            follow_redirects=False,
            trust_env=False,
            **given,
        )


def require_safe(address: str) -> None:
    """ConfigurationError where an address of the provider is not by TLS; on this machine it need not be."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ConfigurationError(f"[sign_in] {address!r} is not by https", hint="a provider is asked by TLS alone")
