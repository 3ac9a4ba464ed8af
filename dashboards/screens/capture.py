"""The page around a captured page, which is shown from another origin."""

from typing import Annotated

from attrs import frozen
from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response

from dashboards.desk import Desk
from dashboards.failures import NothingThere
from dashboards.rendering import Pages
from dashboards.replay.archive import find_page
from dashboards.replay.links import ReplayLinks


@frozen
class CaptureScreen:
    """`/capture/…/page`."""

    desk: Desk
    pages: Pages
    links: ReplayLinks | None

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        router.add_api_route("/capture/{capture}/page", self.show, methods=["GET"])
        return router

    def show(self, request: Request, capture: Annotated[str, Path(max_length=32)]) -> Response:
        """A captured page in a frame of the other origin, by a link for this look alone; the look is kept."""
        page = find_page(self.desk.database, capture)
        if self.links is None:
            raise NothingThere(
                "captured pages are not shown here: no origin of their own is configured",
                hint="[desk] replay_origin in tracemark.toml; a packet holds them for a viewer of your own",
            )
        self.desk.note("view", page.subject, {"by": "replay", "capture": capture})
        site, _, native_id = page.subject.partition("/")
        link = self.links.address(capture)
        return self.pages.render(request, "capture.html", page=page, site=site, native_id=native_id, link=link)
