"""One round over all saved searches: look, make digests, send."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from attrs import field, frozen

from pipelines.alerts.collection import collect
from pipelines.alerts.delivery import Sent, send_waiting
from pipelines.alerts.digest import tell_new, tell_trouble
from pipelines.alerts.feed import MOST_DIGESTS, atom
from pipelines.alerts.models import ChannelKind
from pipelines.alerts.records import read_digests, read_search, read_searches
from pipelines.errors import BadInput
from pipelines.index.generations import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from pipelines.alerts.models import SavedSearch
    from pipelines.alerts.senders import Senders
    from pipelines.index.port import Index
    from pipelines.models import JsonObject
    from pipelines.store.database import Database

log = structlog.get_logger(__name__)


@frozen(kw_only=True)
class SearchRound:
    """What became of one search: found for the first time, of these reposts, told in a digest, or its trouble."""

    name: str
    new: int = 0
    reposts: int = 0
    told: int = 0
    trouble: str | None = None


@frozen(kw_only=True)
class RoundReport:
    """What a round did."""

    searches: tuple[SearchRound, ...]
    deliveries: Sent

    @property
    def is_well(self) -> bool:
        """Whether every search could be asked and every delivery went out."""
        troubled = any(one.trouble for one in self.searches)
        return not troubled and not self.deliveries.waiting and not self.deliveries.failed

    def to_json(self) -> JsonObject:
        """For `tracemark alert run --json`."""
        return {
            "searches": [
                {"name": one.name, "new": one.new, "reposts": one.reposts, "told": one.told, "trouble": one.trouble}
                for one in self.searches
            ],
            "deliveries": {
                "sent": self.deliveries.sent,
                "waiting": self.deliveries.waiting,
                "failed": self.deliveries.failed,
            },
        }


@frozen(kw_only=True)
class AlertDesk:
    """Runs rounds. Feeds are written to `feeds`/NAME.atom; `actor` is who is named in the custody log."""

    database: Database
    index: Index
    senders: Senders
    feeds: Path
    actor: str
    now: Callable[[], datetime]
    desk: str | None = field(default=None)

    def run(self) -> RoundReport:
        """One round. One process at a time: hold `alerts` in the workspace."""
        with self.database.read() as connection:
            searches = read_searches(connection)
        silent = [search.id for search in searches if search.id is not None and search.is_silent(self.now())]
        done = tuple(self._see_to(search) for search in searches)
        return RoundReport(
            searches=done, deliveries=send_waiting(self.database, self.senders, self.now, self.actor, silent)
        )

    def _see_to(self, search: SavedSearch) -> SearchRound:
        now, trouble, new, reposts = self.now(), None, 0, 0
        try:
            found = collect(search, self.index, self.database, now)
            new, reposts = found.new, found.reposts
        except BadInput as error:  # the query, not the index: whatever else fails fails the round
            trouble = error.message
            log.warning("saved_search_failed", search=search.name, reason=trouble)
        made = tell_new(search, self.database, now)
        if trouble is not None:
            tell_trouble(search, trouble, self.database, now)
        self._write_feed(search)
        return SearchRound(
            name=search.name, new=new, reposts=reposts, told=made.listings if made else 0, trouble=trouble
        )

    def _write_feed(self, search: SavedSearch) -> None:
        if not any(channel.kind is ChannelKind.FEED for channel in search.channels):
            return
        path, written = self.feeds / f"{search.name}.atom", make_feed(self.database, search.name, self.desk)
        if not path.exists() or path.read_bytes() != written:
            self.feeds.mkdir(parents=True, exist_ok=True)
            write_whole(path, written.decode())


def make_feed(database: Database, name: str, desk: str | None) -> bytes:
    """The Atom feed of a saved search. BadInput where there is none of that name."""
    with database.read() as connection:
        search = read_search(connection, name)
        return atom(search, read_digests(connection, search, MOST_DIGESTS), desk)
