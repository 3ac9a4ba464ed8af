"""`listings`: one spider for all sites. It follows a site file and hands every page to the recorder."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Self

import scrapy
from scrapy.exceptions import IgnoreRequest

from crawler.extraction import extract
from crawler.extraction.hints import ExtractionHints
from crawler.visit import Failure, Visit
from pipelines.models import ExtractedPage, PageKind, RunStatus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response
    from twisted.python.failure import Failure as TwistedFailure

    from crawler.run import SiteRun
    from crawler.sites.schema import SiteFile
    from pipelines.store.frontier import Lease

_PAUSES = {
    PageKind.LOGIN: "the site asks for a login: give it a session (session: in the site file), then crawl again",
    PageKind.CHALLENGE: "the site shows a challenge or a consent wall: a person must look at it, then crawl again",
}


class ListingsSpider(scrapy.Spider):
    """Visits what the run's frontier leases; reads each page once, on this thread."""

    name = "listings"

    def __init__(self, run: SiteRun) -> None:
        super().__init__(site=run.site.file.site)
        self.run = run
        self.hints = make_hints(run.site.file)
        self.on_visit: Callable[[Visit | Failure], None]
        self.stopped: tuple[RunStatus, str] | None = None
        self.error: BaseException | None = None
        self.fetched = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Compose the run from `-a site=NAME` (and `workspace=`, `delay=`), or take the one that is given."""
        from crawler.process import apply_settings, open_run  # noqa: PLC0415 -- it names this spider

        run: SiteRun = kwargs.get("run") or open_run(*args, **kwargs)
        apply_settings(crawler.settings, run.site.file, run.run.authority, delay=kwargs.get("delay"))
        spider = cls(run)
        spider._set_crawler(crawler)
        crawler.signals.connect(spider.finish, scrapy.signals.spider_closed)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Nothing: where a visit begins is in the frontier."""
        for nothing in list[Any]():
            yield nothing

    @property
    def pages_left(self) -> int:
        """How many pages the run's budget still allows."""
        return self.run.site.file.pace.pages - self.fetched

    def request(self, lease: Lease) -> Request:
        """The request for a leased page."""
        meta: dict[str, Any] = {"lease": lease}
        if self.run.site.file.fetch == "browser":
            from crawler.browser import render_meta  # noqa: PLC0415 -- Playwright takes 0.3 s that HTTP sites need not pay

            meta |= render_meta(self.run.site.file, lease.kind, self.run.now)
        return scrapy.Request(lease.url, callback=self.visit, errback=self.miss, dont_filter=True, meta=meta)

    def visit(self, response: Response) -> None:
        """Read a page and hand it over."""
        self.fetched += 1
        lease: Lease = response.meta["lease"]
        *hops, exchange = response.meta["exchanges"]
        rendering = None
        if "picture" in response.meta:
            from crawler.browser import read_rendering  # noqa: PLC0415 -- as above

            rendering = read_rendering(response.meta, response.body)
        page = self.read(response)
        self.on_visit(
            Visit(
                lease=lease,
                at=exchange.at,
                url=response.url,
                http_status=response.status,
                content_type=(response.headers.get("Content-Type") or b"").decode("latin-1") or None,
                exchange=exchange,
                page=page,
                text=getattr(response, "text", ""),
                hops=tuple(hops),
                rendering=rendering,
            )
        )
        if page.kind in _PAUSES:
            self.stop(RunStatus.PAUSED, f"{response.url}: {_PAUSES[page.kind]} ({page.reason})")

    def read(self, response: Response) -> ExtractedPage:
        """What the page is and holds. A page that is no HTML, or an error, holds nothing."""
        text = getattr(response, "text", None)
        if text is None:
            return ExtractedPage(kind=PageKind.OTHER, reason="not text")
        page = extract(
            text,
            url=response.url,
            hints=self.hints,
            now=self.run.now(),
            content_type=(response.headers.get("Content-Type") or b"").decode("latin-1"),
        )
        if response.status >= 400 and page.kind not in _PAUSES:
            return ExtractedPage(kind=PageKind.OTHER, reason=f"HTTP {response.status}")
        return page

    def miss(self, failure: TwistedFailure) -> None:
        """Note why a page could not be fetched."""
        request: Request = getattr(failure, "request")  # noqa: B009 -- set by Scrapy, unknown to Twisted
        error = failure.value
        again = not isinstance(error, IgnoreRequest)
        reason = str(error) if not again else type(error).__name__
        self.on_visit(Failure(lease=request.meta["lease"], reason=reason or type(error).__name__, again=again))

    def stop(self, status: RunStatus, reason: str) -> None:
        """End the run before its frontier is empty."""
        if self.stopped is None:
            self.stopped = (status, reason)
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=status.value))

    def fail(self, error: BaseException) -> None:
        """End the run because store or vault cannot be written."""
        self.error = error
        self.stop(RunStatus.INTERRUPTED, str(error))

    def finish(self, reason: str) -> None:
        """Judge the run. Called when everything that was seen is durable."""
        if self.stopped is None and reason == "shutdown":
            self.stopped = (RunStatus.INTERRUPTED, "stopped from outside; the next crawl goes on from here")
        status, why = self.stopped or (None, None)
        self.outcome = self.run.finish(stopped=status, reason=why)


def make_hints(file: SiteFile) -> ExtractionHints:
    """What the site file tells the extractor."""
    links = file.links
    listing = re.compile(links.listing) if links.listing else None
    return ExtractionHints(
        currency=file.currency,
        country=file.country,
        languages=tuple(file.languages),
        timezone=file.timezone,
        date_order=file.date_order,
        listing_links=listing,
        index_links=re.compile(links.index) if links.index else None,
        seller_links=re.compile(links.seller) if links.seller else None,
        listing_id=listing if listing is not None and listing.groups else None,
        selectors=file.selectors,
    )
