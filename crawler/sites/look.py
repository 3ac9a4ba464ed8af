"""A look at a site that is not known yet: two pages, by the same rules as any visit, kept nowhere."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve
from pydantic import ValidationError

from crawler.process import begin_run, carry_out
from crawler.sites.drafting import Draft, draft_site, read_language
from crawler.sites.loading import LoadedSite
from crawler.sites.schema import RESERVED, Pace, SiteFile
from crawler.spiders.listings import ListingsSpider
from pipelines.errors import BadInput
from pipelines.models import PageKind
from pipelines.settings import Store

if TYPE_CHECKING:
    from scrapy.http import Response

    from pipelines.models import ExtractedPage
    from pipelines.workspace import Workspace


class LookSpider(ListingsSpider):
    """Reads the page it begins at, and follows one link to a listing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.looked_at: list[tuple[str, ExtractedPage]] = []

    def read(self, response: Response) -> ExtractedPage:
        """Remember the page; of its links leave one."""
        page = super().read(response)
        self.looked_at.append((getattr(response, "text", ""), page))
        listings = [link for link in page.links if link.kind is PageKind.DETAIL]
        return evolve(page, links=tuple(listings[:1]))


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
    with tempfile.TemporaryDirectory(prefix="tracemark-look-") as folder:
        # A workspace of its own, on the same authority: what is seen while a file is drafted is no evidence.
        aside = evolve(workspace, root=Path(folder), settings=workspace.settings.model_copy(update={"store": Store()}))
        aside.vault.mkdir()
        outcome, spider = carry_out(begin_run(aside, LoadedSite(file=file, sha256=""), None), LookSpider)
    if spider is None:
        raise KeyboardInterrupt
    pages = [(html, page) for html, page in spider.looked_at if page.kind not in (PageKind.LOGIN, PageKind.CHALLENGE)]
    if not pages or spider.fetched == 0 or (outcome.reason and not outcome.found["pages"]):
        raise BadInput(f"{url} cannot be looked at: {outcome.reason}", hint="give the address of a page of listings")
    return draft_site(name, url, pages, read_language(pages[0][0]))


_DELAY = 1.0
"""Seconds between the two pages."""
