"""Everything that the finders of single fields look at, and what they answer with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit

from attrs import define, field, frozen

from crawler.extraction.structured import first, text_of
from pipelines.models import Provenance
from pipelines.reading.dates import read_date
from pipelines.reading.prices import read_price

if TYPE_CHECKING:
    from datetime import datetime

    from crawler.extraction.document import Document
    from crawler.extraction.hints import ExtractionHints
    from crawler.extraction.rows import Row
    from crawler.extraction.structured import Node, Structured
    from pipelines.models import Price

Value = TypeVar("Value")

# The currency of a country's everyday prices, by country-code domain or region: only to tell apart marks that
# several currencies share. Source: ISO 4217.
_CURRENCIES = {
    "us": "USD",
    "ca": "CAD",
    "au": "AUD",
    "nz": "NZD",
    "hk": "HKD",
    "sg": "SGD",
    "tw": "TWD",
    "mx": "MXN",
    "ar": "ARS",
    "cl": "CLP",
    "co": "COP",
    "uy": "UYU",
    "cn": "CNY",
    "jp": "JPY",
    "se": "SEK",
    "no": "NOK",
    "dk": "DKK",
    "is": "ISK",
    "sa": "SAR",
    "qa": "QAR",
    "om": "OMR",
    "ye": "YER",
    "kw": "KWD",
    "jo": "JOD",
    "bh": "BHD",
    "iq": "IQD",
    "dz": "DZD",
    "tn": "TND",
    "eg": "EGP",
}
_WORD = re.compile(r"[^\W_]+")


@frozen(kw_only=True)
class Found(Generic[Value]):
    """A value and where it was found."""

    value: Value
    source: str
    detail: str = ""

    @property
    def provenance(self) -> Provenance:
        """Where the value was found, as a listing keeps it."""
        return Provenance(source=self.source, detail=self.detail)


@define
class Facts:
    """One page, read every way, with what the site file says about its site."""

    document: Document
    structured: Structured
    rows: list[Row]
    hints: ExtractionHints
    now: datetime
    languages: tuple[str, ...]
    currency: str | None
    title_block: int = field(default=0)
    title: str = field(default="")

    @property
    def offer(self) -> Node | None:
        """The thing the page is about, by its own structured data; None where it describes several alike."""
        offers = self.structured.offers
        outer = [node for node in offers if node.depth == offers[0].depth and node.source == offers[0].source]
        if not outer or (len(outer) > 1 and len({text_of(node.data, "name") for node in outer}) > 2):
            return None
        return max(outer, key=lambda node: len(node.data))

    @property
    def end_of_first_post(self) -> int:
        """The block at which the first answer of a conversation begins, else one past all."""
        posts = self.document.posts
        return posts[1].block if len(posts) > 1 else len(self.document.blocks) + 1

    def row(self, field_name: str) -> Row | None:
        """The first labelled value of a field."""
        return next((row for row in self.rows if row.field == field_name), None)

    def read_price(self, text: str, currency: str | None = None) -> Price | None:
        """Read an amount with what is known of the page's currency."""
        return read_price(text, currency=currency or self.currency)

    def read_date(self, text: str) -> str | None:
        """Read a moment with what is known of the page's languages and zone."""
        return read_date(
            text, now=self.now, languages=self.languages, order=self.hints.date_order, zone=self.hints.timezone
        )

    @property
    def site_names(self) -> set[str]:
        """Words by which the page calls its site, in lower case."""
        host = self.document.base.origin.rpartition("/")[2]
        names = {self.document.meta.get("og:site_name", "").lower(), host, host.removeprefix("www.")}
        parts = [part for part in host.split(":")[0].split(".") if part not in {"www", "com", "co", "org", "net"}]
        return {name for name in {*names, *parts[:1]} if name}


def find_languages(document: Document, hints: ExtractionHints) -> tuple[str, ...]:
    """The site file's languages, else the page's own."""
    return hints.languages or ((document.language.strip(),) if document.language and document.language.strip() else ())


def find_currency(document: Document, structured: Structured, hints: ExtractionHints) -> str | None:
    """Find the currency that shared marks stand for on this page."""
    if hints.currency:
        return hints.currency
    for key in ("product:price:currency", "og:price:currency"):
        if key in document.meta:
            return document.meta[key].upper()[:3]
    for node in structured.offers:
        stated = text_of(node.data, "priceCurrency") or text_of(first(node.data, "offers"), "priceCurrency")
        if stated and len(stated) == 3:
            return stated.upper()
    host = urlsplit(document.base.origin).hostname or ""
    region = (document.language or "").rpartition("-")[2].lower()
    country = (hints.country or "").lower()
    for key in (country, host.rpartition(".")[2], region if "-" in (document.language or "") else ""):
        if key in _CURRENCIES:
            return _CURRENCIES[key]
    return None


def words_of(text: str) -> list[str]:
    """The words of a text, folded for comparing."""
    return [word.casefold() for word in _WORD.findall(text)]
