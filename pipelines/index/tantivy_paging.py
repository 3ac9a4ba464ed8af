"""Pages of hits out of tantivy in a total order, continued after a place and not after a number of hits.

tantivy orders by one column or by score and leaves equals in the order of its segments, which changes with every
merge. Here equals follow by their tie number, read from a fast column only where there are equals.
"""

from __future__ import annotations

from typing import Any

import tantivy
from attrs import frozen

from pipelines.index.cursor import Place
from pipelines.index.plan import Between
from pipelines.index.tantivy_query import translate


@frozen
class Found:
    """A document's address and its place in the order."""

    address: Any
    place: Place


def by_column(
    searcher: Any, schema: Any, query: Any, order: tuple[str, bool], after: Place | None, limit: int
) -> list[Found]:
    """At most `limit` documents ordered by a column, after a place."""
    column, falling = order
    found: list[Found] = []
    remaining = query
    if after is not None:
        found = _equals(searcher, schema, query, column, after.value, after.tie, limit)
        beyond = (
            Between(column=column, high=after.value, high_included=False)
            if falling
            else Between(column=column, low=after.value, low_included=False)
        )
        remaining = _both(query, translate(beyond, schema))
    wanted = limit - len(found)
    if wanted < 1:
        return found
    direction = tantivy.Order.Desc if falling else tantivy.Order.Asc
    hits = searcher.search(remaining, wanted, count=False, order_by_field=column, order=direction).hits
    if len(hits) == wanted:  # there may be more that equal the last: which of them belong here only their ties say
        last = hits[-1][0]
        hits = [hit for hit in hits if hit[0] != last]
        found += _settled(searcher, hits)
        return found + _equals(searcher, schema, query, column, last, None, limit - len(found))
    return found + _settled(searcher, hits)


def _both(first: Any, second: Any) -> Any:
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, first), (tantivy.Occur.Must, second)])


def _equals(
    searcher: Any, schema: Any, query: Any, column: str, value: float, after_tie: int | None, limit: int
) -> list[Found]:
    chosen = _both(query, translate(Between(column=column, low=value, high=value), schema))
    if after_tie is not None:
        chosen = _both(chosen, translate(Between(column="tie", low=after_tie, low_included=False), schema))
    hits = searcher.search(chosen, limit, count=False, order_by_field="tie", order=tantivy.Order.Asc).hits
    return [Found(address, Place(value=value, tie=tie)) for tie, address in hits]


def _settled(
    searcher: Any, hits: list[tuple[float, Any]], before: int = 0, after: Place | None = None, limit: int | None = None
) -> list[Found]:
    """Of hits ordered by value the first `limit` after a falling place, equals ordered by tie.

    `before` hits come before the first.
    """
    ties = searcher.fast_field_values("tie", [address for _, address in hits])
    firsts = _firsts(hits)
    order = sorted(range(len(hits)), key=list(zip(firsts, ties, strict=True)).__getitem__)
    if after is not None:
        order = [at for at in order if (-hits[at][0], ties[at]) > (-after.value, after.tie)]
    chosen = order[:limit]  # a place is dear: only those that are wanted get one
    return [Found(hits[at][1], Place(value=hits[at][0], tie=ties[at], better=before + firsts[at])) for at in chosen]


def _firsts(hits: list[tuple[float, Any]]) -> list[int]:
    """For each hit, where the first one with its value stands."""
    firsts: list[int] = []
    for at, (value, _) in enumerate(hits):
        firsts.append(firsts[-1] if at and hits[at - 1][0] == value else at)
    return firsts


def by_score(searcher: Any, query: Any, after: Place | None, limit: int) -> tuple[int, list[Found]]:
    """How many documents match, and at most `limit` of them ordered by score, after a place."""
    start = 0 if after is None else _first_not_better(searcher, query, after)
    reach = limit + limit // 8 + 8  # the last hits may have equals further on: some to spare save asking again
    while True:
        result = searcher.search(query, reach, offset=start)
        hits = result.hits
        at_end = len(hits) < reach
        whole = len(hits) if at_end else _firsts(hits)[-1]
        found = _settled(searcher, hits[:whole], start, after, limit)
        if at_end or len(found) == limit:
            return int(result.count), found
        reach *= 4


def _first_not_better(searcher: Any, query: Any, after: Place) -> int:
    """How many hits score better than the place; its own hint is tried first."""
    if _is_boundary(searcher, query, after.value, after.better):
        return after.better
    low, high = 0, int(searcher.search(query, 1).count)
    while low < high:
        middle = (low + high) // 2
        score = _score_at(searcher, query, middle)
        if score is not None and score > after.value:
            low = middle + 1
        else:
            high = middle
    return low


def _is_boundary(searcher: Any, query: Any, value: float, at: int) -> bool:
    here = _score_at(searcher, query, at)
    if here is not None and here > value:
        return False
    if at == 0:
        return True
    before = _score_at(searcher, query, at - 1)
    return before is not None and before > value


def _score_at(searcher: Any, query: Any, at: int) -> float | None:
    hits = searcher.search(query, 1, offset=at).hits
    return float(hits[0][0]) if hits else None
