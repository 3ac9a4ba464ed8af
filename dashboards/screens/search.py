"""The search page."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any
from urllib.parse import urlencode

import sqlalchemy as sa
from attrs import evolve, frozen
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse

from dashboards.desk import Desk
from dashboards.histograms import STEPS, Columns, Stretch, draw_columns, fill_days, fill_prices
from dashboards.levels import shown_level
from dashboards.marking import Mark, cut, cut_window
from dashboards.rendering import Pages
from dashboards.searching import FACETS, Asked, Found, at_page, repair, with_condition
from dashboards.wording import printable
from pipelines.index.completion import complete
from pipelines.index.fields import FIELDS
from pipelines.index.port import Hit, Interval, Sort
from pipelines.index.query import QueryError
from pipelines.store.lines import rows_of
from pipelines.store.tables import captures

_EXAMPLES = {
    "account": "account:harborlist/s-dmercer",
    "title": "title:glock",
    "description": 'description:"no paperwork"',
    "make": "make:beretta",
    "model": "model:19",
    "calibre": 'calibre:"9 mm"',
    "seller": "seller:harbor",
    "location": "location:houston",
    "site": "site:harborlist",
    "signal": "signal:no_check_offered",
    "class": "class:firearm_handgun",
    "listing": "listing:harborlist/10000042",
    "item": "item:1f3a9c0de4b27785",
    "contact": "contact:555-0143",
    "score": "score:>=0.5",
    "band": "band:0.8-1.0",
    "state": "state:US-TX",
    "first": "first:>=2026-03-01",
    "country": "country:us",
    "language": "language:de",
    "status": "status:active",
    "review": "review:review",
    "decision": "decision:none",
    "price": "price:200..400",
    "posted": "posted:>=2026-01-01",
    "seen": "seen:2026-03",
}
_SORTS = {
    Sort.RELEVANCE: "Best match",
    Sort.NEWEST: "Last seen first",
    Sort.POSTED_NEWEST: "Posted last first",
    Sort.POSTED_OLDEST: "Posted first first",
    Sort.PRICE_LOW: "Price, low to high",
    Sort.PRICE_HIGH: "Price, high to low",
}
_OURS = frozenset({"decision", "seller_review", "score", "highlights", "snippet"})
"""What an index keeps beside the export line."""
_Day = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
_Step = Annotated[str, Query(pattern=f"^({'|'.join(map(str, STEPS))})$")]
_Amount = Annotated[str, Query(pattern=r"^(\d{1,12}(\.\d{1,2})?)?$")]


@frozen(kw_only=True)
class Given:
    """What the address of a search page says; days and amounts become conditions of the query.

    `since` and `until` are the first and the last day, `least` and `below` bounds of the price, the upper one left out.
    """

    q: Annotated[str, Query(max_length=10_000)] = ""
    sort: Sort = Sort.RELEVANCE
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1
    cursor: str | None = None
    by: Interval = Interval.MONTH
    over: Annotated[str, Query(pattern="^(posted|seen)$")] = "posted"
    meaning: bool = False
    view: Annotated[str, Query(pattern="^(list|grid)$")] = "list"
    since: _Day = ""
    until: _Day = ""
    step: _Step = "100"
    least: _Amount = ""
    below: _Amount = ""

    def asked(self) -> Asked:
        """As the index is asked."""
        return Asked(
            text=printable(self.q),
            sort=self.sort,
            page=self.page,
            cursor=self.cursor,
            interval=self.by,
            field=self.over,
            step=int(self.step),
            meaning=self.meaning,
            view=self.view,
        )


@frozen
class SearchScreen:
    """`/search`."""

    desk: Desk
    pages: Pages

    def routes(self) -> APIRouter:
        """What it answers to."""
        router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
        router.add_api_route("/search", self.search, methods=["GET"])
        router.add_api_route("/search/complete", self.complete, methods=["GET"])
        router.add_api_route("/search/export", self.export, methods=["GET"])
        return router

    def search(self, request: Request, given: Annotated[Given, Depends()]) -> Response:
        """Hits, what they have in common, and when they were; or where the query cannot be understood."""
        asked, page = given.asked(), given.page
        text = _within_days(asked.text, asked.field, given.since, given.until)
        text = _within_prices(text, given.least, given.below)
        if text != asked.text:
            return RedirectResponse(address(evolve(asked, text=text, page=1, cursor=None)), 303)
        shared: dict[str, Any] = {"asked": asked, "sorts": _SORTS, "fields": FIELDS.values(), "examples": _EXAMPLES}
        try:
            found = self.desk.search.find(asked)
        except QueryError as error:
            return self._mistaken(request, asked, error, shared)
        if not found.parts and not found.results.total and self.desk.overviews.read().listings:
            shared["empty_index"] = True
        detail = {"query": asked.text, "total": found.results.total, "page": page}
        self.desk.note("view", "search", detail)
        return self.pages.render(
            request,
            "search.html",
            **{"empty_index": False, **shared},
            found=found,
            rows=[_row(hit) for hit in found.hits],
            pictures=self._pictures(found) if asked.view == "grid" else {},
            facets=_facets(found),
            days=_draw_days(found),
            prices=_draw_prices(found),
            steps=STEPS,
            turns=_turns(found),
            link=_Link(asked),
        )

    def complete(
        self, q: Annotated[str, Query(max_length=2_000)] = "", at: Annotated[int | None, Query(ge=0, le=2_000)] = None
    ) -> JSONResponse:
        """Whole queries that what is typed may become, each with what it means or how many listings have it."""
        text = printable(q)
        found = self.desk.search.ask(lambda index: complete(index, text, at))
        return JSONResponse(
            [
                {"query": f"{text[: one.start]}{one.text}{text[one.end :]}", "meaning": one.meaning, "count": one.count}
                for one in found
            ]
        )

    def export(self, q: Annotated[str, Query(max_length=10_000)] = "") -> Response:
        """Everything that a query finds, as JSON lines (docs/schema/listing.json), streamed."""
        text = printable(q)
        pages = self.desk.search.pages(text)
        first = next(pages)  # what cannot be asked is told before the answer begins
        self.desk.note("export", "search", {"query": text, "file": "listings.jsonl"})

        def lines() -> Iterator[str]:
            for page in chain([first], pages):
                for line in page:
                    exported = {name: value for name, value in line.items() if name not in _OURS}
                    yield json.dumps(exported, ensure_ascii=False) + "\n"

        name = {"Content-Disposition": 'attachment; filename="listings.jsonl"'}
        return StreamingResponse((printable(line) for line in lines()), media_type="application/jsonl", headers=name)

    def _pictures(self, found: Found) -> dict[str, str]:
        """The newest capture with a picture of each hit, by SITE/ID."""
        places = [(hit.line["site"], hit.line["id"]) for hit in found.hits]
        with self.desk.database.read() as connection:
            rows = rows_of(connection, places)
            query = (
                sa.select(captures.c.listing, captures.c.id, captures.c.screenshot)
                .where(captures.c.listing.in_(list(rows.values())))
                .order_by(captures.c.at)
            )
            newest = {row.listing: row.id for row in connection.execute(query) if row.screenshot is not None}
        return {"/".join(place): newest[row] for place, row in rows.items() if row in newest}

    def _mistaken(self, request: Request, asked: Asked, error: QueryError, shared: dict[str, Any]) -> Response:
        end = max(error.end, error.start + 1)
        shown = asked.text if end <= len(asked.text) else asked.text + " "
        pieces = cut(shown, [Mark(start=error.start, end=min(end, len(shown)), number=1)])
        return self.pages.render(
            request,
            "search_mistake.html",
            status=400,
            **shared,
            error=error,
            pieces=pieces,
            repair=repair(asked.text, error),
            link=_Link(asked),
        )


@frozen
class _Link:
    """Addresses of searches that differ from `asked` in one thing."""

    asked: Asked

    def to(self, **changes: Any) -> str:
        return address(evolve(self.asked, **{"page": 1, "cursor": None, **changes}))

    def narrowed(self, field: str, value: str, *, exclude: bool = False) -> str:
        return self.to(text=with_condition(self.asked.text, field, value, exclude=exclude))


def address(asked: Asked) -> str:
    """Where a search is; what is as usual is left out."""
    usual = Asked()
    differing = (
        ("sort", asked.sort.value, usual.sort.value),
        ("meaning", "true" if asked.meaning else "", ""),
        ("view", asked.view, usual.view),
        ("by", str(asked.interval), usual.interval.value),
        ("over", asked.field, usual.field),
        ("step", str(asked.step), str(usual.step)),
        ("page", str(asked.page), "1"),
        ("cursor", asked.cursor or "", ""),
    )
    values = {name: value for name, value, default in differing if value != default}
    return f"/search?{urlencode({'q': asked.text, **values})}"


def _within_days(text: str, field: str, since: str, until: str) -> str:
    """The query narrowed to days; as it was without any."""
    if not since and not until:
        return text
    both = f"{min(since, until)}..{max(since, until)}"
    return with_condition(
        text, field, both if since and until else (since and f">={since}") or f"<={until}", is_range=True
    )


def _within_prices(text: str, least: str, below: str) -> str:
    """The query narrowed to prices; as it was without any bound."""
    if least and below and float(least) > float(below):
        least, below = below, least
    for sign, amount in ((">=", least), ("<", below)):
        if amount:
            text = with_condition(text, "price", f"{sign}{amount}", is_range=True)
    return text


def _row(hit: Hit) -> dict[str, Any]:
    line = printable(hit.line)
    marks = {
        field: [Mark(start=span.start, end=span.end, number=number) for number, span in enumerate(spans, 1)]
        for field, spans in hit.highlights.items()
    }
    snippet = None
    if hit.snippet is not None and hit.snippet.field == "description":
        text = line["description"] or ""
        snippet = {
            "pieces": cut_window(text, hit.snippet.start, hit.snippet.end, marks.get("description", ())),
            "before": hit.snippet.start > 0,
            "after": hit.snippet.end < len(text),
        }
    assessment = line.get("assessment") or {}
    signals = assessment.get("signals", ())
    level, origin = shown_level(assessment.get("review"), line.get("seller_review"))
    return {
        "line": line,
        "title": cut(line["title"], marks.get("title", ())),
        "snippet": snippet,
        "observed": list(dict.fromkeys(one["name"] for one in signals if one["polarity"] == "for")),
        "against": list(dict.fromkeys(one["name"] for one in signals if one["polarity"] == "against")),
        "level": level,
        "level_from": origin,
    }


def _facets(found: Found) -> list[tuple[str, list[dict[str, Any]]]]:
    link = _Link(found.asked)
    return [
        (
            field,
            [
                {
                    "value": printable(one.value),
                    "count": one.count,
                    "include": link.narrowed(field, one.value),
                    "exclude": link.narrowed(field, one.value, exclude=True),
                }
                for one in found.results.facets.get(field, ())
            ],
        )
        for field in FACETS
        if found.results.facets.get(field)
    ]


def _draw_days(found: Found) -> Columns | None:
    asked, link = found.asked, _Link(found.asked)

    def narrowed(one: Stretch) -> str:
        days = f"{one.first}..{one.last}" if asked.interval is Interval.WEEK else one.label
        return link.to(text=with_condition(asked.text, asked.field, days, is_range=True))

    return draw_columns(fill_days(found.results.histograms.get(asked.field, ()), asked.interval), narrowed)


def _draw_prices(found: Found) -> Columns | None:
    asked, link = found.asked, _Link(found.asked)

    def narrowed(one: Stretch) -> str:
        return link.to(text=_within_prices(asked.text, one.first, one.last))

    return draw_columns(fill_prices(found.results.histograms.get("price", ()), asked.step), narrowed)


def _turns(found: Found) -> dict[str, Any]:
    """The pages before and after."""
    asked = found.asked
    before = None if asked.page == 1 or asked.cursor else address(at_page(asked, asked.page - 1))
    cursor = None if not found.has_next or asked.page < 40 else found.results.cursor
    after = address(at_page(asked, asked.page + 1, cursor)) if found.has_next else None
    near = range(max(1, asked.page - 3), min(found.pages, asked.page + 3, 40) + 1)
    return {
        "before": before,
        "after": after,
        "near": [(number, address(at_page(asked, number)), number == asked.page) for number in near],
    }
