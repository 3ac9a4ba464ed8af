"""Reads received pages with the extractor, by the site's own file where the workspace has one (ADR 0005)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from crawler.extraction import ExtractionHints, extract

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.models import ExtractedPage
    from pipelines.store.runs import SiteRecord
    from pipelines.workspace import Workspace


@frozen
class ReceivedPageReader:
    """The crawler's `pipelines.receipt.reading.PageReader`."""

    hints: ExtractionHints

    def __call__(self, body: bytes, *, url: str | None, content_type: str | None, at: datetime) -> ExtractedPage:
        """What the page is and holds; a page whose address is a name of ours finds its own."""
        address = None if url is None or url.startswith("urn:") else url
        return extract(body, url=address, hints=self.hints, now=at, content_type=content_type)


def open_reader(workspace: Workspace, site: SiteRecord) -> ReceivedPageReader:
    """The reader for pages of `site`. Raises `BadInput` where its site file has mistakes."""
    path = workspace.sites / f"{site.name}.yaml"
    if not path.is_file():
        return ReceivedPageReader(ExtractionHints(currency=site.currency, country=site.country))
    from crawler.sites.loading import load_site  # noqa: PLC0415 -- only sites that have a file
    from crawler.spiders.listings import make_hints  # noqa: PLC0415 -- Scrapy takes 0.5 s

    return ReceivedPageReader(make_hints(load_site(path).file))
