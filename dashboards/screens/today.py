"""The first page."""

from datetime import timedelta

from attrs import frozen
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from dashboards.desk import Desk
from dashboards.levels import read_lines
from dashboards.rendering import Pages
from dashboards.searching import with_condition
from dashboards.telling import read_told

_MOST_URGENT = 6
_MOST_NEW = 12
_NEW = timedelta(days=7)
_MOST_CASES = 5


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
        """What needs a person today, and what is new since this person last looked."""
        queue = self.desk.queue
        overview = self.desk.overviews.read()
        before = self.desk.looks.look(self.desk.actor)
        since = before or (overview.last_seen - _NEW if overview.last_seen else None)
        new = queue.new("review", since) if since else []
        with self.desk.database.read() as connection:
            urgent = read_lines(connection, queue.most_urgent("review", _MOST_URGENT))
            newest = read_lines(connection, new[:_MOST_NEW])
            told = read_told(connection, since)
        return self.pages.render(
            request,
            "today.html",
            overview=overview,
            new=newest,
            new_count=len(new),
            before=before,
            urgent=urgent,
            to_decide=queue.count("review"),
            idle=queue.count("idle"),
            new_days=_NEW.days,
            told=told,
            fresh=sum(one.fresh for one in told),
            spots=[(spot, with_condition("", spot.field, spot.name)) for spot in self.desk.spots.read() or ()],
            spots_known=self.desk.spots.read() is not None,
            cases=self.desk.open_cases()[:_MOST_CASES],
            today=self.desk.now().date(),
            now=self.desk.now(),
        )
