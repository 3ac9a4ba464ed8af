"""How a page is rendered: Chromium through scrapy-playwright, its waits and scrolls, and what is kept of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import subprocess
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import structlog
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from scrapy_playwright.page import PageMethod

from crawler.downloading import ask, await_turn, fetch
from crawler.visit import Rendering
from pipelines.errors import PartMissing
from pipelines.models import CaptureMethod, PageKind
from pipelines.warc.records import Exchange, HttpMessage

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from playwright.async_api import Browser, Page, Request, Response
    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Request as ScrapyRequest
    from scrapy.http import Response as ScrapyResponse

    from crawler.plan import VisitPlan
    from crawler.spiders.listings import ListingsSpider

_log = structlog.get_logger(__name__)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_LARGEST_RESOURCE = 8_000_000
_PARTS_OF_A_PAGE = 3  # loading, waiting and scrolling may each take the site file's timeout
_SECONDS_TO_ANSWER = 5

LAUNCH_ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--disable-gpu",
    # Nothing leaves but by the gateway: no look-up of names, no datagrams.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
)

SCROLL = """async most => {
  let height = 0;
  for (let turn = 0; turn < most && document.documentElement.scrollHeight > height; turn++) {
    height = document.documentElement.scrollHeight;
    window.scrollTo(0, height);
    for (let wait = 0; wait < 60 && document.documentElement.scrollHeight === height; wait++) {
      await new Promise(done => setTimeout(done, 50));
    }
  }
}"""
_CLICK = """async selector => {
  for (let turn = 0; turn < 200; turn++) {
    const button = document.querySelector(selector);
    if (!button || button.disabled || button.offsetParent === null) return;
    button.click();
    await new Promise(done => setTimeout(done, 250));
  }
}"""


def find_chromium() -> str | None:
    """The path of a Chromium on this machine, or None."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def require_chromium() -> str:
    """The path of a Chromium; raises `PartMissing` with how to get one."""
    found = find_chromium()
    if found is None:
        raise PartMissing(
            "this site needs a browser, and no Chromium is on this machine",
            hint="make browser, or as root: apt-get install chromium",
        )
    return found


def may_sandbox() -> bool:
    """Whether Chromium's sandbox can start: not under root, nor where no user namespace may be made."""
    tool = shutil.which("unshare")
    if os.geteuid() == 0 or tool is None:
        return False
    tried = subprocess.run([tool, "--user", "--map-root-user", "true"], check=False, capture_output=True)  # noqa: S603 -- nobody's input
    if tried.returncode != 0:
        _log.warning("browser_without_sandbox", reason="no user namespace may be made here")
    return tried.returncode == 0


def browser_settings(plan: VisitPlan, executable: str, *, proxy: str) -> dict[str, Any]:
    """Scrapy settings for rendering with the Chromium at `executable`, all of whose traffic goes through `proxy`."""
    file = plan.site.file
    handler = "crawler.browser.WatchedHandler"
    return {
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler, "file": None, "ftp": None, "s3": None, "data": None},
        "PLAYWRIGHT_BROWSER_TYPE": "chromium",
        "PLAYWRIGHT_LAUNCH_OPTIONS": {
            "executable_path": executable,
            "headless": True,
            "handle_sigint": False,  # the first Ctrl-C ends the run in good order
            "args": [*LAUNCH_ARGUMENTS],
            "chromium_sandbox": may_sandbox(),  # without a word Playwright leaves it off
            # Playwright sends requests to this machine through the proxy too, which Chromium alone does not.
            "proxy": {"server": proxy},
        },
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": file.browser.timeout * 1000,
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": file.pace.concurrency,
        "PLAYWRIGHT_PROCESS_REQUEST_HEADERS": None,
        "PAGES_OF_A_CONTEXT": file.browser.renew,
    }


def context_arguments(plan: VisitPlan) -> dict[str, Any]:
    """How the browser's context is made: who visits, and with which session."""
    arguments: dict[str, Any] = {
        "user_agent": plan.user_agent,
        "service_workers": "block",  # their requests would be seen by no page
        "accept_downloads": False,
    }
    if (state := plan.session.browser_state()) is not None:
        arguments["storage_state"] = state
    return arguments


def render_meta(plan: VisitPlan, kind: PageKind, now: Callable[[], datetime]) -> dict[str, Any]:
    """The meta of a request that is to be rendered."""
    browser, kept = plan.site.file.browser, list[Exchange]()
    milliseconds = browser.timeout * 1000
    selectors = [browser.wait_for, browser.wait_for_listing if kind is PageKind.DETAIL else None]
    missing = list[str]()

    async def wait(page: Page, selector: str) -> None:
        try:
            await page.wait_for_selector(selector, timeout=milliseconds, state="attached")
        except PlaywrightTimeout:
            missing.append(selector)  # it may be a login or a challenge: that is told from the page itself

    steps = [PageMethod(wait, one) for one in selectors if one]
    if kind is PageKind.INDEX and browser.click:
        steps.append(PageMethod("evaluate", _CLICK, browser.click))
    if kind is PageKind.INDEX and browser.scroll:
        steps.append(PageMethod("evaluate", SCROLL, browser.scroll))
    picture = PageMethod("screenshot", full_page=True, type="png", timeout=milliseconds)

    async def prepare(page: Page, _request: ScrapyRequest) -> None:
        async def keep(response: Response) -> None:
            if (exchange := await _exchange(response, now())) is not None:
                kept.append(exchange)

        page.on("response", keep)

    return {
        "playwright": True,
        "playwright_context_kwargs": context_arguments(plan),
        "playwright_page_methods": [*steps, picture],
        "playwright_page_init_callback": prepare,
        "playwright_page_goto_kwargs": {"wait_until": "load"},
        "picture": picture,
        "missing": missing,
        "seconds": _PARTS_OF_A_PAGE * browser.timeout,
        "resources": kept,
    }


