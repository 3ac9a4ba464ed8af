"""What a vault file can hold, before it is bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

HttpHeaders = tuple[tuple[bytes, bytes], ...]


@frozen(kw_only=True)
class HttpMessage:
    """A request or a response as raw bytes; `start_line` without its line end.

    `undone` names (lower case) the headers that no longer describe `body` because the collector undid
    them, typically `content-encoding` and `transfer-encoding`. They are kept as `X-Orig-…`, so that the
    record says what was served and still replays. Leave it empty where the body is as served.
    """

    start_line: bytes
    headers: HttpHeaders = ()
    body: bytes = b""
    undone: frozenset[str] = frozenset()


@frozen(kw_only=True)
class Exchange:
    """A response with the request that led to it (two records, response first). `at` is aware."""

    url: str
    at: datetime
    response: HttpMessage
    request: HttpMessage | None = None
    ip: str | None = None


@frozen(kw_only=True)
class Revisit:
    """A response whose body equals one that is already kept: only its headers are written.

    `payload_sha256` is of the body that came (lower-case hex); `refers_to_url` and `refers_to_at` name
    the record that holds it. `response.body` is ignored.
    """

    url: str
    at: datetime
    response: HttpMessage
    payload_sha256: str
    refers_to_url: str
    refers_to_at: datetime
    request: HttpMessage | None = None
    ip: str | None = None


@frozen(kw_only=True)
class Resource:
    """Bytes without an HTTP message of their own: a rendered page, a screenshot, a feed line."""

    url: str
    at: datetime
    content_type: str
    body: bytes


@frozen(kw_only=True)
class Metadata:
    """Bytes that say something about `url`: what the browser logged, why a page was refused."""

    url: str
    at: datetime
    content_type: str
    body: bytes


@frozen(kw_only=True)
class WarcInfo:
    """What a file is: software, operator, run. The first record of each file."""

    at: datetime
    fields: Mapping[str, str] = field(factory=dict)
    filename: str | None = None


Record = Exchange | Revisit | Resource | Metadata | WarcInfo
