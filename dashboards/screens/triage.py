"""Triage: one listing at a time, and the decisions."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from attrs import frozen
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.decisions import LONGEST_REASON
from dashboards.desk import Desk
from dashboards.failures import NothingThere
from dashboards.listings import view_listing
from dashboards.rendering import Pages
from dashboards.safeguards import FormTokens
from dashboards.wording import listing_address
from pipelines.errors import NotPermitted
from pipelines.store.lines import listing_records

REASONS = (
    "licensed dealer",
    "collection or estate",
    "toy, airsoft or game",
    "not a firearm",
    "words taken wrongly",
    "seen before",
)
"""Reasons at one key each."""

Level = Literal["review", "idle"]


@frozen
class FormGuard:
    """Refuses a form that this process did not show to the same browser."""

    tokens: FormTokens

    def __call__(self, request: Request, form_token: Annotated[str, Form(max_length=200)] = "") -> None:
        """Let it pass, or NotPermitted."""
        if not self.tokens.fits(request, form_token):
            raise NotPermitted(
                "This form was not shown to you by this server, or the server has been started anew since.",
                hint="Go back, load the page again, and send the form once more.",
            )


@frozen
class TriageScreen:
    """`/triage`, `/decisions` and `/decisions/undo`."""

    desk: Desk
    pages: Pages
    guard: FormGuard

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        router.add_api_route("/triage", self.triage, methods=["GET"])
        guarded = [Depends(self.guard)]
        router.add_api_route("/decisions", self.decide, methods=["POST"], dependencies=guarded)
        router.add_api_route("/decisions/undo", self.undo, methods=["POST"], dependencies=guarded)
        return router

    def triage(
        self, request: Request, level: Level = "review", skip: Annotated[int, Query(ge=0, le=10_000_000)] = 0
    ) -> Response:
        """The most urgent listing that waits, or the one after `skip` others."""
        queue, decisions = self.desk.queue, self.desk.decisions
        waiting = queue.first(level, skip=skip)
        shared: dict[str, Any] = {
            "level": level,
            "skip": skip,
            "undoable": decisions.undoable(),
            "last": decisions.last(),
            "counts": {name: queue.count(name) for name in ("review", "idle")},
            "reasons": REASONS,
            "longest_reason": LONGEST_REASON,
        }
        if waiting is None:
            return self.pages.render(request, "triage_done.html", **shared)
        with self.desk.database.read() as connection:
            line = next(listing_records(connection, [waiting.row])).line
        view = view_listing(self.desk, line["site"], line["id"])
        self.desk.note("view", f"{view.site}/{view.id}", {"by": "triage"})
        return self.pages.render(request, "triage.html", view=view, waiting=waiting, **shared)

    def decide(
        self,
        site: Annotated[str, Form(max_length=64)],
        id: Annotated[str, Form(max_length=512)],  # noqa: A002 -- the field's name in the contracts
        decision: Annotated[str, Form(max_length=16)],
        reason: Annotated[str, Form(max_length=10_000)] = "",
        chip: Annotated[str, Form(max_length=200)] = "",
        then: Annotated[Literal["triage", "listing"], Form()] = "triage",
        level: Annotated[Level, Form()] = "review",
        skip: Annotated[int, Form(ge=0, le=10_000_000)] = 0,
    ) -> Response:
        """Keep a decision, and on to the next one."""
        words = "; ".join(part for part in (chip.strip(), reason.strip()) if part)
        self.desk.decisions.decide(site, id, decision, words)
        where = listing_address(site, id) if then == "listing" else _triage_address(level, skip)
        return RedirectResponse(where, status_code=303)

    def undo(
        self,
        level: Annotated[Level, Form()] = "review",
        skip: Annotated[int, Form(ge=0, le=10_000_000)] = 0,
        then: Annotated[Literal["triage", "listing"], Form()] = "triage",
    ) -> Response:
        """Take the last decision back."""
        undone = self.desk.decisions.undo()
        if undone is None:
            raise NothingThere("there is no decision of yours to take back")
        where = listing_address(undone.site, undone.native_id) if then == "listing" else _triage_address(level, skip)
        return RedirectResponse(where, status_code=303)


def _triage_address(level: str, skip: int) -> str:
    values = {name: value for name, value, usual in (("level", level, "review"), ("skip", skip, 0)) if value != usual}
    return f"/triage?{urlencode(values)}" if values else "/triage"
