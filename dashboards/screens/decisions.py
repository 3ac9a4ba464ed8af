"""Where decisions are sent: one listing with its near duplicates, many of a seller at once, and taking back."""

from typing import Annotated, Any, Literal

from attrs import frozen
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from dashboards.decisions import MOST_TOGETHER, OPEN, TOGETHER, Decided
from dashboards.desk import Desk
from dashboards.failures import NothingThere
from dashboards.forms import FormGuard, inside
from dashboards.levels import read_lines
from dashboards.queue import Order
from dashboards.rendering import Pages
from dashboards.screens.triage import REASONS, Level, Place
from dashboards.together import undecided_of
from dashboards.wording import listing_address
from pipelines.errors import BadInput

_SAMPLE = 5
_SCRIPT = "application/json"


@frozen(kw_only=True)
class DecisionForm:
    """What a form about one listing sends."""

    site: Annotated[str, Form(max_length=64)]
    id: Annotated[str, Form(max_length=512)]
    decision: Annotated[str, Form(max_length=16)]
    reason: Annotated[str, Form(max_length=10_000)] = ""
    chip: Annotated[str, Form(max_length=200)] = ""
    also: Annotated[list[str] | None, Form(max_length=MOST_TOGETHER)] = None
    alone: Annotated[bool, Form()] = False
    way: Annotated[Literal["open", "second", "audit"], Form()] = "open"
    then: Annotated[str, Form(max_length=2_000)] = "/triage"

    def words(self) -> str:
        """The reason in words."""
        return join_reasons(self.chip, self.reason)


def join_reasons(chip: str, reason: str) -> str:
    """A reason that was picked and one that was written, as one."""
    return "; ".join(part for part in (chip.strip(), reason.strip()) if part)


@frozen
class DecisionScreens:
    """`/decisions…`."""

    desk: Desk
    pages: Pages
    guard: FormGuard

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        guarded = [Depends(self.guard)]
        router.add_api_route("/decisions", self.decide, methods=["POST"], dependencies=guarded)
        router.add_api_route("/decisions/undo", self.undo, methods=["POST"], dependencies=guarded)
        router.add_api_route("/decisions/together", self.look_together, methods=["GET"])
        router.add_api_route("/decisions/together", self.decide_together, methods=["POST"], dependencies=guarded)
        return router

    def decide(self, request: Request, sent: Annotated[DecisionForm, Depends()]) -> Response:
        """Keep a decision, and on to the next one; a script is told that it is kept."""
        target = inside(sent.then)
        places = [(sent.site, sent.id), *([] if sent.alone else [_place(one) for one in sent.also or ()])]
        kept = self.desk.decisions.decide(self.desk.actor, places, sent.decision, sent.words(), way=sent.way)
        if _SCRIPT in request.headers.get("accept", ""):
            return self._tell(request, kept, sent.way)
        return RedirectResponse(target, status_code=303)

    def undo(
        self,
        number: Annotated[int | None, Form(ge=0)] = None,
        then: Annotated[str, Form(max_length=2_000)] = "/triage",
        level: Annotated[Level, Form()] = "review",
        order: Annotated[Order, Form()] = Order.SCORE,
    ) -> Response:
        """Take the last decision back, and show what it was about."""
        target = inside(then)
        undone = self.desk.decisions.undo(self.desk.actor, number)
        if undone is None:
            raise NothingThere("there is no such decision of yours to take back", hint="It may be taken back already.")
        if target.startswith("/listing"):
            target = listing_address(undone.site, undone.native_id)
        elif target.partition("?")[0] == "/triage":
            target = Place(level=level, order=order, item=f"{undone.site}/{undone.native_id}").address()
        return RedirectResponse(target, status_code=303)

    def look_together(
        self,
        request: Request,
        site: Annotated[str, Query(max_length=64)],
        id: Annotated[str, Query(max_length=512)],  # noqa: A002 -- as above
        decision: Annotated[str, Query(pattern="^(relevant|not_relevant|unsure)$")] = "not_relevant",
    ) -> Response:
        """What a decision about all undecided listings of a seller would be about: how many, and a few of them."""
        found = undecided_of(self.desk.database, site, id)
        places = found.places[:MOST_TOGETHER]
        with self.desk.database.read() as connection:
            sample = read_lines(connection, found.rows[:: max(1, len(found.rows) // _SAMPLE)][:_SAMPLE])
        self.desk.note("view", f"seller:{site}/{id}", {"by": "decide together", "listings": len(places)})
        return self.pages.render(
            request, "together.html", found=found, count=len(places), sample=sample, decision=decision, reasons=REASONS
        )

    def decide_together(
        self,
        site: Annotated[str, Form(max_length=64)],
        id: Annotated[str, Form(max_length=512)],  # noqa: A002 -- as above
        decision: Annotated[str, Form(max_length=16)],
        count: Annotated[int, Form(ge=1, le=MOST_TOGETHER)],
        reason: Annotated[str, Form(max_length=10_000)] = "",
        chip: Annotated[str, Form(max_length=200)] = "",
    ) -> Response:
        """Decide all undecided listings of a seller, if they are still as many as were shown."""
        found = undecided_of(self.desk.database, site, id)
        places = found.places[:MOST_TOGETHER]
        if len(places) != count:
            raise BadInput(
                f"{count} listings were shown, and {len(places)} are undecided now: nothing was decided",
                hint="Load the page again and look at what has changed.",
            )
        reasons = join_reasons(chip, reason)
        self.desk.decisions.decide(self.desk.actor, places, decision, reasons, way=TOGETHER)
        return RedirectResponse("/triage", status_code=303)

    def _tell(self, request: Request, kept: Decided, way: str) -> Response:
        shared: dict[str, Any] = {
            "last": kept,
            "undoable": self.desk.decisions.undoable(self.desk.actor),
            "here": "/triage" if way == OPEN else f"/triage/{way}",
            "place": Place(),
        }
        strip = self.pages.fragment(request, "last_decision.html", **shared)
        return JSONResponse({"saved": kept.id, "strip": strip})


def _place(text: str) -> tuple[str, str]:
    site, _, native_id = text.partition("/")
    return site, native_id
