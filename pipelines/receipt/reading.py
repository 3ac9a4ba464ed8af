"""What received pages are read by: the crawler's extractor, which the command line brings in (ADR 0005)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.models import ExtractedPage


class PageReader(Protocol):
    """Reads one page."""

    def __call__(self, body: bytes, *, url: str | None, content_type: str | None, at: datetime) -> ExtractedPage:
        """What the page is and holds. `at` is when it was taken; relative dates count back from it."""
        ...
