"""Writing to Elasticsearch so that nothing is lost and nothing doubled.

Every item has its own id and an external version, so that the same request may be sent any number of times: after a
reset, a lost reply or a refusal it simply is. Each item's answer is read; what was refused for want of room waits and
goes again, what can never go in is handed back with its reason. The client's own helpers do not: measured, with a
tenth of the items answered 429 once, `parallel_bulk(raise_on_error=False)` lost 100 documents of 1,000.
"""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, Any, TypeVar, cast

import structlog
from attrs import frozen
from elasticsearch import ApiError, SSLError, TransportError

from pipelines.errors import NotPermitted, PartMissing, TracemarkError
from pipelines.index.port import FailedItem, UpsertReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from elasticsearch import Elasticsearch

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")

PASSING = frozenset({429, 500, 502, 503, 504})
REQUEST_BYTES = 5_000_000  # Elastic's guide says 5 to 15 MB a request
TOO_LARGE = 413
LATER_VERSION_THERE = 409
NOT_THERE = 404


@frozen(kw_only=True)
class Operation:
    """One item of a bulk request: a key as of a sequence, and the document as JSON in `body`, or None to delete."""

    key: str
    sequence: int
    body: str | None

    def lines(self) -> list[str]:
        """The item's lines in a bulk request."""
        target = {"_id": self.key, "version": self.sequence, "version_type": "external_gte"}
        if self.body is None:
            return [json.dumps({"delete": target})]
        return [json.dumps({"index": target}), self.body]


@frozen(kw_only=True)
class Patience:
    """How often a call is tried again: waits double from `first_wait` to `longest_wait` seconds, with jitter."""

    attempts: int = 10
    first_wait: float = 0.1
    longest_wait: float = 15.0
    sleep: Callable[[float], None] = time.sleep

    def waits(self) -> Iterator[float]:
        """Seconds to wait before each further attempt."""
        for attempt in range(self.attempts - 1):
            longest = min(self.longest_wait, self.first_wait * 2**attempt)
            yield longest * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads retries, guards nothing

    def call(self, ask: Callable[[], Answer]) -> Answer:
        """The answer, asked for again after passing failures. PartMissing when patience ends."""
        waits = self.waits()
        while True:
            try:
                return ask()
            except SSLError as error:
                raise PartMissing(
                    f"Elasticsearch is there, but its certificate is not trusted: {str(error)[:200]}",
                    hint="name the authority that signed it: TRACEMARK_INDEX_CA=FILE",
                ) from error
            except TransportError as error:
                failure: ApiError | TransportError = error
            except ApiError as error:
                if error.meta.status not in PASSING:
                    raise as_ours(error) from error
                failure = error
            wait = next(waits, None)
            if wait is None:
                raise unreachable(failure) from failure
            log.warning("elasticsearch_call_repeated", reason=str(failure)[:200], wait=round(wait, 3))
            self.sleep(wait)


def unreachable(failure: ApiError | TransportError) -> PartMissing:
    """What to tell a person when the server does not answer."""
    return PartMissing(
        f"Elasticsearch does not answer: {str(failure)[:200]}",
        hint="check that it runs, and the address in TRACEMARK_INDEX_URL or tracemark.toml",
    )


def as_ours(error: ApiError) -> Exception:
    """A refusal as one of our errors; NotFoundError stays what it is."""
    if error.meta.status in {401, 403}:
        return NotPermitted(
            f"Elasticsearch refused: {str(error)[:200]}", hint="check TRACEMARK_INDEX_PASSWORD and the user's rights"
        )
    if error.meta.status == NOT_THERE:
        return error
    return TracemarkError(f"Elasticsearch refused the request: {str(error)[:500]}")


class BulkWriter:
    """Sends operations until every one is done, or has failed for good, or patience has ended."""

    def __init__(self, client: Elasticsearch, patience: Patience) -> None:
        self._client = client
        self._patience = patience

    def write(self, alias: str, operations: Sequence[Operation], *, require_alias: bool) -> UpsertReport:
        """Write in requests of about REQUEST_BYTES."""
        done = 0
        failed: list[FailedItem] = []
        for part in _portions(operations):
            report = self._write_portion(alias, part, require_alias=require_alias)
            done += report.done
            failed += report.failed
        return UpsertReport(done=done, failed=tuple(failed))

    def _write_portion(self, alias: str, operations: Sequence[Operation], *, require_alias: bool) -> UpsertReport:
        waiting = list(operations)
        done = 0
        failed: list[FailedItem] = []
        waits = self._patience.waits()
        while True:
            passing: list[tuple[Operation, str]] = []
            for operation, status, reason in self._send(alias, waiting, require_alias=require_alias):
                if status in {200, 201, LATER_VERSION_THERE} or (status == NOT_THERE and operation.body is None):
                    done += 1
                elif status in PASSING:
                    passing.append((operation, reason))
                else:
                    failed.append(FailedItem(key=operation.key, reason=reason, permanent=True))
            if not passing:
                return UpsertReport(done=done, failed=tuple(failed))
            wait = next(waits, None)
            if wait is None:
                failed += [FailedItem(key=item.key, reason=reason, permanent=False) for item, reason in passing]
                return UpsertReport(done=done, failed=tuple(failed))
            log.warning("elasticsearch_items_repeated", items=len(passing), reason=passing[0][1], wait=round(wait, 3))
            self._patience.sleep(wait)
            waiting = [operation for operation, _ in passing]

    def _send(
        self, alias: str, operations: Sequence[Operation], *, require_alias: bool
    ) -> list[tuple[Operation, int, str]]:
        """Every operation with the status and reason it was answered; a request that failed answers for all of it."""
        lines = [line for operation in operations for line in operation.lines()]
        try:
            answer = self._client.bulk(
                index=alias,
                operations=cast("Sequence[Mapping[str, Any]]", lines),  # the client sends text lines as they are
                require_alias=require_alias,
                filter_path="errors,items.*.status,items.*.error",
            )
        except TransportError as error:
            return [(operation, 503, str(error)[:300]) for operation in operations]
        except ApiError as error:
            if error.meta.status == TOO_LARGE and len(operations) > 1:
                half = len(operations) // 2
                return [
                    answered
                    for part in (operations[:half], operations[half:])
                    for answered in self._send(alias, part, require_alias=require_alias)
                ]
            if error.meta.status in PASSING | {TOO_LARGE}:
                return [(operation, error.meta.status, str(error)[:300]) for operation in operations]
            raise as_ours(error) from error
        items = answer.get("items", [])
        if len(items) != len(operations):
            return [(operation, 503, "the answer is not whole") for operation in operations]
        return [_outcome(operation, item) for operation, item in zip(operations, items, strict=True)]


def _outcome(operation: Operation, item: dict[str, Any]) -> tuple[Operation, int, str]:
    answer = next(iter(item.values()))
    error = answer.get("error") or {}
    cause = error.get("caused_by") or {}
    reason = " ".join(part for part in (error.get("type"), error.get("reason"), cause.get("reason")) if part)
    return operation, int(answer["status"]), reason[:300]


def _portions(operations: Sequence[Operation]) -> Iterator[Sequence[Operation]]:
    size = first = 0
    for at, operation in enumerate(operations):
        length = len(operation.key) + len(operation.body or "")
        if at > first and size + length > REQUEST_BYTES:
            yield operations[first:at]
            size, first = 0, at
        size += length
    if first < len(operations):
        yield operations[first:]
