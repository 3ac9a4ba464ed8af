"""Administration: people and roles, sign-ins, keys, settings, and the custody log."""

from typing import Annotated

from attrs import field, frozen
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.administration import MOST_COUNTED, Asked, LogActions, check_log, read_keys, read_log, read_origins
from dashboards.desk import Desk
from dashboards.failures import status_of
from dashboards.forms import FormGuard
from dashboards.people.entrance import Entrance
from dashboards.people.identity import RIGHTS, Right, Role, current_person
from dashboards.people.passwords import new_password
from dashboards.people.registry import Registry
from dashboards.people.tokens import Tokens
from dashboards.rendering import Pages
from pipelines.commands.doctor import run_checks
from pipelines.errors import BadInput
from pipelines.retention.policy import find_due

_Name = Annotated[str, Form(max_length=64)]


@frozen
class AdministrationScreens:
    """`/administration…` and `/custody`."""

    desk: Desk
    pages: Pages
    guard: FormGuard
    registry: Registry
    entrance: Entrance
    tokens: Tokens
    _actions: LogActions = field(factory=LogActions)

    def routes(self) -> APIRouter:
        """What they answer to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        router.add_api_route("/administration", self.administration, methods=["GET"])
        router.add_api_route("/administration/checks", self.checks, methods=["GET"])
        router.add_api_route("/custody", self.custody, methods=["GET"])
        for path, handler in (
            ("/administration/people", self.add),
            ("/administration/role", self.set_role),
            ("/administration/password", self.set_password),
            ("/administration/disable", self.disable),
            ("/administration/enable", self.enable),
            ("/administration/end", self.end),
        ):
            router.add_api_route(path, handler, methods=["POST"], dependencies=[Depends(self.guard)])
        return router

    def administration(self, request: Request) -> Response:
        """Everything but the log."""
        return self._show(request)

    def checks(self, request: Request) -> Response:
        """What `tracemark doctor` finds, and what `tracemark retention` would delete."""
        workspace = self.desk.workspace
        limits = workspace.settings.retention
        with self.desk.database.read() as connection:
            due = find_due(connection, limits, self.desk.now())
        return self.pages.render(
            request,
            "checks.html",
            checks=run_checks(str(workspace.root)),
            limits={name: days for name, days in limits.model_dump().items() if days is not None},
            due=due,
        )

    def add(self, request: Request, name: _Name, role: Annotated[Role, Form()]) -> Response:
        """A new account, by a password that is shown once and has to be changed."""
        password = new_password()
        try:
            self.registry.add(name.strip(), role, password, temporary=True)
        except BadInput as error:
            return self._show(request, problem=error)
        return self._show(request, handed=(name.strip(), password))

    def set_role(self, request: Request, name: _Name, role: Annotated[Role, Form()]) -> Response:
        """Another role."""
        try:
            self.registry.set_role(name, role)
        except BadInput as error:
            return self._show(request, problem=error)
        return RedirectResponse("/administration", status_code=303)

    def set_password(self, request: Request, name: _Name) -> Response:
        """A new password, shown once; every sign-in and token of the person ends."""
        password = new_password()
        try:
            self.registry.set_password(name, password, temporary=True)
        except BadInput as error:
            return self._show(request, problem=error)
        return self._show(request, handed=(name, password))

    def disable(self, request: Request, name: _Name, typed: Annotated[str, Form(max_length=64)] = "") -> Response:
        """Let somebody in no more, once their name has been typed."""
        try:
            if typed.strip() != name:
                raise BadInput(f"To disable {name}, type that name beside the button.")  # noqa: TRY301 -- shown below
            self.registry.disable(name)
        except BadInput as error:
            return self._show(request, problem=error)
        return RedirectResponse("/administration", status_code=303)

    def enable(self, request: Request, name: _Name) -> Response:
        """Let somebody in again."""
        try:
            self.registry.enable(name)
        except BadInput as error:
            return self._show(request, problem=error)
        return RedirectResponse("/administration", status_code=303)

    def end(
        self,
        sign_in: Annotated[str, Form(max_length=64)] = "",
        token: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0,
    ) -> Response:
        """End somebody's sign-in or token."""
        by = current_person().name
        if sign_in:
            self.entrance.end(sign_in, by=by)
        if token:
            self.tokens.end(token, by=by)
        return RedirectResponse("/administration#sign-ins", status_code=303)

    def custody(
        self,
        request: Request,
        actor: Annotated[str, Query(max_length=200)] = "",
        action: Annotated[str, Query(max_length=32)] = "",
        subject: Annotated[str, Query(max_length=600)] = "",
        before: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
        check: bool = False,
    ) -> Response:
        """The custody log, the newest rows first; with `check`, whether it is whole."""
        asked = Asked(actor=actor.strip(), action=action, subject=subject.strip(), before=before)
        found = read_log(self.desk.database, asked)
        broken = check_log(self.desk.database) if check else None
        self.desk.note("view", "custody", {"actor": actor, "action": action, "subject": subject, "before": before})
        actions = self._actions.read(self.desk.database)
        return self.pages.render(
            request,
            "custody.html",
            asked=asked,
            found=found,
            many=bool(asked.actor or asked.action or asked.subject) and found.total >= MOST_COUNTED,
            actions=actions,
            checked=check,
            broken=broken,
        )

    def _show(
        self, request: Request, *, problem: BadInput | None = None, handed: tuple[str, str] | None = None
    ) -> Response:
        workspace = self.desk.workspace
        return self.pages.render(
            request,
            "administration.html",
            status=200 if problem is None else status_of(problem),
            problem=problem,
            handed=handed,
            accounts=self.registry.accounts(),
            roles=tuple(Role),
            matrix=[(right.value, [right in RIGHTS[role] for role in Role]) for right in Right],
            sign_ins=self.entrance.sign_ins(),
            tokens=self.tokens.held(),
            keys=read_keys(workspace, self.desk.passphrase),
            settings=read_origins(workspace),
            retention=any(one.name.startswith("retention.") and one.value is not None for one in workspace.origins),
        )
