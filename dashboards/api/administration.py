"""`/api/v1/…`: who asks, people and their roles, the custody log, and saved searches."""

from typing import Annotated, Any

from attrs import frozen
from fastapi import APIRouter, Depends, Query

from dashboards.administration import Asked, read_log
from dashboards.api.answers import FAILURES, json_only
from dashboards.api.models import AccountAnswer, AlertAnswer, LogAnswer, MeAnswer, PersonRequest, RoleRequest
from dashboards.desk import Desk
from dashboards.failures import NothingThere
from dashboards.people.identity import Right, current_person
from dashboards.people.registry import Registry
from dashboards.wording import printable
from pipelines.alerts.records import read_searches


@frozen
class AdministrationApi:
    """The same as the administration screen, as JSON."""

    desk: Desk
    registry: Registry

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(prefix="/api/v1", responses=FAILURES, tags=["administration"])
        sent = [Depends(json_only)]
        router.add_api_route("/me", self.me, methods=["GET"], response_model=MeAnswer)
        router.add_api_route("/custody", self.custody, methods=["GET"], response_model=LogAnswer)
        router.add_api_route("/alerts", self.alerts, methods=["GET"], response_model=list[AlertAnswer])
        router.add_api_route("/people", self.people, methods=["GET"], response_model=list[AccountAnswer])
        router.add_api_route(
            "/people", self.add, methods=["POST"], response_model=AccountAnswer, status_code=201, dependencies=sent
        )
        for path, handler in (
            ("/people/{name}/role", self.set_role),
            ("/people/{name}/disable", self.disable),
            ("/people/{name}/enable", self.enable),
        ):
            router.add_api_route(path, handler, methods=["POST"], response_model=AccountAnswer, dependencies=sent)
        return router

    def me(self) -> dict[str, Any]:
        """Who asks, in which role, on what matter, and what they may do."""
        person = current_person()
        return {
            "name": person.name,
            "role": person.role and person.role.value,
            "matter": person.reason or None,
            "rights": [right.name.lower() for right in Right if person.may(right)],
        }

    def custody(
        self,
        actor: Annotated[str, Query(max_length=200)] = "",
        action: Annotated[str, Query(max_length=32)] = "",
        subject: Annotated[str, Query(max_length=600)] = "",
        before: Annotated[int, Query(ge=0, le=2**31 - 1, description="Rows numbered below this one.")] = 0,
    ) -> dict[str, Any]:
        """Rows of the custody log, the newest first, fifty at a time."""
        asked = Asked(actor=printable(actor), action=printable(action), subject=printable(subject), before=before)
        found = read_log(self.desk.database, asked)
        self.desk.note("view", "custody", {"by": "api", "before": before})
        return {"total": found.total, "rows": found.rows, "older": found.older}

    def alerts(self) -> list[dict[str, Any]]:
        """The saved searches."""
        with self.desk.database.read() as connection:
            return [printable(one.to_json()) for one in read_searches(connection)]

    def people(self) -> list[dict[str, Any]]:
        """Every account."""
        return [one.to_json() for one in self.registry.accounts()]

    def add(self, body: PersonRequest) -> dict[str, Any]:
        """A new account; its password has to be changed at the first sign-in."""
        return self.registry.add(body.name, body.role, printable(body.password), temporary=True).to_json()

    def set_role(self, name: str, body: RoleRequest) -> dict[str, Any]:
        """Another role, which holds from the person's next request on."""
        self._check(name)
        return self.registry.set_role(name, body.role).to_json()

    def disable(self, name: str) -> dict[str, Any]:
        """Let somebody in no more; their sign-ins and tokens end."""
        self._check(name)
        return self.registry.disable(name).to_json()

    def enable(self, name: str) -> dict[str, Any]:
        """Let somebody in again."""
        self._check(name)
        return self.registry.enable(name).to_json()

    def _check(self, name: str) -> None:
        if name not in {one.name for one in self.registry.accounts()}:
            raise NothingThere("there is no such account", hint="/api/v1/people lists them")
