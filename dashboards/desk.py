"""What the screens are made over: the workspace's store, index, queue and decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from dashboards.people.identity import current_person
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
    now: Callable[[], datetime]
    passphrase: str | None

    @property
    def actor(self) -> str:
        """The name of who asks now."""
        return current_person().name

    def note(self, action: str, subject: str, detail: JsonObject) -> None:
        """Write down in the custody log that who asks viewed or exported something, and on what matter."""
        person = current_person()
        given = {**detail, "matter": person.reason} if person.reason else detail
        event = CustodyEvent(at=self.now(), actor=person.name, action=action, subject=subject, detail=given)
        with self.database.write() as connection:
            append_custody(connection, [event])
