"""The pace of one process at its hosts: the last wait before a request, kept together with all who share the store.

Scrapy's own delay goes before it and spaces what one run hands over. Here a gap is counted from the answer to the
request before, where pages are asked for one at a time: however long a name, a connection or a busy processor takes, no
gap that one process leaves is shorter at the server than asked for. Between two processes it may be by a twentieth, and
by more only where a connection takes as long as the delay to be made.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from attrs import define, field

from pipelines.work.turns import extend_turn, host_of, take_turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.store.database import Database

_LATE = 0.05
"""Share of the delay by which a request may be answered later than its turn was taken before others are told."""


@define
class Pace:
    """`delay` is the least number of seconds between two requests to one host; without any nobody waits.

    `from_answers` where a gap is counted from the answer to a request, not from the request. `clock` counts seconds and
    does not stand still while the machine sleeps.
    """

    database: Database
    delay: float
    clock: Callable[[], float]
    from_answers: bool = True
    _taken: dict[str, float] = field(factory=dict, init=False)
    _last: dict[str, float] = field(factory=dict, init=False)

    async def wait(self, url: str) -> float:
        """Take the turn at the URL's host; 0, or after how many seconds to ask again."""
        if not self.delay:
            return 0.0
        host = host_of(url)
        ours = self._last.get(host, -self.delay) + self.delay - self.clock()
        if ours > 0:
            return ours
        left = await asyncio.to_thread(self._take, host)
        if not left:
            self._taken[host] = self._last[host] = self.clock()
        return left

    async def note_answer(self, url: str) -> None:
        """The request whose turn was taken was answered, or will never be."""
        if self.from_answers:
            await self.note_request(url)

    async def note_request(self, url: str) -> None:
        """The request whose turn was taken went out only now: from here on the gap is counted."""
        if not self.delay:
            return
        host = host_of(url)
        self._last[host] = self.clock()
        if self._last[host] - self._taken.get(host, 0.0) > self.delay * _LATE:
            await asyncio.to_thread(self._extend, host)

    def _take(self, host: str) -> float:
        with self.database.alter() as connection:
            return take_turn(connection, host, self.delay)

    def _extend(self, host: str) -> None:
        with self.database.alter() as connection:
            extend_turn(connection, host)
