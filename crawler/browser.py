"""How a page is rendered: Chromium through scrapy-playwright, its waits and scrolls, and what is kept of it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError
from scrapy_playwright.page import PageMethod

from crawler.addresses import AddressRule, ForbiddenAddress
from crawler.visit import Rendering
from pipelines.errors import PartMissing
from pipelines.models import PageKind
from pipelines.warc.records import Exchange, HttpMessage

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from playwright.async_api import Page, Request, Response
    from playwright.async_api import Route as PlaywrightRoute  # noqa: F401 -- named in scrapy-playwright's interface
    from scrapy.http import Request as ScrapyRequest

    from crawler.sites.schema import SiteFile

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_LARGEST_RESOURCE = 8_000_000

_SCROLL = """async most => {
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


def browser_settings(executable: str, *, as_root: bool, timeout: float, pages: int) -> dict[str, Any]:
    """Scrapy settings for rendering with the Chromium at `executable`."""
    # Chromium's sandbox cannot start under root.
    sandbox = ["--no-sandbox"] if as_root else []
    arguments = [*sandbox, "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    handler = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
    return {
        "DOWNLOAD_HANDLERS": {"http": handler, "https": handler, "file": None, "ftp": None, "s3": None, "data": None},
        "PLAYWRIGHT_BROWSER_TYPE": "chromium",
        "PLAYWRIGHT_LAUNCH_OPTIONS": {
            "executable_path": executable,
            "headless": True,
            "args": [*arguments, "--no-first-run", "--disable-quic", "--disable-gpu"],
        },
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": timeout * 1000,
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": pages,
        "PLAYWRIGHT_PROCESS_REQUEST_HEADERS": None,
    }


def render_meta(file: SiteFile, kind: PageKind, now: Callable[[], datetime]) -> dict[str, Any]:
    """The meta of a request that is to be rendered."""
    browser, kept = file.browser, list[Exchange]()
    milliseconds = browser.timeout * 1000
    selectors = [browser.wait_for, browser.wait_for_listing if kind is PageKind.DETAIL else None]
    steps = [PageMethod("wait_for_selector", one, timeout=milliseconds) for one in selectors if one]
    if kind is PageKind.INDEX and browser.click:
        steps.append(PageMethod("evaluate", _CLICK, browser.click))
    if kind is PageKind.INDEX and browser.scroll:
        steps.append(PageMethod("evaluate", _SCROLL, browser.scroll))
    picture = PageMethod("screenshot", full_page=True, type="png", timeout=milliseconds)

    async def prepare(page: Page, _request: ScrapyRequest) -> None:
        async def keep(response: Response) -> None:
            if (exchange := await _exchange(response, now())) is not None:
                kept.append(exchange)

        page.on("response", keep)

    return {
        "playwright": True,
        "playwright_page_methods": [*steps, picture],
        "playwright_page_init_callback": prepare,
        "playwright_page_goto_kwargs": {"wait_until": "load"},
        "picture": picture,
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


class RequestRule:
    """Refuses a browser's requests to addresses that a crawl may not visit (scrapy-playwright calls it)."""

    def __init__(self, rule: AddressRule) -> None:
        self._rule = rule

    def __call__(self, request: Request) -> bool:
        """Whether to abort the request."""
        try:
            self._rule.check_url(request.url)
        except ForbiddenAddress:
            return True
        return False
