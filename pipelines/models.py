"""What flows through Tracemark: frozen values, no behaviour beyond their own meaning.

Words are those of docs/glossary.md. Times are timezone-aware `datetime` in UTC unless a field says that
it is the site's own wording.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal


class ListingStatus(StrEnum):
    """Where a listing stands, as far as was seen."""

    ACTIVE = "active"
    SOLD = "sold"
    REMOVED = "removed"  # by a moderator, and the page says so
    GONE = "gone"  # answered 404 or 410, or left the index and was looked at again


class PageKind(StrEnum):
    """What a fetched page is."""

    DETAIL = "detail"
    INDEX = "index"
    SELLER = "seller"
    LOGIN = "login"
    CHALLENGE = "challenge"
    ROBOTS = "robots"  # robots.txt: no page of the site, but what it allows
    OTHER = "other"


class RunStatus(StrEnum):
    """How a run stands or ended."""

    RUNNING = "running"
    DONE = "done"
    DEGRADED = "degraded"  # it ended, and found less than its site file expects
    PAUSED = "paused"  # a person is needed: login, challenge, consent wall
    FAILED = "failed"  # the site was down, answered errors or garbage
    INTERRUPTED = "interrupted"  # stopped from outside; the next run goes on from there


class CaptureMethod(StrEnum):
    """How the bytes of a capture came to us."""

    HTTP = "http"
    BROWSER = "browser"
    FEED = "feed"  # received from the marketplace, not collected
    RECEIVED = "received"  # a page that others collected: from a WARC or WACZ file, or saved


@frozen(kw_only=True)
class Price:
    """An amount in the currency stated (ISO 4217), or None where the page does not say which."""

    amount: Decimal
    currency: str | None


@frozen(kw_only=True)
class Contact:
    """A way to reach the seller as written in a text: `start` and `end` are code points of `field`."""

    kind: str  # phone, email, messenger, payment
    value: str  # normalised: E.164 where the country is known, lower-case e-mail
    field: str  # title or description
    start: int
    end: int


@frozen(kw_only=True)
class SellerRef:
    """An account as a listing or profile page shows it."""

    id: str
    name: str | None = None
    url: str | None = None
    joined: str | None = None  # ISO date, or the site's own wording where it could not be read
    licence: str | None = None  # the licence number as stated
    profile: str | None = None  # the account's own text about itself


@frozen(kw_only=True)
class Provenance:
    """Where a field was found.

    `source` is one of json-ld, microdata, opengraph, script, label, structure, heuristic, selector, url or feed;
    `detail` says it more closely (a path, a label).
    """

    source: str
    detail: str = ""


@frozen(kw_only=True)
class ListingContent:
    """What one capture says about a listing. Text is kept as it was served."""

    id: str
    url: str | None
    title: str
    description: str = ""
    price: Price | None = None
    quantity: int | None = None
    condition: str | None = None
    category: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(factory=dict)
    seller: SellerRef | None = None
    contacts: tuple[Contact, ...] = ()
    location: str | None = None
    country: str | None = None  # ISO 3166-1 alpha-2
    shipping: str | None = None
    posted: str | None = None  # ISO 8601 date or time in the site's zone
    updated: str | None = None
    images: tuple[str, ...] = ()
    status: ListingStatus = ListingStatus.ACTIVE
    provenance: Mapping[str, Provenance] = field(factory=dict)


@frozen(kw_only=True)
class Link:
    """A link found on a page, absolute, with what it is thought to lead to."""

    url: str
    kind: PageKind  # detail, index (a further page of listings), seller


@frozen(kw_only=True)
class ExtractedPage:
    """What a page is and what it holds."""

    kind: PageKind
    listing: ListingContent | None = None
    seller: SellerRef | None = None
    links: tuple[Link, ...] = ()
    reason: str = ""  # why `kind`, in a few words
    listings: tuple[ListingContent, ...] = ()  # of an index: every offer that it holds itself, with id and title


@frozen(kw_only=True)
class StoredBytes:
    """Where bytes lie in the vault: a file relative to the vault, an offset and a length in bytes."""

    file: str
    offset: int
    length: int
    payload_sha256: str  # of the body as served, or of the feed line, lower-case hex


@frozen(kw_only=True)
class Capture:
    """One page as it was served, or one feed line as it was received."""

    id: str
    site: str
    run: str
    url: str | None
    method: CaptureMethod
    at: datetime
    http_status: int | None
    content_type: str | None
    stored: StoredBytes
    kind: PageKind
    screenshot: StoredBytes | None = None
    resources: tuple[StoredBytes, ...] = ()  # what a rendered page was made from
    revisit_of: str | None = None


JsonObject = dict[str, Any]
