"""Signing in and out, and a person's own account: password, sign-ins, tokens."""

from typing import Annotated
from urllib.parse import urlsplit

from attrs import frozen
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.failures import NothingThere, status_of
from dashboards.forms import FormGuard
from dashboards.people.entrance import LONGEST_REASON, Entrance
from dashboards.people.federation import Federation
from dashboards.people.identity import NOBODY, asking, current_person
from dashboards.people.passwords import LONGEST, SHORTEST
from dashboards.people.registry import Registry
from dashboards.people.tokens import LONGEST_DAYS, Tokens
from dashboards.rendering import Pages
from dashboards.safeguards import COOKIE, SIGN_IN_COOKIE, Site, sign_in_secret
from pipelines.errors import BadInput, ConfigurationError, NotPermitted, PartMissing, TracemarkError

_BACK_COOKIE = "tracemark_provider"
_Password = Annotated[str, Form(max_length=4 * LONGEST)]


@frozen
class AccountScreen:
    """`/sign-in`, `/sign-out` and `/account`."""

    pages: Pages
    guard: FormGuard
    registry: Registry
    entrance: Entrance
    tokens: Tokens
    site: Site
    federation: Federation | None

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        router.add_api_route("/sign-in", self.ask, methods=["GET"])
        router.add_api_route("/sign-in/back", self.come_back, methods=["GET"])
        router.add_api_route("/account", self.account, methods=["GET"])
        for path, handler in (
            ("/sign-in", self.sign_in),
            ("/sign-in/provider", self.begin),
            ("/sign-out", self.sign_out),
            ("/account/password", self.set_password),
            ("/account/tokens", self.make_token),
            ("/account/end", self.end),
        ):
            router.add_api_route(path, handler, methods=["POST"], dependencies=[Depends(self.guard)])
        return router

    def ask(self, request: Request, wanted: Annotated[str, Query(alias="next", max_length=2_000)] = "/") -> Response:
        """The page on which to sign in."""
        return self._ask(request, wanted)

    def sign_in(
        self,
        request: Request,
        name: Annotated[str, Form(max_length=200)],
        password: _Password,
        matter: Annotated[str, Form(max_length=1_000)] = "",
        wanted: Annotated[str, Form(alias="next", max_length=2_000)] = "/",
    ) -> Response:
        """Let the person in, by a new secret whatever the browser held before, and on to where they wanted to go."""
        address = request.client.host if request.client else ""
        try:
            secret = self.entrance.sign_in(name.strip().lower(), password, matter, address)
        except NotPermitted as error:
            return self._ask(request, wanted, name=name, matter=matter, problem=error)
        return self._let_in(request, secret, wanted)

    def begin(
        self,
        request: Request,
        matter: Annotated[str, Form(max_length=1_000)] = "",
        wanted: Annotated[str, Form(alias="next", max_length=2_000)] = "/",
    ) -> Response:
        """Send the browser to the provider: by a page, since no form may lead to another origin."""
        back = self._address(request, "/sign-in/back")
        try:
            federation = self._provided()
            address, held = federation.begin(redirect=back, wanted=_inside(wanted), matter=matter)
        except (PartMissing, NotPermitted, NothingThere) as error:
            return self._ask(request, wanted, matter=matter, problem=error)
        response = self.pages.render(request, "sign_in_by.html", provider=federation.provider.host, address=address)
        response.headers["Refresh"] = f"0; url={address}"
        response.set_cookie(
            _BACK_COOKIE, held, max_age=600, httponly=True, samesite="lax", path="/sign-in", secure=self.site.tls
        )
        return response

    def come_back(self, request: Request) -> Response:
        """Let in who comes back from the provider."""
        address = request.client.host if request.client else ""
        try:
            let_in = self._provided().end(dict(request.query_params), request.cookies.get(_BACK_COOKIE, ""), address)
        except (PartMissing, NotPermitted, BadInput) as error:
            response = self._ask(request, "/", problem=error)
        else:
            response = self._let_in(request, let_in.secret, let_in.wanted)
        response.delete_cookie(_BACK_COOKIE, path="/sign-in")
        return response

    def _provided(self) -> Federation:
        if self.federation is None:
            raise NothingThere("No provider of sign-ins is set here.", hint="[sign_in] in tracemark.toml")
        return self.federation

    def _let_in(self, request: Request, secret: str, wanted: str) -> Response:
        held = sign_in_secret(request)
        if held:
            self.entrance.sign_out(held)
        response = RedirectResponse(_inside(wanted), status_code=303)
        # Lax, or a link in an alert's mail would ask to sign in again; what changes anything needs a form's token.
        response.set_cookie(SIGN_IN_COOKIE, secret, httponly=True, samesite="lax", path="/", secure=self.site.tls)
        return response

    def sign_out(self, request: Request) -> Response:
        """End the sign-in of this browser, and go on to the provider that it was by, to end it there too."""
        secret, name = sign_in_secret(request), current_person().name
        self.entrance.sign_out(secret)
        by_provider = self.federation is not None and self.federation.came_by(secret, name)
        response = self._leave(request, secret) if by_provider else RedirectResponse("/sign-in", status_code=303)
        response.delete_cookie(SIGN_IN_COOKIE, path="/")
        response.delete_cookie(COOKIE, path="/")
        return response

    def _leave(self, request: Request, secret: str) -> Response:
        federation, address, problem = self._provided(), None, None
        try:
            address = federation.leave(secret, self._address(request, "/sign-in"))
        except (PartMissing, ConfigurationError) as error:
            problem = error
        with asking(NOBODY):
            response = self.pages.render(
                request, "sign_out_by.html", provider=federation.provider.host, address=address, problem=problem
            )
        if address is not None:
            response.headers["Refresh"] = f"0; url={address}"
        return response

    def _address(self, request: Request, path: str) -> str:
        """What a browser calls a page by."""
        return f"{self.site.scheme}://{request.headers['host'].lower()}{path}"

    def account(self, request: Request) -> Response:
        """Whose account it is, where it is signed in, and its tokens."""
        return self._account(request)

    def set_password(self, request: Request, current: _Password, password: _Password, again: _Password) -> Response:
        """Set another password: every sign-in and token ends, this one too."""
        name = current_person().name
        if self.registry.verified(name, current) is None:
            return self._account(request, problem=NotPermitted("The current password is not right."))
        if password != again:
            return self._account(request, problem=BadInput("The new password was not typed the same way twice."))
        try:
            self.registry.set_password(name, password)
        except BadInput as error:
            return self._account(request, problem=error)
        response = RedirectResponse("/sign-in", status_code=303)
        response.delete_cookie(SIGN_IN_COOKIE, path="/")
        return response

    def make_token(
        self, request: Request, matter: Annotated[str, Form(max_length=1_000)], days: Annotated[int, Form()]
    ) -> Response:
        """A token, shown this once."""
        try:
            made = self.tokens.make(current_person().name, matter, days)
        except BadInput as error:
            return self._account(request, problem=error)
        return self._account(request, made=made)

    def end(
        self,
        sign_in: Annotated[str, Form(max_length=64)] = "",
        token: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0,
    ) -> Response:
        """End one of the person's own sign-ins or tokens."""
        name = current_person().name
        if sign_in:
            self.entrance.end(sign_in, of=name)
        if token:
            self.tokens.end(token, of=name, by=name)
        return RedirectResponse("/account", status_code=303)

    def _ask(
        self,
        request: Request,
        wanted: str,
        *,
        name: str = "",
        matter: str = "",
        problem: TracemarkError | None = None,
    ) -> Response:
        status = 200 if problem is None else status_of(problem)
        return self.pages.render(
            request,
            "sign_in.html",
            status=status,
            problem=problem,
            wanted=_inside(wanted),
            name=name,
            matter=matter,
            longest_reason=LONGEST_REASON,
            provider=self.federation.provider.host if self.federation else None,
        )

    def _account(
        self, request: Request, *, problem: BadInput | NotPermitted | None = None, made: str | None = None
    ) -> Response:
        name = current_person().name
        return self.pages.render(
            request,
            "account.html",
            status=200 if problem is None else status_of(problem),
            problem=problem,
            made=made,
            sign_ins=self.entrance.sign_ins(name),
            tokens=self.tokens.held(name),
            shortest=SHORTEST,
            longest_days=LONGEST_DAYS,
        )


def _inside(wanted: str) -> str:
    """`wanted` where it is a path of the desk, else the first page: nobody is sent elsewhere after signing in."""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    fair = wanted.startswith("/") and not wanted.startswith("//") and not parts.scheme and not parts.netloc
    return wanted if fair and wanted.isprintable() and "\\" not in wanted else "/"
