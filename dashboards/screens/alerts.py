"""Saving a search that tells of new hits, after a look at what it would have told."""

from typing import Annotated, Literal

from attrs import frozen
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.desk import Desk
from dashboards.forms import FormGuard
from dashboards.people.covering import check_query
from dashboards.rendering import Pages
from dashboards.wording import printable
from pipelines.alerts.collection import resolve
from pipelines.alerts.models import Channel, Rhythm, SavedSearch
from pipelines.alerts.preview import DAYS, preview
from pipelines.alerts.records import keep_search, read_search, remove_search


@frozen
class AlertScreen:
    """`/alerts…`."""

    desk: Desk
    pages: Pages
    guard: FormGuard

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        router.add_api_route("/alerts/new", self.look, methods=["GET"])
        guarded = [Depends(self.guard)]
        router.add_api_route("/alerts", self.save, methods=["POST"], dependencies=guarded)
        router.add_api_route("/alerts/remove", self.remove, methods=["POST"], dependencies=guarded)
        return router

    def look(self, request: Request, q: Annotated[str, Query(max_length=10_000)] = "") -> Response:
        """What a search would have told in the last 30 days, and by week, before it is saved."""
        text = printable(q)
        query = resolve(text, self.desk.database)
        check_query(query)
        shown = self.desk.search.ask(lambda index: preview(query, index, self.desk.now()))
        return self.pages.render(request, "alert_new.html", text=text, shown=shown, days=DAYS, rhythms=list(Rhythm))

    def save(
        self,
        name: Annotated[str, Form(max_length=64)],
        query: Annotated[str, Form(max_length=10_000)],
        tell: Annotated[str, Form(max_length=2_000)] = "feed",
        rhythm: Annotated[Literal["at-once", "hourly", "daily", "weekly"], Form()] = "daily",
    ) -> Response:
        """Save it: it tells of what is first found from now on."""
        check_query(resolve(query, self.desk.database))
        saved = SavedSearch(
            name=name.strip(),
            query=query,
            owner=self.desk.actor,
            created=self.desk.now(),
            channels=(Channel.read(tell.strip()),),
            rhythm=Rhythm(rhythm),
            sequence=self.desk.search.ask(lambda index: index.position()),
        )
        with self.desk.database.write() as connection:
            keep_search(connection, saved)
        return RedirectResponse("/#alerts", status_code=303)

    def remove(self, name: Annotated[str, Form(max_length=64)]) -> Response:
        """Remove a saved search, and what it found."""
        with self.desk.database.write() as connection:
            remove_search(connection, read_search(connection, name))
        return RedirectResponse("/#alerts", status_code=303)
