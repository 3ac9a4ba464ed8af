"""Sign-ins by the provider: those under way, whose account they are, and in which role."""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from dashboards.people.entrance import digest
from dashboards.people.identity import Role
from pipelines.errors import NotPermitted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from dashboards.people.entrance import Entrance
    from dashboards.people.provider import Provider
    from dashboards.people.registry import Account, Registry
    from pipelines.models import JsonObject

HOLDS = timedelta(minutes=10)
_MOST_WAITING = 1_000
_MOST_KEPT = 10_000
_RANK = (Role.VIEWER, Role.INVESTIGATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)


@frozen(kw_only=True)
class Asked:
    """What a sign-in under way must come back with. `redirect` is where the provider sends the browser."""

    state: str
    nonce: str
    verifier: str
    redirect: str


@frozen(kw_only=True)
class _Waiting:
    asked: Asked
    browser: str
    wanted: str
    matter: str
    until: datetime


@frozen(kw_only=True)
class LetIn:
    """Who came back: what the browser is to hold, and where it wanted to go."""

    secret: str
    wanted: str


@define(kw_only=True)
class Federation:
    """Lets people in whom the provider vouches for."""

    provider: Provider
    registry: Registry
    entrance: Entrance
    now: Callable[[], datetime]
    _waiting: dict[str, _Waiting] = field(factory=dict, repr=False)
    _tokens: dict[str, str] = field(factory=dict, repr=False)  # ID tokens by the digest of their sign-in; kept nowhere
    _lock: Lock = field(factory=Lock, repr=False)

    def begin(self, *, redirect: str, wanted: str, matter: str) -> tuple[str, str]:
        """Where the browser is to go, and what it is to hold until it comes back."""
        browser = secrets.token_urlsafe(32)
        asked = Asked(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(64),
            redirect=redirect,
        )
        address = self.provider.address(asked)
        waiting = _Waiting(asked=asked, browser=digest(browser), wanted=wanted, matter=matter, until=self.now() + HOLDS)
        with self._lock:
            while len(self._waiting) >= _MOST_WAITING:
                self._waiting.pop(next(iter(self._waiting)))
            self._waiting[asked.state] = waiting
        return address, browser

    def end(self, came: Mapping[str, str], browser: str, address: str) -> LetIn:
        """Let in who came back with the query `came` in the browser that holds `browser`, from `address`.

        NotPermitted where it did not begin here, in this browser and lately, or the provider gives no role.
        """
        with self._lock:
            waiting = self._waiting.pop(came.get("state", ""), None)  # for one answer alone
        ours = waiting is not None and hmac.compare_digest(waiting.browser, digest(browser))
        if waiting is None or not ours or self.now() > waiting.until:
            raise NotPermitted("This sign-in did not begin in this browser, or too long ago.", hint="Begin again.")
        vouched = self.provider.vouched(waiting.asked, came)
        secret = self.entrance.let_in(self._account(vouched.claims), waiting.matter, address)
        with self._lock:
            while len(self._tokens) >= _MOST_KEPT:
                self._tokens.pop(next(iter(self._tokens)))
            self._tokens[digest(secret)] = vouched.token
        return LetIn(secret=secret, wanted=waiting.wanted)

    def came_by(self, secret: str, name: str) -> bool:
        """Whether a sign-in of `name` was by the provider. Of one from before a start: whether it knows them."""
        with self._lock:
            known = digest(secret) in self._tokens
        return known or self.registry.is_known(name, str(self.provider.settings.issuer))

    def leave(self, secret: str, back: str) -> str | None:
        """Where a browser that was signed in goes to sign out at the provider too, as `Provider.leaving` has it."""
        with self._lock:
            token = self._tokens.pop(digest(secret), None)
        return self.provider.leaving(back, token)

    def _account(self, claims: JsonObject) -> Account:
        settings = self.provider.settings
        said = _values(claims, settings.role_claim)
        roles = [
            role for role in _RANK if any(Role(settings.roles[value]) is role for value in said & set(settings.roles))
        ]
        if not roles:
            raise NotPermitted(
                f"{self.provider.host} knows you, but gives you no role here.",
                hint="Ask who keeps the accounts there, or the administrator of this desk.",
            )
        wished = _as_name(next(iter(_values(claims, settings.name_claim)), ""))
        return self.registry.known_by(str(settings.issuer), str(claims["sub"]), wished, roles[-1])


def _values(claims: Mapping[str, Any], path: str) -> set[str]:
    """What stands at a claim, `realm_access.roles` being one within another: one text, or several."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    values = found if isinstance(found, list) else [found]
    return {value for value in values if isinstance(value, str)}


def _as_name(text: str) -> str:
    """A name for an account: ana@example.org is ana-example.org."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:64]
