"""Traces from the request for a page to its place in the index: one trace for what one page brought.

The trace goes with the change of a listing, through the store's journal (W3C Trace Context, "traceparent"), so that
assessing and indexing add to it from whatever process they run in, hours later if need be. Off unless configured: then
nothing is recorded, and OpenTelemetry is not loaded.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen

from pipelines.errors import PartMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

_FLUSH = 3000
"""Milliseconds that the end of a piece of work waits for a collector; what it does not take is dropped."""


@frozen
class Step:
    """A span under way, or none."""

    span: Span | None = None

    @property
    def parent(self) -> str | None:
        """What a later step goes on from: its traceparent."""
        if self.span is None:
            return None
        context = self.span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"

    def end(self, at: datetime | None = None) -> None:
        """The step is done, now or at `at`."""
        if self.span is not None:
            self.span.end(_nanoseconds(at or datetime.now(UTC)))


@frozen
class Tracing:
    """Starts steps. Without a provider it starts none. Make one with `Tracing.open`."""

    provider: TracerProvider | None = None

    @classmethod
    def open(cls, endpoint: str | None, process: str = "tracemark") -> Tracing:
        """Traces for the collector at `endpoint` (OTLP over HTTP), none without one. Raises `PartMissing`."""
        if endpoint is None:
            return cls()
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 -- of the extra `observe`
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise PartMissing(
                f"traces need the package {error.name}", hint="pip install 'tracemark[observe]', or no [observe] traces"
            ) from error
        provider = TracerProvider(resource=Resource.create({"service.name": process}), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint, timeout=_FLUSH / 1000)))
        return cls(provider)

    @property
    def is_on(self) -> bool:
        """Whether anything is recorded."""
        return self.provider is not None

    def start(self, name: str, at: datetime, parent: str | None = None, **facts: str | int) -> Step:
        """A step that began at `at`, under the step whose traceparent `parent` is, or as the first of a new trace."""
        if self.provider is None:
            return Step()
        tracer = self.provider.get_tracer("tracemark")
        return Step(
            tracer.start_span(name, context=_context(parent), start_time=_nanoseconds(at), attributes=dict(facts))
        )

    def flush(self) -> None:
        """Hand over what is done."""
        if self.provider is not None:
            self.provider.force_flush(_FLUSH)

    def close(self) -> None:
        """Hand over what is done, and end."""
        if self.provider is not None:
            self.provider.force_flush(_FLUSH)
            self.provider.shutdown()


@contextmanager
def traced(endpoint: str | None) -> Iterator[Tracing]:
    """Tracing for the length of a block."""
    tracing = Tracing.open(endpoint)
    try:
        yield tracing
    finally:
        tracing.close()


def _context(parent: str | None) -> Any:
    from opentelemetry.context import Context  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    carrier = {} if parent is None else {"traceparent": parent}
    return TraceContextTextMapPropagator().extract(carrier, Context())


def _nanoseconds(at: datetime) -> int:
    return round(at.timestamp() * 1e9)
