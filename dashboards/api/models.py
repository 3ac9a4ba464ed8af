"""What the API takes and gives (docs/schema has the same contracts)."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboards.people.identity import Role
from pipelines.cases.models import CaseState


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


class PlaceRequest(_Given):
    """A listing or a seller: its site, and the site's own id."""

    site: str = Field(max_length=64)
    id: str = Field(max_length=512)


class CasePacketRequest(_Given):
    """How a packet is made: for outside readers without pages, pictures, contacts, names and handles."""

    redacted: bool = False


class PacketRequest(PlaceRequest):
    """A listing whose packet is wished."""

    redacted: bool = False


class CaseRequest(_Given):
    """A new case. Without a reference it gets the year's next number."""

    name: str = Field(max_length=200)
    reference: str | None = Field(default=None, max_length=64)


class CaseMembersRequest(_Given):
    """What goes into a case."""

    listings: list[PlaceRequest] = Field(default=[], max_length=500)
    sellers: list[PlaceRequest] = Field(default=[], max_length=500)


class NoteRequest(_Given):
    """What is to be written down."""

    text: str = Field(max_length=20_000)


class TaskRequest(_Given):
    """What is to be done."""

    text: str = Field(max_length=20_000)
    assignee: str | None = Field(default=None, max_length=200)
    due: date | None = None


class PersonRequest(_Given):
    """A new account."""

    name: str = Field(max_length=64)
    role: Role
    password: str = Field(max_length=256)


class RoleRequest(_Given):
    """A role to give."""

    role: Role


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


class CaseLine(_Shown):
    """A case in a list (docs/schema/case.json tells of one)."""

    reference: str
    name: str
    state: CaseState
    owner: str
    changed: datetime


class CaseAnswer(CaseLine):
    """A case with all that is in it."""

    listings: list[dict[str, Any]]
    sellers: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    tasks: list[dict[str, Any]]
    agreements: list[dict[str, Any]]
    history: list[dict[str, Any]]


class MeAnswer(_Shown):
    """Who asks. `role` is null at a desk without accounts, where whoever sits at the machine may do everything."""

    name: str
    role: Role | None
    matter: str | None
    rights: list[str]


class AccountAnswer(_Shown):
    """An account."""

    name: str
    role: Role
    created: datetime
    disabled: datetime | None
    temporary_password: bool


class LogAnswer(_Shown):
    """Rows of the custody log; `older` is the next `before`, null at the end."""

    total: int
    rows: list[dict[str, Any]]
    older: int | None


class AlertAnswer(_Shown):
    """A saved search."""

    name: str
    query: str
    owner: str
    rhythm: str


class FailureAnswer(_Shown):
    """Why a request was not answered."""

    error: str
    hint: str | None
    details: list[str]
