"""What a site file may say (docs/site-file.md is generated from here)."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter
from croniter.croniter import CroniterError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SELECTABLE = (
    "id",
    "title",
    "description",
    "price",
    "quantity",
    "condition",
    "category",
    "location",
    "country",
    "shipping",
    "posted",
    "updated",
    "images",
    "status",
    "seller_name",
    "seller_id",
    "seller_url",
    "seller_joined",
    "seller_licence",
)
"""Fields that a selector may point at."""

RESERVED = frozenset({"tips", "received"})
"""No site file's name: what is taken on a tip, and what others collected, lies in the vault under these."""

CRON_FIELDS = 5


def _check_pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


def _check_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{text!r} is no time zone; for example America/Chicago") from error
    return text


def _check_hours(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError('not hours of the day; for example "22:00-06:00"')
    return text


def _check_cron(text: str) -> str:
    if len(text.split()) != CRON_FIELDS:
        raise ValueError('not five fields (minute, hour, day, month, weekday); for example "30 2 * * *"')
    try:
        croniter(text, datetime(2026, 1, 1)).get_next(datetime)  # noqa: DTZ001 -- a clock face has no zone
    except CroniterError as error:
        raise ValueError(f'{error}; for example "30 2 * * *"') from error
    return text


def _check_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not a web address: it must begin with http:// or https:// and name a host")
    return text


def _check_variable(text: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", text):
        raise ValueError("not the name of an environment variable: secrets never stand in a site file")
    return text


Pattern = Annotated[str, AfterValidator(_check_pattern)]
Zone = Annotated[str, AfterValidator(_check_zone)]
Address = Annotated[str, AfterValidator(_check_address)]
Variable = Annotated[str, AfterValidator(_check_variable)]
Share = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """A part of a site file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteAuthority(Part):
    """On what authority the site is visited; what is not given here is the workspace's."""

    operator: str | None = Field(
        default=None, description="Who collects: an agency, a team, a newsroom. Told to the site in every request."
    )
    contact: str | None = Field(
        default=None, description="An address at which somebody answers. Told to the site in every request."
    )
    basis: str | None = Field(
        default=None, description="The legal basis or mandate, in words; recorded with every run."
    )
    reference: str | None = Field(default=None, description="The file number of the written authority.")
    expires: date | None = Field(default=None, description="The last day on which it holds; after it, no crawl.")


class Links(Part):
    """Which links lead where: regular expressions searched in the whole address.

    Only links within the site (the registered domain of the start pages) are followed. Without a pattern, what the
    links are is told from the pages.
    """

    listing: Pattern | None = Field(default=None, description="Listing pages; a group named `id` gives the site's id.")
    index: Pattern | None = Field(default=None, description="Further pages of listings, categories included.")
    seller: Pattern | None = Field(default=None, description="Pages about sellers; a group named `id` gives their id.")
    skip: Pattern | None = Field(default=None, description="Links that are never followed, whatever else matches them.")


class Browser(Part):
    """How a page is brought to show its listings, where it needs a browser."""

    wait_for: str | None = Field(
        default=None, description="CSS selector that must appear on every page before it is read."
    )
    wait_for_listing: str | None = Field(
        default=None, description="CSS selector that must appear on a listing page before it is read."
    )
    scroll: int = Field(
        default=0, ge=0, le=1000, description="On lists: scroll to the end at most so often, until nothing is added."
    )
    click: str | None = Field(
        default=None,
        description='On lists: CSS selector of a "more" button, pressed until it is gone.',
    )
    timeout: float = Field(
        default=30,
        gt=0,
        le=300,
        description="Seconds for each step of a page: loading, waiting, scrolling; three times as long for all of it.",
    )
    renew: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="Pages after which the browser goes on with an empty cache and memory; its cookies are kept.",
    )


class Pace(Part):
    """How gently the site is visited."""

    delay: float = Field(
        default=2.0,
        ge=0,
        le=3600,
        description="Seconds between requests to one host, whichever site file names it; with one under way at a time "
        "they begin at the answer. Less than 0.5 is for sites on this machine only. The wait grows while pages fail, "
        "and lasts as long as the site asks.",
    )
    concurrency: int = Field(default=1, ge=1, le=32, description="Requests under way at once.")
    pages: int = Field(default=10_000, ge=1, description="Most pages of one run; what is left is listed as not seen.")
    timeout: float = Field(default=30, gt=0, le=300, description="Seconds after which an answer is waited for no more.")
    hours: Annotated[str, AfterValidator(_check_hours)] | None = Field(
        default=None,
        description='Hours of the day in the site\'s `timezone`, like "22:00-06:00": outside them no request is made.',
    )


class Robots(Part):
    """robots.txt is obeyed unless a written authority says otherwise."""

    obey: bool = Field(default=True, description="Obey robots.txt.")
    authority: str | None = Field(default=None, description="The written authority not to; required with obey: false.")


class Schedule(Part):
    """When the site is visited."""

    cron: Annotated[str, AfterValidator(_check_cron)] | None = Field(
        default=None,
        description='When `tracemark watch` visits the site: minute, hour, day, month, weekday, like "15 */6 * * *". '
        "Without it only `tracemark crawl` does.",
    )
    timezone: Zone = Field(default="UTC", description="Zone in which `cron` is read.")
    jitter: float = Field(default=0, ge=0, description="Seconds by which `tracemark watch` may start late, at random.")


class Again(Part):
    """How many hours a listing that was read is left alone, by what it and its seller stand at (`review:` in queries).

    The pages of lists are read on every visit; a listing that left them is looked at whatever stands here. A listing
    counts as due from nine tenths of its hours on, so that a visit that begins a little early does not miss it.
    """

    review: float = Field(default=0, ge=0, le=8760, description="A listing that needs review. 0: on every visit.")
    idle: float = Field(default=0, ge=0, le=8760, description="One worth a look if idle, or not assessed yet.")
    none: float = Field(default=0, ge=0, le=8760, description="An ordinary one.")


class Expect(Part):
    """What a run should find; below it the run is `degraded` and says what fell."""

    listings: int | None = Field(default=None, ge=0, description="Least listings per run.")
    title: Share | None = Field(default=None, description="Least share of listings with a title.")
    price: Share | None = Field(default=None, description="Least share with a price.")
    seller: Share | None = Field(default=None, description="Least share with a seller.")
    posted: Share | None = Field(default=None, description="Least share with a date.")


class Session(Part):
    """A login given by an authority, never made by us; read from files that variables name."""

    cookies: Variable | None = Field(
        default=None,
        description="Environment variable with the path of a JSON file of cookies: a list of name, value, domain.",
    )
    storage_state: Variable | None = Field(
        default=None,
        description="Environment variable with the path of a storage state that Playwright wrote. For fetch: browser.",
    )


class SiteFile(Part):
    """One marketplace."""

    site: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Its name here: lower-case letters, digits, dashes."
    )
    start: list[Address] = Field(min_length=1, description="Where a visit begins.")
    fetch: Literal["http", "browser"] = Field(
        default="http", description="`browser` where a page shows nothing without its scripts: slower."
    )
    links: Links = Links()
    browser: Browser = Browser()
    pace: Pace = Pace()
    robots: Robots = Robots()
    authority: SiteAuthority = SiteAuthority()
    schedule: Schedule = Schedule()
    again: Again = Again()
    expect: Expect = Expect()
    session: Session = Session()
    proxy: Variable | None = Field(
        default=None,
        description="Environment variable with a proxy's address: http://HOST:PORT or socks5://HOST:PORT, "
        "a login before the host where one is needed. All requests go through it, and it resolves the names.",
    )
    currency: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{3}$",
        description="Currency of prices without one, as three letters (ISO 4217), like EUR.",
    )
    country: str | None = Field(
        default=None, pattern=r"^[A-Z]{2}$", description="The site's country, as two letters (ISO 3166)."
    )
    languages: list[str] = Field(default_factory=list, description="Languages of its pages, like [de, fr].")
    timezone: Zone = Field(default="UTC", description="Zone of dates without one.")
    date_order: Literal["DMY", "MDY", "YMD"] | None = Field(default=None, description="How 03/04/2026 is read.")
    selectors: dict[str, str] = Field(
        default_factory=dict,
        description="CSS, or XPath beginning with /, ./ or (, by field, where the general extractor is not enough.",
    )