def read_rendering(meta: dict[str, Any], document: bytes) -> Rendering:
    """What the browser made of a page, from its request's meta."""
    picture = meta["picture"].result
    return Rendering(
        document=document,
        screenshot=picture if isinstance(picture, bytes) else None,
        resources=tuple(meta["resources"]),
    )


async def _exchange(response: Response, at: datetime) -> Exchange | None:
    """A response as the browser received it, its content coding undone; None where it has none to give."""
    try:
        body = await response.body()
        headers = await response.headers_array()
        request: Request = response.request
        asked = await request.headers_array()
    except PlaywrightError:
        return None  # a redirect, or the page was closed before its last picture came
    if len(body) > _LARGEST_RESOURCE:
        return None
    return Exchange(
        url=response.url,
        at=at,
        response=HttpMessage(
            start_line=f"HTTP/1.1 {response.status} {response.status_text}".strip().encode(),
            headers=tuple((one["name"].encode(), one["value"].encode()) for one in headers),
            body=body,
            undone=frozenset({"content-encoding", "transfer-encoding"}),
        ),
        request=HttpMessage(
            start_line=f"{request.method} {request.url} HTTP/1.1".encode(),
            headers=tuple((one["name"].encode(), one["value"].encode()) for one in asked),
        ),
    )


class WatchedHandler(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]  # it has no types
    """scrapy-playwright with a watchdog: a page that takes too long is closed, a browser that hangs is ended.

    Neither a script that never ends nor a browser that no longer answers can hold up a run. After some pages the next
    ones open in a fresh context, with the session as it then stands, and the old one is closed: what pages leave behind
    in a browser does not add up.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # Its log of requests asks the browser for a header of each request and each response, two messages apiece.
        logging.getLogger("scrapy-playwright").setLevel(logging.INFO)
        self._pages_of_a_context = crawler.settings.getint("PAGES_OF_A_CONTEXT")
        self._context = ""
        self._opened = 0
        self._under_way: Counter[str] = Counter()
        self._state: Any = None  # the session that the next context begins with, once there was one before it
        self._choosing = asyncio.Lock()

    async def _download_request_with_page(self, request: ScrapyRequest, page: Page, spider: Spider) -> ScrapyResponse:
        if not request.meta.pop("turn", False):
            await await_turn(self._crawler, request.url)  # its page was closed under it: it is asked for again
        await cast("ListingsSpider", self._crawler.spider).run.pace.note_request(
            request.url
        )  # opening a page took its time
        answer = partial(super()._download_request_with_page, request, page, spider)
        seconds = request.meta["seconds"]
        return await fetch(self._crawler, lambda: asyncio.wait_for(answer(), seconds), CaptureMethod.BROWSER)

    async def download_request(self, request: ScrapyRequest) -> ScrapyResponse:
        """The page, or TimeoutError."""
        if "seconds" not in request.meta:
            return await ask(self._crawler, request.url, partial(super().download_request, request))
        await await_turn(self._crawler, request.url)
        request.meta["turn"] = True
        context = await self._choose_context(request)
        self._under_way[context] += 1
        try:
            # Longer than a page may take: this one is for a browser that does not even close a page.
            return cast(
                "ScrapyResponse", await asyncio.wait_for(super().download_request(request), request.meta["seconds"] * 2)
            )
        except TimeoutError:
            await self._end_hung_browser()
            raise
        finally:
            self._under_way[context] -= 1
            await self._close_spent_contexts()

    async def _choose_context(self, request: ScrapyRequest) -> str:
        async with self._choosing:
            chosen = f"context-{self._opened // self._pages_of_a_context}"
            self._opened += 1
            if chosen != self._context:
                before = self.context_wrappers.get(self._context)
                with contextlib.suppress(TimeoutError, PlaywrightError):
                    if before is not None:
                        self._state = await asyncio.wait_for(before.context.storage_state(), request.meta["seconds"])
                self._context = chosen  # only now may the one before be closed
        request.meta["playwright_context"] = chosen
        if self._state is not None:
            request.meta["playwright_context_kwargs"] |= {"storage_state": self._state}
        return chosen

    async def _close_spent_contexts(self) -> None:
        spent = [name for name in self.context_wrappers if name != self._context and not self._under_way[name]]
        for name in spent:
            with contextlib.suppress(TimeoutError, PlaywrightError, KeyError):
                await asyncio.wait_for(self.context_wrappers[name].context.close(), _SECONDS_TO_ANSWER)

    async def _end_hung_browser(self) -> None:
        browser = getattr(self, "browser", None)
        if browser is not None and not await _answers(browser):
            with contextlib.suppress(TimeoutError, PlaywrightError):
                await asyncio.wait_for(browser.close(), _SECONDS_TO_ANSWER)


async def _answers(browser: Browser) -> bool:
    async def ask() -> None:
        context = await browser.new_context()
        await context.close()

    try:
        await asyncio.wait_for(ask(), _SECONDS_TO_ANSWER)
    except (TimeoutError, PlaywrightError):
        return False
    return True
