"""Asking the index on behalf of a screen: one reader for the process, pages by number, repairs for what went wrong."""

from __future__ import annotations

import re
from contextlib import ExitStack
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve, frozen

from dashboards.people.covering import check_query, shown_line, shown_text
from pipelines.alerts.collection import resolve
from pipelines.errors import BadInput
from pipelines.index.parser import parse
from pipelines.index.port import MOST_HITS, Histogram, Interval, Search, Sort
from pipelines.index.query import And, Everything, QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from classifiers.encoder import Encoder
    from pipelines.index.port import Hit, Index, Results
    from pipelines.index.query import Query
    from pipelines.models import JsonObject
    from pipelines.store.database import Database

_Answer = TypeVar("_Answer")

FACETS = (
    "review", "decision", "signal", "site", "class", "make", "calibre", "seller", "country", "language", "status",
    "band", "state",
)  # fmt: skip
PAGE = 25
NUMBERED = 40
"""Pages reached by their number; deeper ones go on by cursor (the index hands out at most 1,000 hits at once)."""
_MOST_DROPS = 8
_PLAIN = re.compile(r"\w+(?:[-.]\w+)*")


@frozen(kw_only=True)
class Asked:
    """What the address of a search page says."""

    text: str = ""
    sort: Sort = Sort.RELEVANCE
    page: int = 1
    cursor: str | None = None
    interval: Interval = Interval.MONTH
    field: str = "posted"
    step: int = 100
    meaning: bool = False
    view: str = "list"


@frozen(kw_only=True)
class Part:
    """One condition of a query, `text` as typed, and the query without it."""

    text: str
    without: str


@frozen(kw_only=True)
class Drop:
    """A condition that could go, and how many listings that would bring."""

    part: Part
    total: int


@frozen(kw_only=True)
class Found:
    """A page of hits."""

    asked: Asked
    results: Results
    hits: tuple[Hit, ...]
    parts: tuple[Part, ...]
    drops: tuple[Drop, ...]

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.results.total // PAGE))

    @property
    def has_next(self) -> bool:
        """Whether another page follows."""
        return self.asked.page < self.pages and (self.asked.page < NUMBERED or self.results.cursor is not None)


class SearchDesk:
    """Holds the index open for reading. Threads ask at once; only opening and closing take turns."""

    def __init__(
        self,
        database: Database,
        opening: Callable[[], AbstractContextManager[Index]],
        open_encoder: Callable[[], Encoder] | None = None,
    ) -> None:
        self._database = database
        self._opening = opening
        self._open_encoder = open_encoder
        self._encoder: Encoder | None = None
        self._open = ExitStack()
        self._index: Index | None = None
        self._lock = Lock()

    def search(self, search: Search) -> Results:
        """Answer, as who asks may see it. Raises what the index raises; the next question then opens it anew."""
        check_query(search.query)
        return _shown(self.ask(lambda index: index.search(search)))

    def ask(self, question: Callable[[Index], _Answer]) -> _Answer:
        """Put a question to the index whose answer holds nothing that is covered for some. Raises as `search` does."""
        with self._lock:
            if self._index is None:
                self._index = self._open.enter_context(self._opening())
            index = self._index
        try:
            return question(index)
        except BadInput:
            raise
        except BaseException:
            with self._lock:
                if self._index is index:
                    self._shut()
            raise

    def close(self) -> None:
        """Let go of the index."""
        with self._lock:
            self._shut()

    def _shut(self) -> None:
        self._index = None
        self._open.close()

    def asked(self, text: str) -> Query:
        """The query of a text. QueryError where it cannot be understood, NotPermitted where it may not be asked."""
        query = resolve(text, self._database)
        check_query(query)
        return query

    def find(self, asked: Asked) -> Found:
        """A page of hits with facets and histograms. QueryError where the query cannot be understood."""
        query = resolve(asked.text, self._database)
        numbered = asked.cursor is None
        search = Search(
            query=query,
            facets=FACETS,
            facet_size=12,
            histograms=(
                Histogram(name=asked.field, interval=asked.interval),
                Histogram(name="price", width=float(asked.step)),
            ),
            sort=asked.sort,
            limit=min(asked.page, NUMBERED) * PAGE if numbered else PAGE,
            cursor=asked.cursor,
            vector=self._encode(asked.text) if asked.meaning and asked.text.strip() else None,
        )
        results = self.search(search)
        parts = tuple(split(query, asked.text))
        drops = tuple(self._drops(parts)) if results.total == 0 else ()
        first = (min(asked.page, NUMBERED) - 1) * PAGE if numbered else 0
        return Found(asked=asked, results=results, hits=results.hits[first:], parts=parts, drops=drops)

    def pages(self, text: str) -> Iterator[list[JsonObject]]:
        """The export lines of everything that a query finds, in the journal's order, page by page."""
        query, cursor = resolve(text, self._database), None
        while True:
            found = self.search(Search(query=query, sort=Sort.SEQUENCE, limit=MOST_HITS, cursor=cursor))
            yield [hit.line for hit in found.hits]
            cursor = found.cursor
            if cursor is None:
                return

    def _encode(self, text: str) -> NDArray[np.float32] | None:
        """What a query means. PartMissing where the encoder is not installed."""
        with self._lock:
            if self._encoder is None and self._open_encoder is not None:
                self._encoder = self._open_encoder()
            encoder = self._encoder
        return None if encoder is None else encoder.encode([text])[0]

    def _drops(self, parts: tuple[Part, ...]) -> Iterator[Drop]:
        if len(parts) < 2:
            return
        for part in parts[:_MOST_DROPS]:
            total = self.search(Search(query=resolve(part.without, self._database), limit=0)).total
            yield Drop(part=part, total=total)


