"""What the screens are made over: the workspace's store, index, queue and decisions, and who sits before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.store.custody import CustodyEvent, append_custody

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dashboards.decisions import DecisionDesk
    from dashboards.leases import Leases
    from dashboards.queue import TriageQueue
    from dashboards.sampling import Samples
    from dashboards.searching import SearchDesk
    from pipelines.models import JsonObject
    from pipelines.store.database import Database
    from pipelines.workspace import Workspace


@frozen(kw_only=True)
class Desk:
    """The parts that screens and API share. `passphrase` opens the key that signs packets, where it has one."""

    workspace: Workspace
    database: Database
    search: SearchDesk
    queue: TriageQueue
    decisions: DecisionDesk
    leases: Leases
    samples: Samples
    actor: str
    now: Callable[[], datetime]
    passphrase: str | None

    def note(self, action: str, subject: str, detail: JsonObject) -> None:
        """Write down in the custody log that `actor` viewed or exported something."""
        event = CustodyEvent(at=self.now(), actor=self.actor, action=action, subject=subject, detail=detail)
        with self.database.write() as connection:
            append_custody(connection, [event])
