"""Figures for Prometheus that are read from the store when they are asked for: the same from any process.

What only grows is a counter: the newest number of a row, so that asking costs the same however much there is.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from pipelines.errors import TracemarkError
from pipelines.journal import last_change
from pipelines.models import RunStatus
from pipelines.store.clock import clock_lag
from pipelines.store.fetches import BOUNDS, read_fetches
from pipelines.store.tables import (
    alert_deliveries,
    assessments,
    blanks,
    custody,
    frontier,
    journal,
    listings,
    runs,
    set_aside,
    vault_files,
    versions,
)
from pipelines.vault.shipping import count_unshipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from prometheus_client.core import Metric

    from pipelines.store.database import Database

_NEWEST = (
    ("listings", "Listings that came in.", listings.c.id),
    ("versions", "Contents of listings, each new one.", versions.c.id),
    ("assessments", "Assessments made.", assessments.c.id),
    ("journal_entries", "Changes that the index follows.", journal.c.sequence),
    ("custody_rows", "Rows of the custody log.", custody.c.sequence),
    ("runs", "Visits, tips, feeds and files received.", runs.c.number),
)


@frozen(kw_only=True)
class StoreFigures(Collector):
    """`position` gives the journal sequence that the index stands at. A store that is away is `tracemark_up` 0."""

    database: Database
    position: Callable[[], int]
    now: Callable[[], datetime]

    def collect(self) -> Iterable[Metric]:
        """All figures, at one moment of the store."""
        try:
            with self.database.read() as connection:
                found = [*_counters(connection), *_gauges(connection, self.now())]
                last = last_change(connection)
        except TracemarkError:
            yield _gauge("up", "Whether the store answers.", 0)
            return
        yield _gauge("up", "Whether the store answers.", 1)
        yield from found
        try:
            position = self.position()
        except TracemarkError:
            yield _gauge("index_up", "Whether the index answers.", 0)
            return
        yield _gauge("index_up", "Whether the index answers.", 1)
        yield _counter("indexed_changes", "Changes that are in the index.", position)
        yield _gauge("index_lag_changes", "Changes that are not in the index yet.", last - position)


def _counters(connection: sa.Connection) -> Iterator[Metric]:
    for name, words, column in _NEWEST:
        yield _counter(name, words, connection.scalar(sa.select(sa.func.max(column))) or 0)
    yield _counter("vault_bytes", "Bytes of the vault.", _sum(connection, vault_files.c.committed))
    pages = CounterMetricFamily("tracemark_pages", "Pages seen by runs that ended.", labels=["status"])
    seen = sa.func.coalesce(sa.func.sum(runs.c.found["pages"].as_integer()), 0)
    for status, count in connection.execute(sa.select(runs.c.status, seen).group_by(runs.c.status)):
        pages.add_metric([status], count)
    yield pages
    yield _fetches(connection)
    aside = CounterMetricFamily("tracemark_set_aside", "What could not be read, by stage.", labels=["stage"])
    for stage, count in connection.execute(sa.select(set_aside.c.stage, sa.func.count()).group_by(set_aside.c.stage)):
        aside.add_metric([stage], count)
    yield aside


def _fetches(connection: sa.Connection) -> Metric:
    words = "How long single pages, robots.txt and redirects took to be answered, over all visits."
    family = HistogramMetricFamily("tracemark_fetch_seconds", words, labels=["method", "outcome"])
    for (method, outcome), times in read_fetches(connection).items():
        up_to = list(accumulate(times.counts.get(bound, 0) for bound in BOUNDS))
        bounds = [*(str(bound) for bound in BOUNDS[:-1]), "+Inf"]
        family.add_metric([method, outcome], list(zip(bounds, up_to, strict=True)), times.seconds)
    return family


def _gauges(connection: sa.Connection, now: datetime) -> Iterator[Metric]:
    waiting = sa.select(sa.func.count()).where(listings.c.assessment.is_(None))
    yield _gauge("assessment_waiting_listings", "Listings not assessed yet.", connection.scalar(waiting) or 0)
    alerts = sa.select(sa.func.count()).where(alert_deliveries.c.state == "waiting")
    yield _gauge("alerts_waiting", "Alerts not sent yet.", connection.scalar(alerts) or 0)
    left = sa.select(sa.func.count()).select_from(blanks)
    yield _gauge("blanking_waiting", "Deleted pieces of the vault not overwritten yet.", connection.scalar(left) or 0)
    unshipped = count_unshipped(connection)
    yield _gauge("vault_unshipped_files", "Files of the vault in no object storage.", unshipped.files)
    yield _gauge("vault_unshipped_bytes", "Their bytes.", unshipped.bytes)
    lag = clock_lag(connection, now)
    yield _gauge("clock_behind_seconds", "How far the clock is behind the store.", lag.total_seconds() if lag else 0)
    going = runs.c.status == RunStatus.RUNNING.value
    active = sa.select(sa.func.count()).select_from(runs).where(going)
    yield _gauge("runs_active", "Runs under way, or left by a process that died.", connection.scalar(active) or 0)
    queue = GaugeMetricFamily("tracemark_frontier_pages", "Pages of runs under way, by state.", labels=["state"])
    states = sa.select(frontier.c.state, sa.func.count()).join(runs, runs.c.id == frontier.c.run).where(going)
    for state, count in connection.execute(states.group_by(frontier.c.state)):
        queue.add_metric([state], count)
    yield queue


def _sum(connection: sa.Connection, column: sa.Column[int]) -> int:
    return int(connection.scalar(sa.select(sa.func.coalesce(sa.func.sum(column), 0))) or 0)


def _counter(name: str, words: str, value: float) -> Metric:
    return CounterMetricFamily(f"tracemark_{name}", words, value=value)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"tracemark_{name}", words, value=value)
