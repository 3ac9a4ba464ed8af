"""What the API takes and gives (docs/schema has the same contracts)."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Shown(BaseModel):
    # What a later version of a contract adds is handed on, not dropped.
    model_config = ConfigDict(extra="allow")


class DecisionRequest(_Given):
    """A person's decision about a listing."""

    site: str = Field(max_length=64)
    id: str = Field(max_length=512, description="The site's own id of the listing.")
    decision: Literal["relevant", "not_relevant", "unsure"]
    reason: str = Field(default="", max_length=2_000)


class DecisionAnswer(_Shown):
    """A decision as it was kept."""

    number: int
    site: str
    id: str
    at: datetime
    actor: str
    decision: str
    reason: str


class PriceAnswer(_Shown):
    """An amount as stated; `currency` is ISO 4217, or null where the page does not say."""

    amount: int | float
    currency: str | None


class SignalAnswer(_Shown):
    """One signal; `start` and `end` count code points of `field`."""

    name: str
    polarity: Literal["for", "against"]
    weight: float
    family: str
    field: str
    start: int
    end: int
    text: str
    confidence: float
    layer: str
    reason: str


class AssessmentAnswer(_Shown):
    """What the classifiers observed in a listing's words."""

    language: str
    class_: str = Field(alias="class")
    class_probability: float
    signals: list[SignalAnswer]
    scores: dict[str, float]
    review: Literal["none", "idle", "review"]
    abstained: str | None
    versions: dict[str, str]


class ListingLine(_Shown):
    """The Export line."""

    site: str
    id: str
    url: str | None
    status: str
    first_seen: str
    last_seen: str
    title: str
    description: str | None
    price: PriceAnswer | None
    seller: dict[str, Any] | None
    contacts: list[dict[str, Any]]
    location: str | None
    posted: str | None
    items: list[dict[str, Any]]
    assessment: AssessmentAnswer | None


class CaptureAnswer(_Shown):
    """One page as it was served, or one feed line as it was received."""

    id: str
    url: str | None
    at: datetime
    method: str
    http_status: int | None
    payload_sha256: str


class VersionAnswer(_Shown):
    """What one capture said about a listing."""

    number: int
    seen_at: datetime
    capture: str
    content_sha256: str
    content: dict[str, Any]


class ListingAnswer(ListingLine):
    """The Export line with its versions, captures and decisions."""

    level: Literal["none", "idle", "review"] | None
    level_from: str
    versions: list[VersionAnswer]
    captures: list[CaptureAnswer]
    decisions: list[dict[str, Any]]


class HitAnswer(ListingLine):
    """A listing found."""

    score: float
    highlights: dict[str, list[dict[str, int]]]
    snippet: dict[str, Any] | None


class CountAnswer(_Shown):
    """How many of the hits have a value."""

    value: str
    count: int


class BarAnswer(_Shown):
    """How many of the hits lie from `start` on, up to the next bar."""

    start: str
    count: int


class SearchAnswer(_Shown):
    """A page of hits; `cursor` continues it."""

    total: int
    hits: list[HitAnswer]
    facets: dict[str, list[CountAnswer]]
    histograms: dict[str, list[BarAnswer]]
    cursor: str | None


class SellerAnswer(_Shown):
    """The export line of a seller; `windows` and `signals` are empty until it has been assessed."""

    site: str
    id: str
    name: str | None
    licence: dict[str, Any] | None
    first_seen: str | None
    last_seen: str | None
    windows: list[dict[str, Any]]
    new_in_box_ratio: float | None
    signals: list[dict[str, Any]]
    review: str | None
    listings: list[dict[str, str]]


class RunAnswer(_Shown):
    """One visit to a site, with what it expected and what it found."""

    id: str
    site: str
    started: datetime
    finished: datetime | None
    status: str
    reason: str | None
    expected: dict[str, Any]
    found: dict[str, Any]
    unseen: dict[str, Any]


class StatusAnswer(_Shown):
    """The workspace in figures."""

    listings: int
    unassessed: int
    set_aside: int
    to_decide: int
    idle: int
    sites: list[dict[str, Any]]


class FailureAnswer(_Shown):
    """Why a request was not answered."""

    error: str
    hint: str | None
    details: list[str]
