"""Saved searches and what is told of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import frozen

from pipelines.errors import BadInput

if TYPE_CHECKING:
    from pipelines.models import JsonObject

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_ADDRESS = re.compile(r"[^@\s<>\"(),:;\\]+@[^@\s<>\"(),:;\\]+")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ChannelKind(StrEnum):
    """How an alert reaches people."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    FEED = "feed"  # Atom, fetched by them


class Rhythm(StrEnum):
    """How often a search tells at most. What comes in between is told together."""

    AT_ONCE = "at-once"  # whenever alerts are run
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"

    @property
    def pause(self) -> timedelta:
        """The least time between two digests."""
        return {"at-once": timedelta(0), "hourly": timedelta(hours=1), "daily": timedelta(days=1)}.get(
            self.value, timedelta(days=7)
        )


@frozen(kw_only=True)
class Channel:
    """One way out: an e-mail address or a webhook's address in `target`; a feed has none."""

    kind: ChannelKind
    target: str = ""

    @classmethod
    def read(cls, text: str) -> Channel:
        """From `email:unit@example.org`, `webhook:https://…` or `feed`. BadInput for what is none of them."""
        kind, _, target = text.partition(":")
        hint = "email:NAME@HOST, webhook:https://HOST/PATH, or feed"
        if kind not in set(ChannelKind):
            raise BadInput(f"{text!r} is no way to tell somebody", hint=hint)
        channel = cls(kind=ChannelKind(kind), target=target.strip())
        if channel.kind is ChannelKind.EMAIL and not _ADDRESS.fullmatch(channel.target):
            raise BadInput(f"{channel.target!r} is no e-mail address", hint=hint)
        if channel.kind is ChannelKind.WEBHOOK:
            _check_webhook(channel.target)
        if channel.kind is ChannelKind.FEED and channel.target:
            raise BadInput("a feed has no address: it is fetched from here", hint="feed")
        return channel

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.target}" if self.target else self.kind.value


def _check_webhook(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadInput(f"{url!r} is no web address: {error}") from error
    if not host or not url.isascii() or any(character.isspace() for character in url):
        raise BadInput(f"{url!r} is no web address", hint="webhook:https://HOST/PATH")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise BadInput("a webhook is told over https", hint="http is for addresses on this machine only")


@frozen(kw_only=True)
class QuietHours:
    """From `start` to `end` (local time in `zone`, over midnight where it ends earlier) nothing is sent."""

    start: time
    end: time
    zone: str = "UTC"

    @classmethod
    def read(cls, text: str) -> QuietHours:
        """From `22:00-07:00 Europe/Berlin`; without a zone, UTC. BadInput for what is none of it."""
        hours, _, zone = text.strip().partition(" ")
        zone = zone.strip() or "UTC"
        match = _HOURS.fullmatch(hours)
        if match is None:
            raise BadInput(f"{text!r} are no quiet hours", hint="22:00-07:00 Europe/Berlin")
        from_hour, from_minute, to_hour, to_minute = (int(number) for number in match.groups())
        found = cls(start=time(from_hour, from_minute), end=time(to_hour, to_minute), zone=zone)
        if found.start == found.end:
            raise BadInput("quiet hours that end when they begin are none", hint="mute the search instead")
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise BadInput(f"there is no time zone {zone!r}", hint="for example Europe/Berlin") from error
        return found

    def contain(self, moment: datetime) -> bool:
        """Whether it is quiet at an aware time."""
        local = moment.astimezone(ZoneInfo(self.zone)).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone}"


@frozen(kw_only=True)
class SavedSearch:
    """A query that is asked again and again. `id` is None until it is kept."""

    name: str
    query: str
    owner: str
    created: datetime
    channels: tuple[Channel, ...]
    rhythm: Rhythm = Rhythm.AT_ONCE
    quiet: QuietHours | None = None
    muted_until: datetime | None = None
    sequence: int = 0
    told: datetime | None = None
    trouble: str | None = None
    id: int | None = None

    def __attrs_post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise BadInput(f"{self.name!r} cannot name a search", hint="lower-case letters, digits, - and _")
        if not self.channels:
            raise BadInput("nobody would be told", hint="email:…, webhook:… or feed")

    def is_silent(self, now: datetime) -> bool:
        """Whether nothing is to be sent now: it is muted, or these are its quiet hours."""
        muted = self.muted_until is not None and now < self.muted_until
        return muted or (self.quiet is not None and self.quiet.contain(now))

    def may_tell(self, now: datetime) -> bool:
        """Whether a digest may be made now: it is not silent, and the last was long enough ago."""
        return not self.is_silent(now) and (self.told is None or now - self.told >= self.rhythm.pause)

    def to_json(self) -> JsonObject:
        """As `tracemark alert list --json` prints it."""
        return {
            "name": self.name,
            "query": self.query,
            "owner": self.owner,
            "created": self.created.isoformat(),
            "channels": [str(channel) for channel in self.channels],
            "rhythm": self.rhythm.value,
            "quiet": None if self.quiet is None else str(self.quiet),
            "muted_until": None if self.muted_until is None else self.muted_until.isoformat(),
            "sequence": self.sequence,
            "told": None if self.told is None else self.told.isoformat(),
            "trouble": self.trouble,
        }


def end_of_mute(text: str, now: datetime) -> datetime:
    """When a mute ends: an ISO date (its last day, UTC) or time. BadInput where it is neither, or over already."""
    try:
        if len(text) == len("2026-01-31"):
            end = datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=1)
        else:
            end = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no date", hint="2026-01-31, or 2026-01-31T18:00+01:00") from error
    if end.tzinfo is None:
        raise BadInput("a time needs its zone", hint=f"{text}+00:00")
    if end <= now:
        raise BadInput(f"{text} is over already", hint="a mute ends in the future")
    return end
