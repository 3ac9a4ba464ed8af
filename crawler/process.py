"""One crawl, one process: composes a run from a workspace and a site file, and lets Scrapy carry it out."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import frozen
from scrapy import signals

from crawler.pages import PageClasses
from crawler.plan import VisitPlan
from crawler.restraint import Restraint
from crawler.run import SiteRun
from crawler.sites.loading import load_site
from pipelines.errors import BadInput
from pipelines.logs import configure_logs
from pipelines.models import RunStatus
from pipelines.observe.tracing import traced
from pipelines.work.holding import LEASE, held
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.sites.loading import LoadedSite
    from crawler.spiders.listings import ListingsSpider
    from pipelines.store.runs import Run
    from pipelines.work.leases import Claim

_Spider = TypeVar("_Spider", bound="ListingsSpider")

PAGES = "pages"
"""The folder of a workspace with its page classes."""

STOPPED = "stopped from outside; the next crawl goes on from here"


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
    """The run of `site` in `workspace`, begun or resumed. The site stays held until the run is finished.

    Raises what `VisitPlan.make` raises, `PartMissing` where a browser is needed and missing, and `WorkspaceHeld`
    while another process visits the site.
    """
    place = Workspace.find(workspace, os.environ, Path.cwd())
    return begin_run(place, find_site(place, site), delay)


def begin_run(
    place: Workspace,
    loaded: LoadedSite,
    delay: str | float | None,
    pages: PageClasses | None = None,
    claim: Claim | None = None,
) -> SiteRun:
    """As `open_run`, for a workspace and a site file at hand.

    `pages` are the workspace's own unless given; `claim` is how the site was claimed for this process, if it was.
    """
    pages = pages or PageClasses.load(place.root / PAGES)
    plan = VisitPlan.make(loaded, place.settings.authority, delay=delay, environment=os.environ, now=utc_now())
    if loaded.file.fetch == "browser":
        from crawler.browser import require_chromium  # noqa: PLC0415 -- only sites that need it

        require_chromium()
    configure_logs(place.settings.observe.log_level, as_json=place.settings.observe.log_json)
    with ExitStack() as stack:
        database = place.open_database()
        stack.callback(database.close)
        seconds = plan.spare + (LEASE if claim is None else claim.seconds)
        what = f"site-{loaded.file.site}"
        tracing = stack.enter_context(traced(place.settings.observe.traces))
        hold = stack.enter_context(held(place, database, what, claim=claim, seconds=seconds, rest=plan.delay))
        return SiteRun.begin(
            plan,
            hold=hold,
            vault=place.vault,
            now=utc_now,
            new_id=new_id,
            held=stack.pop_all(),
            pages=pages,
            tracing=tracing,
        )


def prepare(crawler: Crawler, run: SiteRun) -> Restraint:
    """Set what the plan decides as Scrapy's settings, and start the run's gateway where it has one."""
    plan, file = run.plan, run.plan.site.file
    chosen: dict[str, Any] = {
        "USER_AGENT": plan.user_agent,
        "DOWNLOAD_DELAY": plan.delay,
        "DOWNLOAD_DELAY_JITTER": 0,
        "CONCURRENT_REQUESTS": file.pace.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": file.pace.concurrency,
        "ROBOTSTXT_OBEY": file.robots.obey,
        "DOWNLOAD_TIMEOUT": file.pace.timeout,
    }
    if file.fetch == "browser":
        from crawler.browser import browser_settings, require_chromium  # noqa: PLC0415 -- only sites that need it

        chosen |= browser_settings(plan, require_chromium(), proxy=run.gateway.url if run.gateway else "")
    for name, value in chosen.items():
        crawler.settings.set(name, value, priority="spider")
    if run.gateway is not None:
        crawler.signals.connect(run.gateway.start, signals.engine_started)
        crawler.signals.connect(run.gateway.close, signals.engine_stopped)
    return Restraint(clock=time.monotonic, step=plan.delay)


def crawl_site(workspace: Workspace, name: str, *, delay: float | None, claim: Claim | None = None) -> CrawlOutcome:
    """Visit a site now, in this process, under `claim` where it was claimed; returns when what was seen is durable.

    Raises what `open_run` raises, and the error that stopped the run where store or vault could not be written.
    """
    from crawler.spiders.listings import ListingsSpider  # noqa: PLC0415 -- 0.5 s that a refusal need not take

    run = begin_run(workspace, find_site(workspace, name), delay, claim=claim)
    outcome, _ = carry_out(run, ListingsSpider)
    report = run.recorder.report
    return CrawlOutcome(
        run=outcome,
        new=report.new,
        changed=report.changed,
        unchanged=report.unchanged,
        ended=report.ended,
        resumed=run.resumed,
    )


def carry_out(run: SiteRun, spider_class: type[_Spider]) -> tuple[Run, _Spider | None]:
    """Let Scrapy carry out a run, once in the life of this process: how it ended, and the spider if one began.

    A run that was stopped before its spider could say so is recorded as interrupted, like any that is stopped.
    """
    from scrapy.crawler import CrawlerProcess  # noqa: PLC0415 -- as above
    from scrapy.utils.project import get_project_settings  # noqa: PLC0415

    configure_logs()  # where nobody has yet: Scrapy's standard output is for data
    process = CrawlerProcess(get_project_settings())
    crawler = process.create_crawler(spider_class)
    begun = process.crawl(crawler, run=run)
    process.start()  # from here on Scrapy takes the signals
    failure = _failure_of(begun)
    spider = crawler.spider if isinstance(crawler.spider, spider_class) else None
    if spider is not None and spider.error is not None:
        raise spider.error
    if spider is not None and spider.outcome is not None:
        return spider.outcome, spider
    if spider is not None:
        spider.await_cycle()
    outcome = run.finish(stopped=RunStatus.INTERRUPTED, reason=STOPPED if failure is None else str(failure))
    if failure is not None:
        raise failure
    return outcome, spider


def _failure_of(begun: Any) -> BaseException | None:
    """What kept Scrapy from beginning, if anything did."""
    found: list[BaseException] = []
    begun.addErrback(lambda failure: found.append(failure.value))
    return found[0] if found else None
