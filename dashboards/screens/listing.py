"""A listing's page, and its picture."""

from collections.abc import Callable
from typing import Annotated

from attrs import frozen
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from dashboards.captures import check_capture, read_screenshot
from dashboards.desk import Desk
from dashboards.law import LawBook
from dashboards.likeness import like_listings
from dashboards.listings import other_listings, view_listing
from dashboards.people.identity import Right, current_person
from dashboards.rendering import Pages
from dashboards.screens.triage import REASONS

_MOST_CHECKED = 50


@frozen
class ListingScreen:
    """`/listing/…` and `/capture/…/screenshot.png`."""

    desk: Desk
    pages: Pages
    law: Callable[[], LawBook]
    replayed: bool

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        router.add_api_route("/listing", self.listing_by_query, methods=["GET"])
        router.add_api_route("/listing/{site}/{native_id:path}", self.listing, methods=["GET"])
        router.add_api_route("/capture/{capture}/screenshot.png", self.screenshot, methods=["GET"])
        return router

    def listing_by_query(
        self,
        request: Request,
        site: str,
        native_id: Annotated[str, Query(alias="id")],
        check: bool = False,
    ) -> Response:
        """A listing whose id no path can hold."""
        return self.listing(request, site, native_id, check=check)

    def listing(self, request: Request, site: str, native_id: str, check: bool = False) -> Response:
        """All that is known of a listing; with `check`, whether its captures are still what was stored."""
        view = view_listing(self.desk, site, native_id)
        seller = view.line["seller"]
        others, total = other_listings(self.desk, site, native_id, seller["id"]) if seller else ([], 0)
        shown = view.captures[-_MOST_CHECKED:]
        vault = self.desk.workspace.vault
        checks = {one.id: check_capture(vault, one) for one in shown} if check else {}
        self.desk.note("view", f"{site}/{native_id}", {"by": "listing page", "checked": len(checks)})
        return self.pages.render(
            request,
            "listing.html",
            view=view,
            others=others,
            other_count=total,
            captures=shown,
            replayed=self.replayed and current_person().may(Right.CONTACTS),
            checks=checks,
            reasons=REASONS,
            law=self.law().of_signals((view.assessment or {}).get("derivation")),
            alike=like_listings(self.desk, site, native_id),
            cases=self.desk.open_cases(),
            mine=self.desk.decisions.last(self.desk.actor),
        )

    def screenshot(self, capture: str) -> Response:
        """A capture's picture, as an image and nothing else."""
        subject, picture = read_screenshot(self.desk.database, self.desk.workspace.vault, capture)
        self.desk.note("view", subject, {"by": "screenshot", "capture": capture})
        return Response(picture, media_type="image/png")
