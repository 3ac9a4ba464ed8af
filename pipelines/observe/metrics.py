"""Figures for Prometheus at a port of this machine: what the store holds, and what this process did."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import frozen
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server

from pipelines.errors import PartMissing
from pipelines.observe.store_figures import StoreFigures

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from datetime import datetime

    from pipelines.store.database import Database

Answering: TypeAlias = "Callable[[Any, Any, Any], Coroutine[Any, Any, None]]"
"""An ASGI application."""

_LOOPBACK = "127.0.0.1"
_VISITS = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
_REQUESTS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


@frozen(kw_only=True)
class Meters:
    """What one process counts by itself. Labels are few and name nobody."""

    registry: CollectorRegistry
    visits: Histogram
    errors: Counter
    requests: Histogram

    @classmethod
    def make(cls) -> Meters:
        """Meters in a registry of their own."""
        registry = CollectorRegistry()
        return cls(
            registry=registry,
            visits=Histogram(
                "tracemark_visit_seconds", "How long visits took.", ["status"], registry=registry, buckets=_VISITS
            ),
            errors=Counter("tracemark_troubles", "What was not as it should be, by kind.", ["kind"], registry=registry),
            requests=Histogram(
                "tracemark_request_seconds",
                "How long answers of the desk took.",
                ["method", "status"],
                registry=registry,
                buckets=_REQUESTS,
            ),
        )

    def note_visit(self, status: str, began: datetime, ended: datetime | None) -> None:
        """A visit ended so."""
        if ended is not None:
            self.visits.labels(status).observe(max(0.0, (ended - began).total_seconds()))

    def note_trouble(self, kind: str) -> None:
        """Something was not as it should be."""
        self.errors.labels(kind).inc()

    def timed(self, application: Answering) -> Answering:
        """The ASGI application, each of its answers timed."""

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await application(scope, receive, send)
                return
            status, begun = ["0"], time.perf_counter()

            async def note(message: Any) -> None:
                if message["type"] == "http.response.start":
                    status[0] = str(message["status"])
                await send(message)

            try:
                await application(scope, receive, note)
            finally:
                self.requests.labels(scope["method"], status[0]).observe(time.perf_counter() - begun)

        return answer


@contextmanager
def serve_metrics(
    port: int | None, database: Callable[[], Database], position: Callable[[], int], now: Callable[[], datetime]
) -> Iterator[Meters]:
    """Meters for the length of a block; with a `port`, /metrics answers there, to this machine alone.

    Raises `PartMissing` where the port is taken. `database` opens a store of its own for the answers.
    """
    meters = Meters.make()
    if port is None:
        yield meters
        return
    opened = database()
    meters.registry.register(StoreFigures(database=opened, position=position, now=now))
    try:
        server, thread = start_http_server(port, _LOOPBACK, meters.registry)
    except OSError as error:
        opened.close()
        raise PartMissing(
            f"port {port} for metrics cannot be used: {error.strerror}", hint="another one under [observe]"
        ) from error
    try:
        yield meters
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        opened.close()
