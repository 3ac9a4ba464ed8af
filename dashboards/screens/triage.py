"""Triage: one listing at a time, near duplicates as one."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from attrs import evolve, frozen
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from dashboards.decisions import AUDIT, SECOND
from dashboards.desk import Desk
from dashboards.listings import other_listings, view_listing
from dashboards.queue import Order, Waiting
from dashboards.rendering import Pages
from pipelines.models import JsonObject
from pipelines.store.lines import listing_records, rows_of

REASONS = (
    "licensed dealer",
    "collection or estate",
    "toy, airsoft or game",
    "not a firearm",
    "words taken wrongly",
    "seen before",
)
"""Reasons at one key each."""

ORDERS = {
    Order.SCORE: "the highest score first",
    Order.UNCERTAINTY: "the most uncertain first",
    Order.NOVELTY: "the least like what was decided first",
}
BLIND_WORDS = {SECOND: "second opinions", AUDIT: "this month's audit sample"}
_MOST_SHOWN = 50

Level = Literal["review", "idle"]
Way = Literal["second", "audit"]


@frozen(kw_only=True)
class Place:
    """Where in triage somebody is: what the address says. `item` is SITE/ID."""

    level: str = "review"
    order: Order = Order.SCORE
    skip: int = 0
    item: str = ""

    def address(self, **changes: Any) -> str:
        """Its address, with some of it changed; what is as usual is left out."""
        return _address("/triage", evolve(self, **changes), Place())


@frozen
class TriageScreen:
    """`/triage` and its blind forms."""

    desk: Desk
    pages: Pages

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        router.add_api_route("/triage", self.triage, methods=["GET"])
        router.add_api_route("/triage/{way}", self.blind, methods=["GET"])
        return router

    def triage(
        self,
        request: Request,
        level: Level = "review",
        order: Order = Order.SCORE,
        skip: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
        item: Annotated[str, Query(max_length=600)] = "",
    ) -> Response:
        """The first listing that waits, the one after `skip` others, or the one that is named."""
        place = Place(level=level, order=order, skip=skip, item=item)
        taken = self.desk.leases.held_by_others(self.desk.actor)
        row, waiting = self._choose(place, taken)
        shared = self._shared(place)
        if row is None:
            return self.pages.render(request, "triage_done.html", **shared, held=len(taken))
        group = waiting.group if waiting else (row,)
        holder = self.desk.leases.take(self.desk.actor, group) if waiting else None
        before, after = (
            self.desk.queue.beside(level, waiting.number, order=order, without=taken)
            if waiting
            else (None, self._first(place, taken))
        )
        with self.desk.database.read() as connection:
            rows = [row, *(one for one in group if one != row)][:_MOST_SHOWN]
            lines = [one.line for one in listing_records(connection, [*rows, *filter(None, (before, after))])]
        found = {(line["site"], line["id"]): line for line in lines}
        names = list(found)
        view = view_listing(self.desk, *names[0])
        self.desk.note("view", f"{view.site}/{view.id}", {"by": "triage", **_ahead(request)})
        tail = names[len(rows) :]
        seller = view.line["seller"]
        others = other_listings(self.desk, view.site, view.id, seller["id"])[1] if seller else 0
        return self.pages.render(
            request,
            "triage.html",
            view=view,
            waiting=waiting,
            holder=holder,
            same=[found[name] for name in names[1 : len(rows)]],
            group=len(group),
            others=others,
            before=place.address(item="/".join(tail[0])) if before else None,
            after=place.address(item="/".join(tail[-1])) if after else None,
            **shared,
        )

    def blind(self, request: Request, way: Way, item: Annotated[str, Query(max_length=600)] = "") -> Response:
        """A listing to decide without its score, its signals, or what anybody said of it."""
        desk, actor = self.desk, self.desk.actor
        taken = desk.leases.held_by_others(actor)
        drawn = desk.samples.draw(way, actor, desk.now(), row=self._row(item), without=taken)
        shared: dict[str, Any] = {
            "way": way,
            "words": BLIND_WORDS[way],
            "reasons": REASONS,
            "here": f"/triage/{way}",
            "undoable": desk.decisions.undoable(actor),
            "last": desk.decisions.last(actor),
        }
        if drawn is None:
            return self.pages.render(request, "blind_done.html", **shared)
        desk.leases.take(actor, [drawn.row])
        beside = [row for row in (drawn.before, drawn.after) if row is not None]
        with desk.database.read() as connection:
            lines = {one.row: one.line for one in listing_records(connection, [drawn.row, *beside])}
        places = {row: f"/triage/{way}?{urlencode({'item': _name(line)})}" for row, line in lines.items()}
        view = view_listing(desk, lines[drawn.row]["site"], lines[drawn.row]["id"])
        desk.note("view", f"{view.site}/{view.id}", {"by": way, **_ahead(request)})
        before, after = places.get(drawn.before or 0), places.get(drawn.after or 0)
        address = places[drawn.row]
        return self.pages.render(
            request, "blind.html", view=view, left=drawn.left, before=before, after=after, address=address, **shared
        )

    def _row(self, item: str) -> int | None:
        site, _, native_id = item.partition("/")
        with self.desk.database.read() as connection:
            return rows_of(connection, [(site, native_id)]).get((site, native_id)) if item else None

    def _choose(self, place: Place, taken: dict[int, Any]) -> tuple[int | None, Waiting | None]:
        """Which listing is shown, and where it stands in the queue if it waits."""
        queue = self.desk.queue
        row = self._row(place.item)
        if row is not None:
            return row, queue.find(place.level, row, order=place.order)
        waiting = queue.first(place.level, order=place.order, skip=place.skip, without=taken)
        return (waiting.row if waiting else None), waiting

    def _first(self, place: Place, taken: dict[int, Any]) -> int | None:
        waiting = self.desk.queue.first(place.level, order=place.order, without=taken)
        return waiting.row if waiting else None

    def _shared(self, place: Place) -> dict[str, Any]:
        desk, actor = self.desk, self.desk.actor
        return {
            "place": place,
            "orders": ORDERS,
            "here": place.address(),
            "undoable": desk.decisions.undoable(actor),
            "last": desk.decisions.last(actor),
            "counts": {name: desk.queue.count(name) for name in ("review", "idle")},
            "blind_counts": {way: desk.samples.count(way, actor, desk.now()) for way in BLIND_WORDS},
            "reasons": REASONS,
            "cases": desk.open_cases(),
        }


def _name(line: JsonObject) -> str:
    return f"{line['site']}/{line['id']}"


def _ahead(request: Request) -> dict[str, bool]:
    """What the log says of a page that a browser fetched before it was asked for."""
    return {"ahead": True} if "x-tracemark-ahead" in request.headers else {}


def _address(path: str, place: Place, usual: Place) -> str:
    values = {name: str(getattr(place, name)) for name in ("level", "order", "skip", "item")}
    if place.item:
        values.pop("skip")
    differing = {name: value for name, value in values.items() if value != str(getattr(usual, name))}
    return f"{path}?{urlencode(differing)}" if differing else path
