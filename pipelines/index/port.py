"""What an index does, whichever engine is behind it."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, Self

from attrs import field, frozen

from pipelines.errors import BadInput, TracemarkError
from pipelines.index.columns import FACETS
from pipelines.index.query import Everything, Query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from pipelines.index.document import IndexDocument
    from pipelines.models import JsonObject

MOST_HITS = 1_000  # a page; what is longer is read by cursor


class IndexHeld(TracemarkError):
    """Another process is writing to this index."""


class IndexReplaced(TracemarkError):
    """Another process swapped in a new index while this one followed the old one: go on from the new position."""


class Sort(StrEnum):
    """The order of hits; equal ones follow by a number made from their key, the same on every engine."""

    RELEVANCE = "relevance"  # BM25, or nearness to a vector; newest first where nothing in the query scores
    NEWEST = "newest"  # last seen
    POSTED_NEWEST = "posted-newest"
    POSTED_OLDEST = "posted-oldest"
    PRICE_LOW = "price-low"
    PRICE_HIGH = "price-high"
    SEQUENCE = "sequence"  # as the store's journal has it: for export, and for what is new since a number


class Interval(StrEnum):
    """The width of a date histogram's bars."""

    DAY = "day"
    WEEK = "week"  # Monday to Sunday
    MONTH = "month"
    YEAR = "year"


@frozen(kw_only=True)
class Histogram:
    """Counts over `posted`, `first` (seen) or `seen` by `interval`, or over `price` by `width` (1 or more)."""

    name: str
    interval: Interval = Interval.MONTH
    width: float = 100.0

    def __attrs_post_init__(self) -> None:
        if self.name not in {"posted", "first", "seen", "price"} or not 1 <= self.width < math.inf:
            raise BadInput(f"no histogram over {self.name!r} with width {self.width}")

    @classmethod
    def read(cls, text: str) -> Histogram:
        """One as typed: `price`, `price:250`, `posted`, `seen:week`. BadInput for what is not one."""
        name, _, step = text.partition(":")
        try:
            if name == "price":
                return cls(name=name, width=float(step or 100))
            return cls(name=name, interval=Interval(step or "month"))
        except ValueError as error:
            raise BadInput(f"{text!r} is no histogram", hint="price:250, posted:week, first:month, seen:day") from error


@frozen(kw_only=True)
class Search:
    """A question to the index.

    `vector` adds what is near in meaning to what has the words, fused by rank. `more_like` is the key of a listing:
    what is like it, among what the query chooses. `since` keeps what changed after that sequence number.
    """

    query: Query = field(factory=Everything)
    facets: tuple[str, ...] = ()
    facet_size: int = 20
    histograms: tuple[Histogram, ...] = ()
    sort: Sort = Sort.RELEVANCE
    limit: int = 20
    cursor: str | None = None
    vector: NDArray[np.float32] | None = field(default=None, eq=False)
    more_like: str | None = None
    since: int | None = None

    def __attrs_post_init__(self) -> None:
        unknown = [name for name in self.facets if name not in FACETS]
        if unknown:
            raise BadInput(f"no such facet: {', '.join(unknown)}", hint=f"facets are {', '.join(FACETS)}")
        if not 0 <= self.limit <= MOST_HITS:
            raise BadInput(f"a page has 0 to {MOST_HITS} hits, not {self.limit}", hint="go on with the cursor")


@frozen(kw_only=True)
class Span:
    """Code points `start:end` of an original field."""

    start: int
    end: int


@frozen(kw_only=True)
class Snippet:
    """A short piece of a field around what was found; `start:end` is where it stands in the original."""

    field: str
    start: int
    end: int
    text: str


@frozen(kw_only=True)
class Hit:
    """A listing found, with the words that made it one."""

    key: str
    score: float
    line: JsonObject
    highlights: Mapping[str, tuple[Span, ...]]
    snippet: Snippet | None


@frozen(kw_only=True)
class Count:
    """How many of the hits have a value."""

    value: str
    count: int


@frozen(kw_only=True)
class Bar:
    """How many of the hits lie from `start` (an ISO date, or a price) up to the next bar."""

    start: str
    count: int


@frozen(kw_only=True)
class Results:
    """The answer. `cursor` continues it; None at the end."""

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[Count, ...]]
    histograms: Mapping[str, tuple[Bar, ...]]
    cursor: str | None


@frozen(kw_only=True)
class FailedItem:
    """A document that did not go in. `permanent`: trying again cannot help."""

    key: str
    reason: str
    permanent: bool


@frozen(kw_only=True)
class UpsertReport:
    """What became of a batch: every item is counted in `done` (or a later version was there) or in `failed`."""

    done: int
    failed: tuple[FailedItem, ...] = ()


@frozen(kw_only=True)
class IndexDescription:
    """What stands behind an index."""

    engine: str
    address: str
    generation: str
    documents: int
    vectors: int
    position: int
    size_bytes: int


class Index(Protocol):
    """A search index of listings. Readers see what was written once the writing call has returned."""

    def upsert(self, documents: Sequence[IndexDocument]) -> UpsertReport:
        """Put documents in, or in place of earlier versions. Safe to repeat."""

    def delete(self, keys: Sequence[tuple[str, int]]) -> UpsertReport:
        """Take out keys as of a sequence number, unless a later version is there."""

    def search(self, search: Search) -> Results:
        """Answer. QueryError and BadInput for what cannot be asked."""

    def suggest(self, prefix: str, field: str, limit: int = 10) -> tuple[Count, ...]:
        """Values of a field that begin so, the most frequent first."""

    def count(self) -> int:
        """Documents in the index."""

    def position(self) -> int:
        """The journal sequence up to which this index is complete; 0 for a new one."""

    def set_position(self, sequence: int) -> None:
        """Record that all up to `sequence` is in. IndexReplaced where `position` was read of an index now gone."""

    def rebuild(self) -> Rebuild:
        """An empty index beside this one, to be filled and swapped in; searches go on meanwhile."""

    def describe(self) -> IndexDescription:
        """What it is and how large."""

    def close(self) -> None:
        """Let go of files, locks and connections."""

    def __enter__(self) -> Self:
        """The index, closed at the end of the block."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""


class Rebuild(Protocol):
    """An index in the making. One of `swap` and `discard` ends it."""

    @property
    def fresh(self) -> Index:
        """The new index, to be filled."""

    def swap(self) -> None:
        """Make the new index the one that is searched, and remove the old one."""

    def discard(self) -> None:
        """Remove the new index."""


def results_json(results: Results) -> dict[str, Any]:
    """The search result of the contracts: `total, hits, facets, histograms, cursor`, ready for JSON."""
    return {
        "total": results.total,
        "hits": [_hit_json(hit) for hit in results.hits],
        "facets": {
            name: [{"value": count.value, "count": count.count} for count in counts]
            for name, counts in results.facets.items()
        },
        "histograms": {
            name: [{"start": bar.start, "count": bar.count} for bar in bars]
            for name, bars in results.histograms.items()
        },
        "cursor": results.cursor,
    }


def _hit_json(hit: Hit) -> dict[str, Any]:
    snippet = hit.snippet
    return {
        **hit.line,
        "score": hit.score,
        "highlights": {
            name: [{"start": span.start, "end": span.end} for span in spans] for name, spans in hit.highlights.items()
        },
        "snippet": snippet
        and {"field": snippet.field, "start": snippet.start, "end": snippet.end, "text": snippet.text},
    }
