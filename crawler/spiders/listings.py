"""`listings`: one spider for all sites. It follows a site file and hands every page to the recorder."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Self

import scrapy
import structlog
from scrapy.exceptions import IgnoreRequest

from crawler.endings import GATES
from crawler.extraction import extract
from crawler.extraction.hints import ExtractionHints
from crawler.restraint import LONGEST_WAIT, MOST_IN_A_ROW, Restraint, read_retry_after
from crawler.troubles import explain
from crawler.visit import Failure, Fetched, Visit
from pipelines.models import ExtractedPage, ListingStatus, PageKind, RunStatus
from pipelines.work.holding import HoldLost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response
    from scrapy.http.request import VerboseCookie
    from twisted.python.failure import Failure as TwistedFailure

    from crawler.run import SiteRun
    from crawler.sites.schema import SiteFile
    from pipelines.store.frontier import Lease
    from pipelines.store.runs import Run

_log = structlog.get_logger(__name__)

_PAUSES = {
    PageKind.LOGIN: "the site asks for a login: give it a session (session: in the site file), then crawl again",
    PageKind.CHALLENGE: "the site shows a challenge or a consent wall: a person must look at it, then crawl again",
}


class ListingsSpider(scrapy.Spider):
    """Visits what the run's frontier leases; reads each page once, on this thread."""

    name = "listings"

    def __init__(self, run: SiteRun, restraint: Restraint) -> None:
        super().__init__(site=run.plan.site.file.site)
        self.run = run
        self.restraint = restraint
        self.hints = make_hints(run.plan.site.file)
        self.on_visit: Callable[[Visit | Failure], None]
        self.await_cycle: Callable[[], None] = _nothing_under_way
        self.stopped: tuple[RunStatus, str] | None = None
        self.outcome: Run | None = None
        self.error: BaseException | None = None
        self.fetched = run.visited
        self._greeted: set[str] = set()  # hosts that were given the session's cookies

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Compose the run from `-a site=NAME` (and `workspace=`, `delay=`), or take the one that is given."""
        from crawler.process import open_run, prepare  # noqa: PLC0415 -- it names this spider

        run: SiteRun = kwargs.get("run") or open_run(*args, **kwargs)
        spider = cls(run, prepare(crawler, run))
        spider._set_crawler(crawler)
        crawler.signals.connect(spider.take_unreadable, scrapy.signals.spider_error)
        crawler.signals.connect(spider.finish, scrapy.signals.spider_closed)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Nothing: where a visit begins is in the frontier."""
        for nothing in list[Any]():
            yield nothing

    @property
    def pages_left(self) -> int:
        """How many pages the run's budget still allows."""
        return self.run.plan.site.file.pace.pages - self.fetched

    def request(self, lease: Lease) -> Request:
        """The request for a leased page."""
        meta: dict[str, Any] = {"lease": lease}
        cookies: list[VerboseCookie] = []
        if self.run.plan.site.file.fetch == "browser":
            from crawler.browser import render_meta  # noqa: PLC0415 -- Playwright takes 0.3 s that HTTP sites need not pay

            meta |= render_meta(self.run.plan, lease.kind, self.run.now)
        elif self.run.plan.session.cookies:
            cookies = self.run.plan.session.cookies_for(lease.url) if self._greets(lease.url) else []
        return scrapy.Request(
            lease.url, callback=self.visit, errback=self.miss, dont_filter=True, meta=meta, cookies=cookies
        )

    def visit(self, response: Response) -> None:
        """Read a page and hand it over."""
        if not self.run.plan.bounds.contains(response.url):
            self._hand_over(Failure(lease=response.meta["lease"], reason="leads to another site", again=False))
            return
        page = self.read(response)
        if (missing := response.meta.get("missing")) and page.kind not in GATES:
            self._hand_over(Failure(lease=response.meta["lease"], reason=f"never showed {missing[0]}"))
            return
        self._take(response, page)
        if page.kind in GATES:
            self.stop(RunStatus.PAUSED, f"{response.url}: {_PAUSES[page.kind]} ({page.reason})")

    def read(self, response: Response) -> ExtractedPage:
        """What the page is and holds, whatever type its server calls it. An error holds nothing."""
        content_type = _content_type(response) or ""
        page = self.run.pages.improve(
            extract(response.body, url=response.url, hints=self.hints, now=self.run.now(), content_type=content_type),
            url=response.url,
            body=response.body,
            status=response.status,
            headers={"Content-Type": content_type},
        )
        removed = page.listing is not None and page.listing.status is ListingStatus.REMOVED
        if response.status >= 400 and page.kind not in GATES and not removed:
            return ExtractedPage(kind=PageKind.OTHER, reason=f"HTTP {response.status}")
        return page

    def miss(self, failure: TwistedFailure) -> None:
        """Note why a page could not be fetched."""
        request: Request = getattr(failure, "request")  # noqa: B009 -- set by Scrapy, unknown to Twisted
        error: Exception = failure.value  # type: ignore[assignment]  # Scrapy sends errors only
        again = not isinstance(error, IgnoreRequest)
        gateway = self.run.gateway
        reason = (gateway.trouble_at(request.url) if gateway is not None and again else None) or explain(error)
        self._hand_over(Failure(lease=request.meta["lease"], reason=reason, again=again))

    def take_unreadable(self, failure: TwistedFailure, response: Response) -> None:
        """Keep a page at which reading itself failed: its bytes are evidence, and the run goes on."""
        _log.error("page_unreadable", url=response.url, error=type(failure.value).__name__)
        reason = f"could not be read: {type(failure.value).__name__}"
        self._take(response, ExtractedPage(kind=PageKind.OTHER, reason=reason), trouble=reason)

    def take_robots(self, response: Response) -> None:
        """Keep what the site said it allows. It becomes durable with the page that it was asked for."""
        *hops, exchange = response.meta["exchanges"]
        kept = Fetched(
            at=exchange.at,
            url=response.url,
            http_status=response.status,
            content_type=_content_type(response),
            exchange=exchange,
            page=ExtractedPage(kind=PageKind.ROBOTS),
            hops=tuple(hops),
        )
        self.run.recorder.waiting.append(kept)

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
            from crawler.process import STOPPED  # noqa: PLC0415 -- it names this spider

            self.stopped = (RunStatus.INTERRUPTED, STOPPED)
        if isinstance(self.error, HoldLost):
            self.run.let_go()
            return
        status, why = self.stopped or (None, None)
        self.outcome = self.run.finish(stopped=status, reason=why)

    def _greets(self, url: str) -> bool:
        host = url.split("/", 3)[2]
        first = host not in self._greeted
        self._greeted.add(host)
        return first

    def _take(self, response: Response, page: ExtractedPage, trouble: str | None = None) -> None:
        self.fetched += 1
        *hops, exchange = response.meta["exchanges"]
        rendering = None
        if "picture" in response.meta:
            from crawler.browser import read_rendering  # noqa: PLC0415 -- as above

            rendering = read_rendering(response.meta, response.body)
        visit = Visit(
            lease=response.meta["lease"],
            at=exchange.at,
            url=response.url,
            http_status=response.status,
            content_type=_content_type(response),
            exchange=exchange,
            page=page,
            trouble=trouble,
            hops=tuple(hops),
            rendering=rendering,
            seconds=response.meta.get("download_latency", 0.0),
        )
        retry_after = (response.headers.get("Retry-After") or b"").decode("latin-1") or None
        self._hand_over(visit, read_retry_after(retry_after, self.run.now()))

    def _hand_over(self, outcome: Visit | Failure, asked: float | None = None) -> None:
        self.on_visit(outcome)
        if not outcome.may_pass:
            self.restraint.note_success()
            return
        self.restraint.note_failure(asked)
        if asked is not None and asked > LONGEST_WAIT:
            self.stop(
                RunStatus.PAUSED, f"the site asks to be left alone for {asked:.0f} seconds; crawl again after that"
            )
        elif self.restraint.failures >= MOST_IN_A_ROW:
            what = outcome.reason if isinstance(outcome, Failure) else f"HTTP {outcome.http_status}"
            self.stop(RunStatus.FAILED, f"{self.restraint.failures} pages in a row could not be had, the last: {what}")


def _nothing_under_way() -> None:
    """What there is to wait for before a scheduler has opened."""


def _content_type(response: Response) -> str | None:
    return (response.headers.get("Content-Type") or b"").decode("latin-1") or None


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