def _shown(found: Results) -> Results:
    """The answer as who asks may see it."""
    facets = {
        name: tuple(evolve(count, value=shown_text(count.value)) for count in counts)
        for name, counts in found.facets.items()
    }
    return evolve(found, facets=facets, hits=tuple(_shown_hit(hit) for hit in found.hits))


def _shown_hit(hit: Hit) -> Hit:
    line, snippet = shown_line(hit.line), hit.snippet
    if snippet is not None:
        snippet = evolve(snippet, text=(line[snippet.field] or "")[snippet.start : snippet.end])
    return evolve(hit, line=line, snippet=snippet)


def split(query: Query, text: str) -> Iterator[Part]:
    """The conditions that must all hold, as typed."""
    if isinstance(query, Everything):
        return
    children = query.children if isinstance(query, And) else (query,)
    for child in children:
        without = f"{text[: child.start]} {text[child.end :]}"
        without = re.sub(r"^\s*(?:AND|&&)\s+|\s+(?:AND|&&)\s*$", "", " ".join(without.split()))
        if _is_whole(without):
            yield Part(text=text[child.start : child.end], without=without)


def with_condition(text: str, field: str, value: str, *, exclude: bool = False, is_range: bool = False) -> str:
    """The query `text` with one more condition."""
    written = value if is_range or _PLAIN.fullmatch(value) else '"' + re.sub('["“”„‟«»＂]', " ", value).strip() + '"'
    condition = f"{'-' if exclude else ''}{field}:{written}"
    before = f"({text})" if re.search(r"\bOR\b|\|\|", text) and text.strip() else text
    return f"{before} {condition}".strip()


def account_query(accounts: Sequence[tuple[str, str]]) -> str:
    """The query that finds what accounts, each a site and an id there, offered."""
    named = [with_condition("", "account", f"{site}/{native_id}") for site, native_id in accounts]
    return named[0] if len(named) == 1 else f"account:({' OR '.join(one.removeprefix('account:') for one in named)})"


def repair(text: str, error: QueryError) -> str | None:
    """The query nearest to `text` that can be understood, or None."""
    start, end = error.start, max(error.end, error.start + 1)
    wrong, suggested = text[start:end], error.suggestion or ""
    named = re.search(r"did you mean (\S+)", suggested)
    tries = []
    if named:
        tries += [
            text[:start] + named.group(1) + text[end:],
            re.sub(r"\S*$", named.group(1), text[:end], count=1) + text[end:],
        ]
    if "add )" in suggested:
        tries.append(f"{text})")
    if 'add "' in suggested:
        tries.append(f'{text}"')
    bare = wrong.strip('"')
    tries += [text[:start] + f'"{bare}"' + text[end:]] if bare.strip() and suggested.startswith("to find") else []
    tries += [text[:start] + text[end:], text[:start], re.sub(r'["()*~]', " ", text)]
    for candidate in tries:
        tidy = " ".join(candidate.split())
        if tidy and _is_whole(tidy):
            return tidy
    return None


def at_page(asked: Asked, page: int, cursor: str | None = None) -> Asked:
    """The same search on another page."""
    return evolve(asked, page=page, cursor=cursor)


def _is_whole(text: str) -> bool:
    try:
        parse(text)
    except QueryError:
        return False
    return True
