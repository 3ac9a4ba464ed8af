"""Scrapy's scheduler over the durable frontier.

Pages come from the recorder's leases. Requests that Scrapy itself makes on the way (redirects) are kept in memory:
they belong to a lease that is still open, and are made again if the process dies.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Self

from scrapy.core.scheduler import BaseScheduler
from scrapy.utils.defer import deferred_from_coro

from pipelines.models import RunStatus
from pipelines.work.holding import HoldLost

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from twisted.internet.defer import Deferred

    from crawler.recorder import CycleResult, Recorder
    from crawler.spiders.listings import ListingsSpider
    from crawler.visit import Failure, Visit
    from pipelines.store.fetches import Fetch

GROUP = 48
"""Visits that share one sync and one transaction."""

_RENEWAL = 0.5
"""Seconds after which it is looked again whether the site's lease was renewed."""

LINGER = 0.05
"""Seconds that a group waits for more, where the crawl has other pages under way."""


class FrontierScheduler(BaseScheduler):
    """Leases pages ahead of the downloader and makes visits durable behind it, a cycle at a time."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._again: deque[Request] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recorder")
        self._cycle: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._drained = False  # the frontier had no more to lease, and nothing has come in since
        self._closed = False
        self._failed = False
        self._under_way = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """One for each run."""
        return cls(crawler)

    def open(self, spider: ListingsSpider) -> None:  # type: ignore[override]
        """Lease the first pages."""
        self._spider = spider
        spider.on_visit = self.record
        spider.await_cycle = self._thread.shutdown
        self._begin_cycle()

    def close(self, reason: str) -> Deferred[None]:  # noqa: ARG002 -- Scrapy's signature
        """Make durable what was still waiting; nothing more is leased."""
        return deferred_from_coro(self._finish())

    async def _finish(self) -> None:
        self._closed = True
        if self._alarm is not None:
            self._alarm.cancel()
        if self._timer is not None:
            self._timer.cancel()
        if self._cycle is not None:
            await asyncio.wait([self._cycle])
        if not self._failed:
            last = asyncio.ensure_future(self._run_cycle())
            await asyncio.wait([last])
            self._end_cycle(last)
        self._thread.shutdown()

    def has_pending_requests(self) -> bool:
        """Whether a page may still come: leased, under way, waiting to be made durable, or not yet asked for."""
        at_hand = self._again or self._recorder.leases or self._has_news()
        return not self._failed and bool(at_hand or self._cycle or self._under_way or not self._drained)

    def enqueue_request(self, request: Request) -> bool:
        """Keep a redirect's request; the pages that a page links to come through the frontier."""
        self._again.append(request)
        return True

    def next_request(self) -> Request | None:
        """The next page to fetch, or None while there is none at hand."""
        wait = self._spider.restraint.wait()
        if wait > 0:
            self._wake_in(wait)
            return None
        if not self._is_ours():
            return None
        if self._again:
            return self._again.popleft()
        if not self._spider.run.in_hours():
            self._spider.stop(RunStatus.INTERRUPTED, "the site's hours are over; the next crawl goes on from here")
            return None
        leases = self._recorder.leases
        if len(leases) < GROUP // 2 and not self._drained:
            self._begin_cycle()
        if not leases:
            return None
        self._under_way += 1
        return self._spider.request(leases.popleft())

    def record(self, outcome: Visit | Failure) -> None:
        """Take what became of a lease; it is durable when a cycle has taken it."""
        self._under_way -= 1
        self._drained = False
        self._recorder.waiting.append(outcome)
        if len(self._recorder.waiting) >= GROUP or not self._under_way:
            self._begin_cycle()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._begin_cycle)

    def _is_ours(self) -> bool:
        """Whether the site is surely ours; where it may be about to end, wait for the renewal."""
        try:
            sure = self._spider.run.may_ask(self._spider.run.plan.spare)
        except HoldLost as lost:
            self._failed = True  # what is under way is written by nobody
            self._spider.fail(lost)
            return False
        if not sure:
            self._wake_in(_RENEWAL)
        return sure

    @property
    def _recorder(self) -> Recorder:
        return self._spider.run.recorder

    def _has_news(self) -> bool:
        return bool(self._recorder.waiting)

    def _wake_in(self, seconds: float) -> None:
        if self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(seconds, self._wake)

    def _wake(self) -> None:
        self._alarm = None
        slot = getattr(self._crawler.engine, "_slot", None)
        if slot is not None and not self._closed:
            slot.nextcall.schedule()

    def _begin_cycle(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._cycle is None and not self._closed and not self._failed:
            self._cycle = asyncio.ensure_future(self._run_cycle())
            self._cycle.add_done_callback(self._end_cycle)

    async def _run_cycle(self) -> None:
        recorder = self._recorder
        outcomes, recorder.waiting = recorder.waiting, []
        fetches: list[Fetch] = []
        if outcomes:
            fetches, recorder.fetches = recorder.fetches, fetches
        budget = self._spider.pages_left - self._under_way - len(recorder.leases)
        wanted = 0 if self._closed else max(0, min(2 * GROUP - len(recorder.leases), budget))
        self._drained = True  # unless the cycle fills its order, or news comes while it runs
        last = not self._under_way and not recorder.leases
        result: CycleResult = await asyncio.get_running_loop().run_in_executor(
            self._thread, partial(recorder.cycle, outcomes, wanted, last=last, fetches=fetches)
        )
        recorder.report += result.report
        recorder.leases.extend(result.leases)
        if wanted and len(result.leases) == wanted:
            self._drained = False

    def _end_cycle(self, cycle: asyncio.Task[None]) -> None:
        self._cycle = None
        if not cycle.cancelled() and (error := cycle.exception()) is not None:
            # Nothing of this cycle is in the store, and its pages are still leased: the next run goes on from there.
            self._failed = True
            self._spider.fail(error)
            return
        if self._has_news() and not self._under_way:
            self._begin_cycle()
        self._wake()
