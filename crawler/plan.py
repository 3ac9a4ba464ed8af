"""How one visit to a site is to go: everything that is decided before the first request, refusals included."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Self

from attrs import frozen

from crawler.addresses import AddressRule, SiteBounds, is_loopback_url
from crawler.restraint import Hours
from crawler.session import Session
from crawler.sites.loading import resolve_authority
from crawler.upstream import Upstream
from pipelines import __version__
from pipelines.errors import BadInput, ConfigurationError, NotPermitted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from crawler.sites.loading import LoadedSite
    from crawler.sites.schema import SiteFile
    from pipelines.models import JsonObject
    from pipelines.settings import Authority

LEAST_DELAY = 0.5
"""Seconds between requests to one host, below which only this machine itself may be visited."""


@frozen(kw_only=True)
class VisitPlan:
    """Make one with `VisitPlan.make`."""

    site: LoadedSite
    authority: JsonObject
    delay: float
    user_agent: str
    bounds: SiteBounds
    rule: AddressRule
    session: Session
    hours: Hours | None
    upstream: Upstream | None
    skip: re.Pattern[str] | None

    @classmethod
    def make(
        cls,
        site: LoadedSite,
        workspace: Authority,
        *,
        delay: str | float | None,
        environment: Mapping[str, str],
        now: datetime,
    ) -> Self:
        """The plan for a visit to `site` at `now`.

        Raises `NotPermitted` without authority, outside the site's hours, or where it would be faster than is
        polite; `ConfigurationError` where a variable that the file names is missing; `BadInput` for no number.
        """
        file = site.file
        authority = resolve_authority(file, workspace, now.date())
        asked = read_delay(delay, file)
        check_pace(file, asked)
        hours = None if file.pace.hours is None else Hours.read(file.pace.hours, file.timezone)
        if hours is not None and not hours.contain(now):
            raise NotPermitted(
                f"{file.site} is visited only from {file.pace.hours} ({file.timezone}), by its site file",
                hint="crawl again then, or change pace.hours",
            )
        return cls(
            site=site,
            authority=authority,
            delay=asked,
            user_agent=write_user_agent(authority),
            bounds=SiteBounds.of(file.start),
            rule=AddressRule.of(environment),
            session=Session.read(file, environment),
            hours=hours,
            upstream=_read_upstream(file, environment),
            skip=re.compile(file.links.skip) if file.links.skip else None,
        )

    @property
    def spare(self) -> float:
        """Seconds from handing a page to the downloader until it is asked for, and a delay after that."""
        return self.delay * (self.site.file.pace.concurrency + 1)

    def follows(self, url: str) -> bool:
        """Whether a link belongs to the site and is not one to skip."""
        return self.bounds.contains(url) and not (self.skip is not None and self.skip.search(url))


def read_delay(given: str | float | None, file: SiteFile) -> float:
    """The delay asked for, in seconds, else the site file's."""
    if given is None:
        return file.pace.delay
    try:
        delay = float(given)
    except ValueError as error:
        raise BadInput(f"a delay of {given!r} is no number of seconds") from error
    if not 0 <= delay <= 3600:
        raise BadInput(f"a delay of {given} seconds is out of range", hint="0.5 to 3600")
    return delay


def check_pace(file: SiteFile, delay: float) -> None:
    """Refuse a pace below the politeness floor for any host but this machine."""
    away = [url for url in file.start if not is_loopback_url(url)]
    if delay < LEAST_DELAY and away:
        raise NotPermitted(
            f"{delay:g} seconds between requests to {away[0]} is below the floor of {LEAST_DELAY:g}",
            hint=f"pace.delay: {LEAST_DELAY:g} or more; only a site on this machine may be visited faster",
        )


def write_user_agent(authority: JsonObject) -> str:
    """Who visits, in the letters that a header may hold: others are left out, accents are dropped."""
    operator, contact = (
        re.sub(r"[^ -~]|[()<>;\\]", "", unicodedata.normalize("NFKD", str(authority[name]))).strip()
        for name in ("operator", "contact")
    )
    return f"Tracemark/{__version__} (+{contact}{'; ' if operator else ''}{operator})"


def _read_upstream(file: SiteFile, environment: Mapping[str, str]) -> Upstream | None:
    if file.proxy is None:
        return None
    text = environment.get(file.proxy)
    if not text:
        raise ConfigurationError(
            f"the site file takes its proxy from the variable {file.proxy}, which is not set",
            hint=f"export {file.proxy}=socks5://HOST:1080",
        )
    return Upstream.read(text)
