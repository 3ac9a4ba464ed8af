"""The quality screen: what people's decisions say of the machine's flags, and of each other."""

from typing import Annotated, Any

from attrs import frozen
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.desk import Desk
from dashboards.forms import FormGuard
from dashboards.intervals import draw_calibration, draw_series
from dashboards.rendering import Pages
from dashboards.searching import with_condition
from pipelines.quality.figures import FEWEST
from pipelines.quality.reviews import SETTLED

_DECIDED = "decision:(relevant OR not_relevant)"


@frozen
class QualityScreen:
    """`/quality`."""

    desk: Desk
    pages: Pages
    guard: FormGuard

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        router.add_api_route("/quality", self.quality, methods=["GET"])
        router.add_api_route("/quality/settle", self.settle, methods=["POST"], dependencies=[Depends(self.guard)])
        return router

    def quality(self, request: Request) -> Response:
        """Rates with their intervals, disagreements to settle, and what is left of the audit."""
        desk = self.desk
        judged = desk.judgements.read()
        figures = judged.figures
        return self.pages.render(
            request,
            "quality.html",
            figures=figures,
            disputed=judged.disputed,
            read_at=judged.at,
            calibration=draw_calibration(figures["calibration"]),
            weeks=draw_series(figures["weeks"], "week"),
            fewest=FEWEST,
            audit_left=desk.samples.count("audit", desk.actor, desk.now()),
            second_left=desk.samples.count("second", desk.actor, desk.now()),
            query_of=_query_of,
        )

    def settle(
        self,
        site: Annotated[str, Form(max_length=64)],
        id: Annotated[str, Form(max_length=512)],  # noqa: A002 -- the field's name in the contracts
        decision: Annotated[str, Form(max_length=16)],
        reason: Annotated[str, Form(max_length=10_000)] = "",
    ) -> Response:
        """Say what stands where two people differ."""
        self.desk.decisions.decide(self.desk.actor, [(site, id)], decision, reason, way=SETTLED)
        self.desk.judgements.forget()
        return RedirectResponse("/quality#disputed", status_code=303)


def _query_of(kind: str, name: Any) -> str:
    """The search that finds exactly the listings that a rate counts."""
    return with_condition(_DECIDED, kind, str(name)) if kind != "level" else _DECIDED
