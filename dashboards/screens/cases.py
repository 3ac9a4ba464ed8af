"""The cases: their list, one of them, and everything that is done in it."""

from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import quote

from attrs import frozen
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.desk import Desk
from dashboards.forms import FormGuard, inside
from dashboards.matters import view_case, write_timeline
from dashboards.rendering import Pages
from pipelines.cases.desk import case_subject
from pipelines.cases.models import CaseState
from pipelines.cases.records import read_cases
from pipelines.errors import BadInput

_Text = Annotated[str, Form(max_length=25_000)]
_Short = Annotated[str, Form(max_length=600)]


@frozen(kw_only=True)
class Addition:
    """What is put into a case: a listing or a seller of `site`, with all its listings where wished."""

    site: Annotated[str, Form(max_length=64)] = ""
    id: Annotated[str, Form(max_length=512)] = ""
    kind: Annotated[Literal["listing", "seller"], Form()] = "listing"
    offers: Annotated[bool, Form()] = False


@frozen
class CaseScreens:
    """`/cases…`."""

    desk: Desk
    pages: Pages
    guard: FormGuard

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        router.add_api_route("/cases", self.cases, methods=["GET"])
        router.add_api_route("/cases/{reference}", self.case, methods=["GET"])
        router.add_api_route("/cases/{reference}/timeline.csv", self.timeline, methods=["GET"])
        for path, answer in (
            ("/cases", self.create),
            ("/cases/add", self.add),
            ("/cases/{reference}/remove", self.remove),
            ("/cases/{reference}/note", self.note),
            ("/cases/{reference}/task", self.task),
            ("/cases/{reference}/done", self.finish),
            ("/cases/{reference}/agree", self.agree),
            ("/cases/{reference}/close", self.close),
            ("/cases/{reference}/reopen", self.reopen),
        ):
            router.add_api_route(path, answer, methods=["POST"], dependencies=[Depends(self.guard)])
        return router

    def cases(self, request: Request, state: Annotated[CaseState | None, Query()] = None) -> Response:
        """Every case, the one that changed last first."""
        with self.desk.database.read() as connection:
            found = read_cases(connection, state=state)
        return self.pages.render(
            request, "cases.html", cases=found, state=state, states=list(CaseState), today=self.desk.now().date()
        )

    def case(self, request: Request, reference: str) -> Response:
        """What is in a case, and what happened in it."""
        view = view_case(self.desk.database, reference)
        self.desk.note("view", case_subject(view.case.reference), {"by": "case page"})
        return self.pages.render(
            request,
            "case.html",
            view=view,
            case=view.case,
            me=self.desk.actor,
            today=self.desk.now().date(),
            custody=self.desk.custody_of(case_subject(view.case.reference)),
        )

    def timeline(self, reference: str) -> Response:
        """The time line as CSV."""
        view = view_case(self.desk.database, reference)
        self.desk.note("export", case_subject(view.case.reference), {"file": "timeline.csv", "rows": len(view.events)})
        name = f'attachment; filename="{view.case.reference}-timeline.csv"'
        return Response(write_timeline(view.events), media_type="text/csv", headers={"Content-Disposition": name})

    def create(self, name: _Short = "", reference: _Short = "") -> Response:
        """Open a case."""
        made = self.desk.cases.create(name, reference=reference.strip() or None)
        return _to(made.reference)

    def add(
        self, added: Annotated[Addition, Depends()], case: _Short = "", name: _Short = "", then: _Short = ""
    ) -> Response:
        """Put a listing or a seller into a case, or into a new one that is opened for it."""
        target = inside(then) if then else ""
        cases = self.desk.cases
        reference = cases.create(name).reference if name.strip() else case
        if not reference:
            raise BadInput("no case was chosen", hint="Choose a case, or write the name of a new one.")
        place = (added.site, added.id)
        if added.kind == "listing":
            cases.add(reference, listed=[place])
        else:
            cases.add(reference, listed=cases.offers_of(place) if added.offers else (), sold_by=[place])
        return RedirectResponse(target, status_code=303) if target else _to(reference)

    def remove(self, reference: str, added: Annotated[Addition, Depends()], reason: _Text = "") -> Response:
        """Take a listing or a seller out."""
        place: Any = [(added.site, added.id)]
        members = {"listed" if added.kind == "listing" else "sold_by": place}
        self.desk.cases.remove(reference, reason=reason, **members)
        return _to(reference, "members")

    def note(self, reference: str, text: _Text = "") -> Response:
        """Write something down."""
        self.desk.cases.note(reference, text)
        return _to(reference, "notes")

    def task(self, reference: str, text: _Text = "", assignee: _Short = "", due: _Short = "") -> Response:
        """Plan something."""
        try:
            day = date.fromisoformat(due) if due else None
        except ValueError as error:
            raise BadInput(f"{due!r} is no day", hint="2026-12-31") from error
        self.desk.cases.plan(reference, text, assignee=assignee.strip() or None, due=day)
        return _to(reference, "tasks")

    def finish(self, reference: str, number: Annotated[int, Form(ge=1)]) -> Response:
        """Mark a task done."""
        self.desk.cases.finish(reference, number)
        return _to(reference, "tasks")

    def agree(self, reference: str, reason: _Text = "", recipient: _Short = "") -> Response:
        """Say that the case should be referred; with a second person's word it is."""
        self.desk.cases.agree(reference, reason=reason, recipient=recipient.strip() or None)
        return _to(reference, "referral")

    def close(self, reference: str, reason: _Text = "") -> Response:
        """Close the case."""
        self.desk.cases.close(reference, reason=reason)
        return _to(reference)

    def reopen(self, reference: str, reason: _Text = "") -> Response:
        """Open it again."""
        self.desk.cases.reopen(reference, reason=reason)
        return _to(reference)


def _to(reference: str, part: str = "") -> Response:
    address = f"/cases/{quote(reference, safe='')}" + (f"#{part}" if part else "")
    return RedirectResponse(address, status_code=303)
