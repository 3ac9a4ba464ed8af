"""Workers, leases and tasks of a shared store, as people are shown them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import asdict, field, frozen

from pipelines.work.holding import is_shared
from pipelines.work.leases import LeaseRecord, database_now, read_leases
from pipelines.work.queue import QueueCounts, count_tasks
from pipelines.work.register import SILENT_AFTER, WorkerRecord, read_workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pipelines.models import JsonObject
    from pipelines.store.database import Database


@frozen(kw_only=True)
class WorkOverview:
    """What is under way on a shared store at `at`."""

    at: datetime
    workers: tuple[WorkerRecord, ...] = ()
    leases: tuple[LeaseRecord, ...] = ()  # held, not those that rest
    tasks: QueueCounts = field(factory=QueueCounts)

    @classmethod
    def read(cls, database: Database) -> WorkOverview | None:
        """The overview; None where the store is not one that machines can share."""
        if not is_shared(database):
            return None
        with database.alter() as connection:
            return cls(
                at=database_now(connection),
                workers=tuple(read_workers(connection)),
                leases=tuple(one for one in read_leases(connection) if one.holder is not None),
                tasks=count_tasks(connection),
            )

    def is_silent(self, worker: WorkerRecord) -> bool:
        """Whether it is taken to be dead."""
        return self.at - worker.seen > SILENT_AFTER

    def troubles(self) -> Iterator[tuple[str, str]]:
        """What is not as it should be, each with what to do."""
        if silent := [one.name for one in self.workers if self.is_silent(one)]:
            yield f"no sign of life from {', '.join(silent)}", "start it again, or forget it: what it held goes on"
        if self.tasks.stalled:
            fix = "a worker that lives begins them again: tracemark worker"
            yield f"{self.tasks.stalled} tasks were under way at a worker that is silent", fix
        if self.tasks.failed:
            which = ", ".join(f"{name} {count}" for name, count in self.tasks.failures.items())
            yield f"tasks that failed: {which}", "the workers' own output says why; what they left is planned again"
        if len(versions := sorted({one.version for one in self.workers})) > 1:
            yield f"workers of several versions: {', '.join(versions)}", "bring all of them to one version"

    def to_json(self) -> JsonObject:
        """For `tracemark status --json`."""
        return {
            "workers": [
                {
                    **asdict(one),
                    "started": one.started.isoformat(),
                    "seen": one.seen.isoformat(),
                    "silent": self.is_silent(one),
                }
                for one in self.workers
            ],
            "leases": [
                {**asdict(one), "at": one.at.isoformat(), "until": one.until.isoformat()} for one in self.leases
            ],
            "tasks": {**asdict(self.tasks), "failures": dict(self.tasks.failures)},
        }

    def lines(self) -> Iterator[str]:
        """For `tracemark status`."""
        for one in self.workers:
            held = [lease.what for lease in self.leases if lease.holder == one.name]
            state = f"silent since {one.seen:%H:%M:%S} UTC" if self.is_silent(one) else "at work"
            yield f"worker {one.name} on {one.host}: {state}, holds {', '.join(held) or 'nothing'}"
        names = {one.name for one in self.workers}
        for lease in self.leases:
            if lease.holder not in names:
                yield f"{lease.what} is held by {lease.holder} until {lease.until:%H:%M:%S} UTC"
        counts = self.tasks
        if counts.todo or counts.doing or counts.failed or self.workers:
            stalled = f" ({counts.stalled} stalled)" if counts.stalled else ""
            yield f"tasks: {counts.todo} wait, {counts.doing} under way{stalled}, {counts.failed} failed"
