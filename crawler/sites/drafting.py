"""A first draft of a site file, from a look at one list page and one listing: for a person to finish."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from attrs import frozen

from pipelines.models import PageKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.models import ExtractedPage

_PAGE_NAMES = re.compile(r"^(?:p|pg|page|seite|pagina|página|offset|start|o)$", re.IGNORECASE)
_PAGE_IN_PATH = re.compile(r"/(page|seite|pagina|p)[/-]?\d+", re.IGNORECASE)


@frozen(kw_only=True)
class Draft:
    """What the look told; None where it told nothing."""

    name: str
    start: str
    language: str | None
    currency: str | None
    listing: str | None
    index: str | None
    seller: str | None

    def write(self) -> str:
        """The draft as a site file with words for who finishes it."""
        lines = [
            f"# Drafted by `tracemark site new`. Check it: tracemark site check sites/{self.name}.yaml",
            "# Every key is explained in docs/site-file.md.",
            f"site: {self.name}",
            f"start: ['{_quote(self.start)}']",
        ]
        if self.listing is None:
            lines += [
                "# No links to listings were seen. If the page shows them only after its scripts have run:",
                "# fetch: browser",
            ]
        lines.append("links:")
        for key, pattern, example in (
            ("listing", self.listing, r"/item/(?P<id>\d+)"),
            ("index", self.index, r"[?&]page=\d+"),
            ("seller", self.seller, "/user/(?P<id>[^/?#]+)"),
        ):
            lines.append(f"  {key}: '{_quote(pattern)}'" if pattern else f"  # {key}: '{example}'  # not seen")
        lines += [
            "  # skip: '/login'",
            "pace: {delay: 3, pages: 2000}",
            f"currency: {self.currency}" if self.currency else "# currency: EUR",
            "# country: DE",
            f"languages: [{self.language}]" if self.language else "# languages: [de]",
            "# timezone: Europe/Berlin",
            "# date_order: DMY",
            "# expect: {listings: 50, title: 1.0, price: 0.9}",
        ]
        return "\n".join(lines) + "\n"


def draft_site(name: str, start: str, pages: Sequence[tuple[str, ExtractedPage]], language: str | None) -> Draft:
    """Draft from `pages` (the HTML and what was read from it), the list page first."""
    links = [link for _, page in pages for link in page.links]
    listing = next((page.listing for _, page in pages if page.listing is not None), None)
    return Draft(
        name=name,
        start=start,
        language=language,
        currency=listing.price.currency if listing is not None and listing.price is not None else None,
        listing=guess_pattern([link.url for link in links if link.kind is PageKind.DETAIL]),
        index=guess_index_pattern([link.url for link in links if link.kind is PageKind.INDEX]),
        seller=guess_pattern([link.url for link in links if link.kind is PageKind.SELLER]),
    )


def guess_pattern(urls: Sequence[str]) -> str | None:
    """A pattern that finds all of `urls`, with the part in which they differ as `id`; None where there is none."""
    paths = sorted({urlsplit(url).path for url in urls})
    if not paths:
        return None
    first, last = paths[0].split("/")[:-1], paths[-1].split("/")[:-1]  # in their order: what these share, all do
    folder = "/".join(
        [*(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))), ""]
    )
    rests = [path.removeprefix(folder) for path in paths]
    start = re.escape(folder).replace(r"\-", "-")
    if folder == "/" and not all(re.match(r"\d+", rest) for rest in rests):
        return None  # it would find every page of the site
    if all(re.match(r"\d+", rest) for rest in rests):
        return rf"{start}(?P<id>\d+)"
    if all(re.search(r"\d{3,}", rest) for rest in rests):
        return rf"{start}[^?#]*?(?P<id>\d{{3,}})"
    return rf"{start}(?P<id>[^/?#]+)"


def guess_index_pattern(urls: Sequence[str]) -> str | None:
    """A pattern for the pages that follow a list, by a parameter or a step of the path that counts."""
    parts = [urlsplit(url) for url in urls]
    names = {
        name for one in parts for name, value in parse_qsl(one.query) if _PAGE_NAMES.match(name) and value.isdigit()
    }
    if names:
        return rf"[?&](?:{'|'.join(sorted(re.escape(name) for name in names))})=\d+"
    steps = [match for one in parts if (match := _PAGE_IN_PATH.search(one.path)) is not None]
    if steps:
        return rf"/{steps[0][1]}[/-]?\d+"
    return guess_pattern(urls) if len(urls) > 1 else None


def read_language(html: str) -> str | None:
    """The language that a page names for itself, two letters."""
    match = re.search(r"<html[^>]*?\slang\s*=\s*[\"']?([a-zA-Z]{2})\b", html[:5000])
    return match[1].lower() if match else None


def _quote(text: str) -> str:
    """`text` for YAML's single quotes."""
    return text.replace("'", "''")
