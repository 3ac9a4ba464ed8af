"""One page visited: what was asked, what was served, and what was read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.models import ExtractedPage
    from pipelines.store.frontier import Lease
    from pipelines.warc.records import Exchange


@frozen(kw_only=True)
class Rendering:
    """What a browser made of a page: its document as HTML, its picture (PNG), what it was made from."""

    document: bytes
    screenshot: bytes | None
    resources: tuple[Exchange, ...] = ()


@frozen(kw_only=True)
class Fetched:
    """What a server answered, whatever it turned out to be. By itself: robots.txt, which no lease asks for."""

    at: datetime
    url: str  # where it was served from, after redirects
    http_status: int
    content_type: str | None
    exchange: Exchange
    page: ExtractedPage
    hops: tuple[Exchange, ...] = ()
    rendering: Rendering | None = None


@frozen(kw_only=True)
class Visit(Fetched):
    """A page of the frontier that was fetched."""

    lease: Lease
    trouble: str | None = None  # why nothing was read from it, where reading failed
    seconds: float = 0.0  # from the request to the answer

    @property
    def may_pass(self) -> bool:
        """Whether the site answered with an error that may pass: too many requests, or a server's own."""
        return self.http_status == 429 or self.http_status >= 500


@frozen(kw_only=True)
class Failure:
    """A page that was not fetched: `again` says whether another attempt may help."""

    lease: Lease
    reason: str
    again: bool = True

    @property
    def may_pass(self) -> bool:
        """Whether the site, not the page, is in trouble."""
        return self.again
