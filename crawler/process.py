"""One crawl, one process: composes a run from a workspace and a site file, and lets Scrapy carry it out."""

from __future__ import annotations

import os
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from crawler.addresses import is_loopback_url
from crawler.run import SiteRun
from crawler.sites.loading import load_site, resolve_authority
from pipelines import __version__
from pipelines.errors import BadInput, NotPermitted
from pipelines.models import RunStatus
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

    from crawler.sites.loading import LoadedSite
    from crawler.sites.schema import SiteFile
    from pipelines.models import JsonObject
    from pipelines.store.runs import Run

LEAST_DELAY = 0.5
"""Seconds between requests to one host, below which only this machine itself may be visited."""


@frozen(kw_only=True)
class CrawlOutcome:
    """How a crawl ended, and what it brought."""

    run: Run
    new: int
    changed: int
    unchanged: int
    ended: int
    resumed: bool


def new_id() -> str:
    """A new id for a run or a capture: a random UUID, hex."""
    return uuid.uuid4().hex


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def find_site(workspace: Workspace, name: str) -> LoadedSite:
    """The site file called `name` in the workspace, or at the path `name`."""
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        path = workspace.sites / f"{name}.yaml"
    if not path.is_file():
        known = sorted(found.stem for found in workspace.sites.glob("*.yaml"))
        near = get_close_matches(name, known, n=1)
        hint = (
            f"did you mean {near[0]}?"
            if near
            else f"sites here: {', '.join(known) or 'none yet'}; tracemark site new URL"
        )
        raise BadInput(f"no site file {path}", hint=hint)
    return load_site(path)


def open_run(site: str, workspace: str | None = None, delay: str | float | None = None, **_others: Any) -> SiteRun:
    """The run of `site` in `workspace`, begun or resumed. The site stays held until the process ends.

    Raises `NotPermitted` without authority, or when asked to go faster than is polite.
    """
    place = Workspace.find(workspace, os.environ, Path.cwd())
    loaded = find_site(place, site)
    authority = resolve_authority(loaded.file, place.settings.authority, utc_now().date())
    check_pace(loaded.file, None if delay is None else float(delay))
    held = ExitStack()
    held.enter_context(place.hold(f"site-{loaded.file.site}"))
    return SiteRun.begin(
        loaded, authority, database=place.open_database(), vault=place.vault, now=utc_now, new_id=new_id, held=held
    )


def check_pace(file: SiteFile, delay: float | None) -> None:
    """Refuse a pace below the politeness floor for any host but this machine."""
    asked = file.pace.delay if delay is None else delay
    away = [url for url in file.start if not is_loopback_url(url)]
    if asked < LEAST_DELAY and away:
        raise NotPermitted(
            f"{asked:g} seconds between requests to {away[0]} is below the floor of {LEAST_DELAY:g}",
            hint=f"pace.delay: {LEAST_DELAY:g} or more; only a site on this machine may be visited faster",
        )


def apply_settings(settings: BaseSettings, file: SiteFile, authority: JsonObject, *, delay: str | float | None) -> None:
    """What the site file decides, as Scrapy settings."""
    pace = file.pace
    chosen: dict[str, Any] = {
        "USER_AGENT": f"Tracemark/{__version__} (+{authority['contact']}; {authority['operator']})",
        "DOWNLOAD_DELAY": pace.delay if delay is None else float(delay),
        "DOWNLOAD_DELAY_JITTER": 0,
        "CONCURRENT_REQUESTS": pace.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": pace.concurrency,
        "ROBOTSTXT_OBEY": file.robots.obey,
        "DOWNLOAD_TIMEOUT": file.browser.timeout * 2 if file.fetch == "browser" else 30,
    }
    if file.fetch == "browser":
        from crawler.browser import browser_settings, require_chromium  # noqa: PLC0415 -- only sites that need it

        chosen |= browser_settings(
            require_chromium(), as_root=os.geteuid() == 0, timeout=file.browser.timeout, pages=pace.concurrency
        )
    for name, value in chosen.items():
        settings.set(name, value, priority="spider")


def crawl_site(workspace: Workspace, name: str, *, delay: float | None) -> CrawlOutcome:
    """Visit a site now, in this process; returns when what was seen is durable.

    Raises what `open_run` raises, and the error that stopped the run where store or vault could not be written.
    """
    from scrapy.crawler import CrawlerProcess  # noqa: PLC0415 -- 0.5 s that a refusal need not take
    from scrapy.utils.project import get_project_settings  # noqa: PLC0415

    from crawler.spiders.listings import ListingsSpider  # noqa: PLC0415

    run = open_run(name, workspace=str(workspace.root), delay=delay)
    process = CrawlerProcess(get_project_settings())
    crawler = process.create_crawler(ListingsSpider)
    process.crawl(crawler, run=run, delay=delay)
    process.start()
    spider = crawler.spider
    if not isinstance(spider, ListingsSpider):
        raise TypeError("the crawl ended before its spider began")
    if spider.error is not None:
        raise spider.error
    report = run.recorder.report
    return CrawlOutcome(
        run=spider.outcome,
        new=report.new,
        changed=report.changed,
        unchanged=report.unchanged,
        ended=report.ended,
        resumed=run.resumed,
    )


def was_interrupted(outcome: CrawlOutcome) -> bool:
    """Whether the crawl was stopped from outside."""
    return outcome.run.status is RunStatus.INTERRUPTED
