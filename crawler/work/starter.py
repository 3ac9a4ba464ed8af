"""What a worker's watch starts: visits as any watch does, and instead of an assessment the tasks that make one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from attrs import define, field

from crawler.work.carrier import defer_now
from crawler.work.tasks import Next
from crawler.workers import Ending, ForkedWorkers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crawler.workers import Worker
    from pipelines.store.database import Database
    from pipelines.work.leases import Claim


class Asked:
    """An assessment that was asked of the queue: over for the watch, whoever makes it."""

    def __init__(self) -> None:
        # Readable at once, as the descriptor of a process that has ended.
        self.sentinel, other = os.pipe()
        os.close(other)

    def ending(self) -> Ending:
        """It ended well; asked once."""
        os.close(self.sentinel)
        return Ending(code=0)

    def interrupt(self) -> None:
        """Nothing is under way."""

    def kill(self) -> None:
        """Nothing is under way."""


@define
class QueueStarter:
    """Starts visits in processes of this machine, and asks the queue for assessments."""

    root: Path
    claims: Mapping[str, Claim]
    database: Database
    _visits: ForkedWorkers = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._visits = ForkedWorkers(self.root, self.claims)

    def start_run(self, name: str, path: Path) -> Worker:
        """Visit the site `name`, whose file is `path`."""
        return self._visits.start_run(name, path)

    def start_assessment(self) -> Worker:
        """Have what waits assessed, by whichever worker comes to it."""
        defer_now(self.database, Next(task="plan"))
        return Asked()
