"""The gate: finds out who asks, and lets a request through where the person has the right that its route needs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from attrs import frozen
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse

from dashboards.people.access import NoRoute
from dashboards.people.identity import NOBODY, alone, asking
from dashboards.people.registry import has_accounts
from dashboards.safeguards import STATIC, sign_in_secret

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from dashboards.failures import Failures
    from dashboards.people.access import RouteRights
    from dashboards.people.entrance import Entrance
    from dashboards.people.identity import Person, Right
    from dashboards.people.limits import Limiter
    from dashboards.people.tokens import Tokens

API = "/api/"


@frozen(kw_only=True)
class Doorkeeper:
    """Who a request is from. In a workspace without accounts, whoever asks is `machine_user`, who may do everything.

    `closed`: there is a provider of sign-ins, so that nobody gets in without one, accounts or none.
    """

    entrance: Entrance
    tokens: Tokens
    machine_user: str
    closed: bool

    def person(self, request: Request) -> Person | None:
        """The person, or None where nobody is signed in and somebody has to be."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and request.url.path.startswith(API):
            return self.tokens.person_of(token.strip())
        secret = sign_in_secret(request)
        found = self.entrance.person_of_sign_in(secret) if secret else None
        if found is not None:
            return found
        with self.entrance.database.read() as connection:
            return None if self.closed or has_accounts(connection) else alone(self.machine_user)


@frozen
class Gate:
    """ASGI middleware. What the table of routes does not know is not handed on; nor is what needs another right."""

    app: ASGIApp
    rights: RouteRights
    doorkeeper: Doorkeeper
    failures: Failures
    limiter: Limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on on behalf of the person."""
        if scope["type"] != "http" or scope["path"].startswith(STATIC):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        needed = self.rights.needed(request.method, scope["path"])
        person = await run_in_threadpool(self.doorkeeper.person, request)
        with asking(person or NOBODY):
            refusal = self._refusal(request, person, needed)
            await (self.app if refusal is None else refusal)(scope, receive, send)

    def _refusal(self, request: Request, person: Person | None, needed: Right | NoRoute | None) -> Response | None:
        if isinstance(needed, NoRoute):
            return self.failures.tell_status(request, needed.status)
        if needed is None:
            return None
        if person is None:
            return self._ask_to_sign_in(request)
        if not person.may(needed):
            return self._refuse(request, person, needed)
        wait = self.limiter.wait(person.name) if request.url.path.startswith(API) else 0
        return self._slow_down(request, wait) if wait else None

    def _ask_to_sign_in(self, request: Request) -> Response:
        if request.url.path.startswith(API):
            answer = self.failures.tell(request, 401, "Nobody is signed in.", "Authorization: Bearer TOKEN")
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        if request.method == "GET":
            wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            address = "/sign-in" if wanted == "/" else f"/sign-in?{urlencode({'next': wanted})}"
            return RedirectResponse(address, status_code=303)
        return self.failures.tell(request, 401, "You are not signed in any more.", "Sign in, then send it once more.")

    def _refuse(self, request: Request, person: Person, needed: Right) -> Response:
        if person.temporary and request.method == "GET" and not request.url.path.startswith(API):
            return RedirectResponse("/account", status_code=303)
        hint = f"It needs the right to {needed.value}."
        return self.failures.tell(request, 403, "Your role does not allow this.", hint)

    def _slow_down(self, request: Request, wait: int) -> Response:
        answer = self.failures.tell(request, 429, "Too many requests.", f"Ask again in {wait} s.")
        answer.headers["Retry-After"] = str(wait)
        return answer
