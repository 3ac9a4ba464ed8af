"""How long pages took to be fetched, counted in the store: the same from any process, after any crash."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.store.frontier import insert_or_ignore
from pipelines.store.tables import fetch_counts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST = 86400.0
"""No page may take so long: the bound of the last bucket, which stands for all that is longer than the others."""

BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, LONGEST)
"""Upper bounds in seconds."""


@frozen(kw_only=True)
class Fetch:
    """One request and how it ended: `method` http or browser, `outcome` a class of status (2xx …) or no_answer."""

    method: str
    outcome: str
    seconds: float


@frozen(kw_only=True)
class FetchTimes:
    """`counts` has how many took up to each of `BOUNDS` and longer than the one before; `seconds` is their sum."""

    counts: Mapping[float, int]
    seconds: float


def note_fetches(connection: sa.Connection, fetches: Sequence[Fetch]) -> None:
    """Count them."""
    if not fetches:
        return
    counts = Counter[tuple[str, str, float]]()
    seconds = defaultdict[tuple[str, str, float], float](float)
    for one in fetches:
        key = one.method, one.outcome, BOUNDS[min(bisect_left(BOUNDS, one.seconds), len(BOUNDS) - 1)]
        counts[key] += 1
        seconds[key] += one.seconds
    keys = sorted(counts)
    empty = [{"method": a, "outcome": b, "most": most, "number": 0, "seconds": 0.0} for a, b, most in keys]
    connection.execute(insert_or_ignore(connection, fetch_counts), empty)
    table = fetch_counts.c
    connection.execute(
        sa.update(fetch_counts)
        .where(
            table.method == sa.bindparam("of"),
            table.outcome == sa.bindparam("ended"),
            table.most == sa.bindparam("bound"),
        )
        .values(number=table.number + sa.bindparam("more"), seconds=table.seconds + sa.bindparam("longer")),
        [{"of": key[0], "ended": key[1], "bound": key[2], "more": counts[key], "longer": seconds[key]} for key in keys],
    )


def read_fetches(connection: sa.Connection) -> dict[tuple[str, str], FetchTimes]:
    """What was counted, by method and outcome."""
    found: dict[tuple[str, str], FetchTimes] = {}
    for row in connection.execute(sa.select(fetch_counts).order_by(*fetch_counts.primary_key)):
        before = found.get((row.method, row.outcome), FetchTimes(counts={}, seconds=0.0))
        found[row.method, row.outcome] = FetchTimes(
            counts={**before.counts, row.most: row.number}, seconds=before.seconds + row.seconds
        )
    return found
