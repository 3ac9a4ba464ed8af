"""A look at a site before it is watched: a few pages, by the same rules as any visit, kept nowhere."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import evolve, field, frozen
from pydantic import ValidationError
from sqlalchemy import make_url

from crawler.extraction import extract_json
from crawler.middlewares import StrictRobots
from crawler.pages import PageClasses
from crawler.process import PAGES, begin_run, carry_out, utc_now
from crawler.sites.drafting import Draft, draft_site, read_language
from crawler.sites.loading import LoadedSite
from crawler.sites.schema import RESERVED, Expect, Pace, SiteFile
from crawler.spiders.listings import ListingsSpider, make_hints
from pipelines.errors import BadInput, PartMissing
from pipelines.models import PageKind
from pipelines.settings import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy.http import Response

    from pipelines.models import ExtractedPage, JsonObject
    from pipelines.store.database import Database
    from pipelines.store.runs import Run
    from pipelines.workspace import Workspace

_DELAY = 1.0
"""Seconds between the two pages that a draft is made from."""

_GATES = (PageKind.LOGIN, PageKind.CHALLENGE)


@frozen(kw_only=True)
class LookedAt:
    """One page of a look."""

    url: str
    status: int
    body: bytes
    page: ExtractedPage


@frozen(kw_only=True)
class SiteLook:
    """What a look at a site file's pages told. `trouble` is why it ended early or found nothing, else None.

    `pages` are reports of extraction (docs/schema/extraction.json) with `url`, `http_status`, `kind`, `why`, and how
    many links of each kind; `refused` are the links that robots.txt refuses, `allowed` is how many it allows.
    """

    pages: list[JsonObject]
    trouble: str | None
    allowed: int
    refused: list[str] = field(factory=list)


class LookSpider(ListingsSpider):
    """Reads the pages it begins at, and of their links follows a few."""

    follow: ClassVar[Mapping[PageKind, int]] = {PageKind.DETAIL: 1}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.looked_at: list[LookedAt] = []
        self.allowed: dict[str, bool] = {}

    def read(self, response: Response) -> ExtractedPage:
        """Remember the page; of its links leave a few of each kind."""
        page = super().read(response)
        self.looked_at.append(LookedAt(url=response.url, status=response.status, body=response.body, page=page))
        robots = self.crawler.get_downloader_middleware(StrictRobots)
        if robots is not None:
            self.allowed |= {link.url: robots.allows(link.url) for link in page.links}
        few = [
            link
            for kind, most in self.follow.items()
            for link in [one for one in page.links if one.kind is kind and self.run.plan.follows(one.url)][:most]
        ]
        return evolve(page, links=tuple(few))


class CheckSpider(LookSpider):
    """Looks at one of each kind of page, and at a few listings."""

    follow: ClassVar[Mapping[PageKind, int]] = {PageKind.DETAIL: 3, PageKind.INDEX: 1, PageKind.SELLER: 1}


def look_at(workspace: Workspace, url: str, name: str) -> Draft:
    """Visit `url` and one listing that it links to, on the workspace's authority, and draft a site file from them.

    Raises `NotPermitted` without authority, and `BadInput` where the page cannot be read, with the reason.
    """
    if name in RESERVED:
        raise BadInput(f"no site can be called {name}", hint="choose another --name")
    try:
        file = SiteFile(site=name, start=[url], pace=Pace(pages=2, delay=_DELAY))
    except ValidationError as error:
        mistakes = tuple(one["msg"].removeprefix("Value error, ") for one in error.errors())
        raise BadInput("the site cannot be drafted", details=mistakes) from error
    outcome, spider = _visit(workspace, LoadedSite(file=file, sha256=""), LookSpider)
    pages = [(one.body.decode("utf-8", "replace"), one.page) for one in spider.looked_at if one.page.kind not in _GATES]
    if not pages or spider.fetched == 0 or (outcome.reason and not outcome.found["pages"]):
        raise BadInput(f"{url} cannot be looked at: {outcome.reason}", hint="give the address of a page of listings")
    return draft_site(name, url, pages, read_language(pages[0][0]))


def look_through(workspace: Workspace, loaded: LoadedSite, *, pages: int) -> SiteLook:
    """Visit up to `pages` pages of a site by its file, and say what was read from them.

    Raises what `VisitPlan.make` raises, and `PartMissing` where a browser is needed and missing.
    """
    file = loaded.file
    narrowed = file.model_copy(
        update={"pace": file.pace.model_copy(update={"pages": pages, "concurrency": 1}), "expect": Expect()}
    )
    outcome, spider = _visit(workspace, evolve(loaded, file=narrowed), CheckSpider)
    hints, now = make_hints(file), utc_now()
    found = []
    for one in spider.looked_at:
        report = extract_json(one.body, one.url, hints, now)
        counts = {kind.value: sum(link.kind is kind for link in one.page.links) for kind in CheckSpider.follow}
        kind, reason = one.page.kind.value, one.page.reason
        found.append(report | {"url": one.url, "http_status": one.status, "kind": kind, "why": reason, "links": counts})
    read = any(one.page.listing is not None or one.page.listings for one in spider.looked_at)
    return SiteLook(
        pages=found,
        trouble=None if read else outcome.reason or "no listing was found on these pages",
        allowed=sum(spider.allowed.values()),
        refused=sorted(url for url, allowed in spider.allowed.items() if not allowed),
    )


def _store_of(workspace: Workspace) -> Database | None:
    """The workspace's store, where it has one that answers."""
    url = make_url(workspace.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return None
    try:
        return workspace.open_database()
    except PartMissing:
        return None


def _visit(workspace: Workspace, loaded: LoadedSite, spider_class: type[LookSpider]) -> tuple[Run, LookSpider]:
    """A visit in a workspace of its own, on the same authority: what is seen while a file is written is no evidence."""
    with tempfile.TemporaryDirectory(prefix="tracemark-look-") as folder:
        aside = evolve(workspace, root=Path(folder), settings=workspace.settings.model_copy(update={"store": Store()}))
        aside.vault.mkdir()
        pages = PageClasses.load(workspace.root / PAGES)
        run = begin_run(aside, loaded, None, pages)
        with ExitStack() as stack:
            if (store := _store_of(workspace)) is not None:  # a host's pace is everybody's
                stack.callback(store.close)
                run = evolve(run, pace=evolve(run.pace, database=store))
            outcome, spider = carry_out(run, spider_class)
    if spider is None:
        raise KeyboardInterrupt
    return outcome, spider
