"""The first page."""

from datetime import timedelta

from attrs import frozen
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from dashboards.desk import Desk
from dashboards.levels import read_lines
from dashboards.overview import read_overview
from dashboards.rendering import Pages

_MOST_URGENT = 6
_MOST_NEW = 20
_NEW = timedelta(days=7)


@frozen
class TodayScreen:
    """`/`."""

    desk: Desk
    pages: Pages

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        router.add_api_route("/", self.today, methods=["GET"])
        return router

    def today(self, request: Request) -> Response:
        """What needs a person today."""
        queue = self.desk.queue
        overview = read_overview(self.desk.database)
        new = queue.new("review", overview.last_seen - _NEW) if overview.last_seen else []
        with self.desk.database.read() as connection:
            urgent = read_lines(connection, queue.most_urgent("review", _MOST_URGENT))
            newest = read_lines(connection, new[:_MOST_NEW])
        return self.pages.render(
            request,
            "today.html",
            overview=overview,
            new=newest,
            new_count=len(new),
            urgent=urgent,
            to_decide=queue.count("review"),
            idle=queue.count("idle"),
            new_days=_NEW.days,
            now=self.desk.now(),
        )
