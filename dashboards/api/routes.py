"""`/api/v1/…`."""

from typing import Annotated, Any

from attrs import frozen
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from dashboards.accounts import view_account
from dashboards.api.answers import FAILURES
from dashboards.api.models import (
    ListingAnswer,
    RunAnswer,
    SearchAnswer,
    SellerAnswer,
    StatusAnswer,
)
from dashboards.captures import read_screenshot
from dashboards.desk import Desk
from dashboards.listings import gather, view_listing
from dashboards.searching import FACETS
from dashboards.wording import printable
from pipelines.index.port import Histogram, Search, Sort, results_json
from pipelines.store.runs import run_to_json, runs_of


@frozen
class Api:
    """The same answers as the screens, as JSON."""

    desk: Desk

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(prefix="/api/v1", responses=FAILURES, default_response_class=JSONResponse)
        for path, handler, model in (
            ("/status", self.status, StatusAnswer),
            ("/search", self.search, SearchAnswer),
            ("/listings/{site}/{id:path}", self.listing, ListingAnswer),
            ("/sellers/{site}/{id:path}", self.seller, SellerAnswer),
            ("/runs", self.runs, list[RunAnswer]),
        ):
            router.add_api_route(path, handler, methods=["GET"], response_model=model)
        router.add_api_route(
            "/captures/{capture}/screenshot.png", self.picture, methods=["GET"], response_class=Response
        )
        return router

    def status(self) -> dict[str, Any]:
        """The workspace in figures."""
        overview = self.desk.overviews.read()
        return {
            "listings": overview.listings,
            "unassessed": overview.unassessed,
            "set_aside": overview.aside,
            "to_decide": self.desk.queue.count("review"),
            "idle": self.desk.queue.count("idle"),
            "sites": [
                {
                    "name": site.record.name,
                    "source": site.record.source,
                    "listings": site.listings,
                    "in_trouble": site.in_trouble,
                    "last_run": run_to_json(site.last) if site.last else None,
                }
                for site in overview.sites
            ],
        }

    def search(
        self,
        q: Annotated[str, Query(max_length=10_000, description="In the query language.")] = "",
        sort: Sort = Sort.RELEVANCE,
        limit: Annotated[int, Query(ge=0, le=1_000)] = 20,
        cursor: str | None = None,
        price_step: Annotated[float, Query(ge=1, le=1e9, description="How wide the bars of prices are.")] = 100,
    ) -> dict[str, Any]:
        """Listings that fulfil a query."""
        results = self.desk.search.search(
            Search(
                query=self.desk.search.asked(printable(q)),
                facets=FACETS,
                histograms=(
                    Histogram(name="posted"),
                    Histogram(name="seen"),
                    Histogram(name="price", width=price_step),
                ),
                sort=sort,
                limit=limit,
                cursor=cursor,
            )
        )
        self.desk.note("view", "search", {"query": printable(q), "total": results.total, "by": "api"})
        body: dict[str, Any] = printable(results_json(results))
        return body

    def listing(self, site: str, id: str) -> dict[str, Any]:  # noqa: A002 -- the field's name in the contracts
        """All that is known of one listing."""
        view = view_listing(self.desk, site, id)
        dossier = gather(self.desk, site, id)
        self.desk.note("view", f"{site}/{id}", {"by": "api"})
        return {
            **view.line,
            "level": view.level,
            "level_from": view.level_from,
            "versions": [printable(one) for one in dossier.versions],
            "captures": [
                {
                    "id": one.id,
                    "url": one.url,
                    "at": one.at,
                    "method": one.method.value,
                    "http_status": one.http_status,
                    "payload_sha256": one.stored.payload_sha256,
                }
                for one in view.captures
            ],
            "decisions": view.decisions,
        }

    def seller(self, site: str, id: str) -> dict[str, Any]:  # noqa: A002 -- as above
        """What an account offered and what its history shows."""
        view = view_account(self.desk.database, site, id)
        self.desk.note("view", f"seller:{site}/{id}", {"by": "api"})
        unassessed: dict[str, Any] = {
            "site": view.site,
            "id": view.id,
            "name": view.name,
            "licence": {"stated": view.licence, "verified": False},
            "first_seen": view.first_seen.isoformat(),
            "last_seen": view.last_seen.isoformat(),
            "windows": [],
            "new_in_box_ratio": None,
            "signals": [],
            "review": None,
        }
        return {
            **(view.history or unassessed),
            "listings": [{"site": line["site"], "id": line["id"]} for line in view.lines],
        }

    def runs(self, site: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> list[dict[str, Any]]:
        """The last runs, newest first."""
        with self.desk.database.read() as connection:
            return [printable(run_to_json(run)) for run in runs_of(connection, site, most=limit)]

    def picture(self, capture: str) -> Response:
        """The picture of a captured page, PNG."""
        subject, picture = read_screenshot(self.desk.database, self.desk.workspace.vault, capture)
        self.desk.note("view", subject, {"by": "api", "picture": capture})
        return Response(picture, media_type="image/png")
