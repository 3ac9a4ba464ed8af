"""The half of a search that does not depend on the engine: plan, fusion, highlights, cursor, prepared documents."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from datetime import date
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from attrs import evolve, field, frozen

from pipelines.errors import BadInput
from pipelines.index.analysis import Analyzer, fold_value
from pipelines.index.columns import FACETS, SUGGESTED, shown
from pipelines.index.cursor import Place, read_cursor, write_cursor
from pipelines.index.document import PreparedDocument, UnusableDocument, prepare, tie_of, unit
from pipelines.index.fields import day_of
from pipelines.index.fusion import fuse
from pipelines.index.highlight import Highlighter
from pipelines.index.plan import OneOf, Plan, Without, make_plan, similar_words
from pipelines.index.port import Bar, Count, FailedItem, Histogram, Hit, Interval, Results, Search, Sort, UpsertReport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from pipelines.index.document import IndexDocument
    from pipelines.places import Places

StoredLine: TypeAlias = bytes | dict[str, Any]
FUSED_DEPTH = 500  # hits taken from each order before they are fused; what lies deeper is reached by other sorts
SORT_COLUMNS = {
    Sort.NEWEST: ("seen_at", True),
    Sort.POSTED_NEWEST: ("posted_last", True),
    Sort.POSTED_OLDEST: ("posted_first", False),
    Sort.PRICE_LOW: ("price_low", False),
    Sort.PRICE_HIGH: ("price_high", True),
    Sort.SEQUENCE: ("sequence", False),
}
_FIRST_MONDAY = 4  # 5 January 1970


@frozen(kw_only=True)
class HistogramColumn:
    """Bars of `width` over a number column, one of them beginning at `offset`."""

    column: str
    width: float
    offset: float = 0.0


@frozen(kw_only=True)
class Row:
    """A hit as an engine gives it: its place in the order, and the stored line."""

    line: StoredLine
    score: float
    place: Place


@frozen(kw_only=True)
class Page:
    """What an engine answers: rows in order, and the counts asked for (label values and bar starts as stored)."""

    total: int
    rows: tuple[Row, ...] = ()
    more: bool = False
    facets: Mapping[str, Sequence[tuple[str, int]]] = field(factory=dict)
    bars: Mapping[str, Sequence[tuple[float, int]]] = field(factory=dict)


@frozen(kw_only=True)
class PageRequest:
    """What an engine is asked: `order` is a column and whether it falls, or None for BM25."""

    plan: Plan
    order: tuple[str, bool] | None
    after: Place | None
    limit: int
    facets: Mapping[str, str]
    facet_size: int
    histograms: Mapping[str, HistogramColumn]
    with_lines: bool = True


class Engine(ABC):
    """An index whose engine-specific verbs are the abstract ones below."""

    def __init__(self, analyzer: Analyzer) -> None:
        self._analyzer = analyzer
        self._places: Places | None = None

    @abstractmethod
    def write(self, documents: Sequence[PreparedDocument]) -> UpsertReport:
        """`upsert` of documents that are analysed already."""

    @abstractmethod
    def page(self, request: PageRequest) -> Page:
        """One page of hits with its counts."""

    @abstractmethod
    def nearest(self, vector: NDArray[np.float32], plan: Plan, limit: int) -> list[int]:
        """Tie numbers of the documents nearest to a unit vector, among those the plan's conditions choose."""

    @abstractmethod
    def lines(self, ties: Sequence[int]) -> dict[int, StoredLine]:
        """The stored lines by tie number; those that are not there are left out."""

    @abstractmethod
    def vector_of(self, key: str) -> NDArray[np.float32] | None:
        """A document's vector."""

    @abstractmethod
    def values(self, column: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Values of a keyword or label column that begin so, with their counts, the most frequent first."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files, locks and connections."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def upsert(self, documents: Sequence[IndexDocument]) -> UpsertReport:
        """Analyse and write documents; what no engine can take is reported as failed for good."""
        if self._places is None:
            from pipelines.places import Places  # noqa: PLC0415 -- YAML, which only those who write need

            self._places = Places.shipped()
        prepared: list[PreparedDocument] = []
        unusable: list[FailedItem] = []
        for document in documents:
            try:
                prepared.append(prepare(document, self._analyzer, self._places))
            except UnusableDocument as error:
                unusable.append(FailedItem(key=document.key, reason=error.message, permanent=True))
        written = self.write(prepared)
        return UpsertReport(done=written.done, failed=(*unusable, *written.failed))

    def search(self, search: Search) -> Results:
        """Answer a search: by words, by meaning, or both fused."""
        plan = make_plan(search.query, self._analyzer, after_sequence=search.since)
        if search.vector is not None or search.more_like is not None:
            if search.sort is not Sort.RELEVANCE:
                raise BadInput("hits by meaning are sorted by relevance only", hint="leave the sort out")
            return self._search_by_meaning(search, plan)
        order = _order(search, plan)
        page = self.page(_request(search, plan, order, read_cursor(search), search.limit))
        more = page.more and page.rows
        return self._results(search, page, page.rows, page.rows[-1].place if more else None)

    def _search_by_meaning(self, search: Search, plan: Plan) -> Results:
        lists: list[list[int]] = []
        excluded = plan
        if search.more_like is not None:
            itself = Without(clause=OneOf(column="key", values=(search.more_like,)))
            excluded = Plan(words=plan.words, conditions=(*plan.conditions, itself), chosen=plan.chosen)
            lists.append(self._similar(search.more_like, excluded))
        if search.vector is not None:
            lists.append(self.nearest(unit(search.vector), excluded, FUSED_DEPTH))
        depth = FUSED_DEPTH if plan.words is not None else 0
        lexical = self.page(evolve(_request(search, excluded, None, None, depth), with_lines=False))
        lists.append([row.place.tie for row in lexical.rows])
        fused = fuse(lists)
        after = read_cursor(search)
        if after is not None:
            fused = [hit for hit in fused if (-hit[1], hit[0]) > (-after.value, after.tie)]
        chosen = fused[: search.limit]
        lines = self.lines([tie for tie, _ in chosen])
        rows = tuple(
            Row(line=lines[tie], score=score, place=Place(value=score, tie=tie))
            for tie, score in chosen
            if tie in lines
        )
        return self._results(search, lexical, rows, rows[-1].place if len(fused) > len(chosen) and rows else None)

    def _similar(self, key: str, plan: Plan) -> list[int]:
        """Tie numbers of what is like a listing: by its vector, or where it has none by its words."""
        vector = self.vector_of(key)
        if vector is not None:
            return self.nearest(vector, plan, FUSED_DEPTH)
        line = self.lines([tie_of(key)]).get(tie_of(key))
        if line is None:
            raise BadInput(f"{key} is not in the index")
        read = line if isinstance(line, dict) else json.loads(line)
        words = similar_words(str(read.get("title") or ""), str(read.get("description") or ""), self._analyzer)
        alike = Plan(words=words, conditions=(plan.everything(scored=False),), chosen={})
        request = evolve(_request(Search(), alike, None, None, FUSED_DEPTH), with_lines=False)
        return [row.place.tie for row in self.page(request).rows] if words is not None else []

    def _results(self, search: Search, page: Page, rows: Sequence[Row], place: Place | None) -> Results:
        highlighter = Highlighter(search.query, self._analyzer)
        return Results(
            total=page.total,
            hits=tuple(_hit(row, highlighter) for row in rows),
            facets={name: _counts(page.facets[name], search.facet_size) for name in search.facets},
            histograms={asked.name: _bars(asked, page.bars[asked.name]) for asked in search.histograms},
            cursor=None if place is None else write_cursor(search, place),
        )

    def suggest(self, prefix: str, field: str, limit: int = 10) -> tuple[Count, ...]:
        """Values of a field that begin so, the most frequent first."""
        column = SUGGESTED.get(field)
        if column is None:
            raise BadInput(f"no suggestions for {field!r}", hint=f"fields are {', '.join(SUGGESTED)}")
        return _counts(self.values(column, fold_value(prefix), limit), limit)


def _order(search: Search, plan: Plan) -> tuple[str, bool] | None:
    if search.sort is not Sort.RELEVANCE:
        return SORT_COLUMNS[search.sort]
    return None if plan.words is not None else SORT_COLUMNS[Sort.NEWEST]


def _request(
    search: Search, plan: Plan, order: tuple[str, bool] | None, after: Place | None, limit: int
) -> PageRequest:
    return PageRequest(
        plan=plan,
        order=order,
        after=after,
        limit=limit,
        facets={name: FACETS[name] for name in search.facets},
        facet_size=search.facet_size,
        histograms={asked.name: _histogram_column(asked) for asked in search.histograms},
    )


def _histogram_column(asked: Histogram) -> HistogramColumn:
    if asked.name == "price":
        return HistogramColumn(column="price", width=asked.width)
    if asked.interval is Interval.DAY:
        return HistogramColumn(column=f"{asked.name}_day", width=1.0)
    if asked.interval is Interval.WEEK:
        return HistogramColumn(column=f"{asked.name}_day", width=7.0, offset=_FIRST_MONDAY)
    return HistogramColumn(column=f"{asked.name}_month", width=1.0 if asked.interval is Interval.MONTH else 12.0)


def _counts(found: Sequence[tuple[str, int]], limit: int) -> tuple[Count, ...]:
    ordered = sorted(found, key=lambda counted: (-counted[1], counted[0]))
    return tuple(Count(value=shown(value), count=count) for value, count in ordered[:limit] if count)


def _bars(asked: Histogram, found: Sequence[tuple[float, int]]) -> tuple[Bar, ...]:
    return tuple(Bar(start=_bar_start(asked, start), count=count) for start, count in found if count)


def _bar_start(asked: Histogram, start: float) -> str:
    if asked.name == "price":
        return f"{start:.15g}"  # :g would round what is dearer than a million
    if asked.interval in {Interval.DAY, Interval.WEEK}:
        return day_of(int(start)).isoformat()
    return date(int(start) // 12, int(start) % 12 + 1, 1).isoformat()


def _hit(row: Row, highlighter: Highlighter) -> Hit:
    line = row.line if isinstance(row.line, dict) else json.loads(row.line)
    highlights, snippet = highlighter.mark(line)
    key = f"{line['site']}/{line['id']}"
    return Hit(key=key, score=row.score, line=line, highlights=highlights, snippet=snippet)
