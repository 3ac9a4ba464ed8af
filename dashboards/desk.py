"""What the screens are made over: the workspace's store, index, queue and decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from dashboards.people.identity import current_person
from dashboards.wording import printable
from pipelines.cases.desk import CaseDesk
from pipelines.cases.models import CaseState
from pipelines.cases.records import read_cases
from pipelines.store.custody import CustodyEvent, append_custody, custody_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dashboards.decisions import DecisionDesk
    from dashboards.hotspots import HotSpots
    from dashboards.judgements import Judgements
    from dashboards.leases import Leases
    from dashboards.looks import Looks
    from dashboards.overview import Overviews
    from dashboards.packets import PacketRoom
    from dashboards.queue import TriageQueue
    from dashboards.sampling import Samples
    from dashboards.searching import SearchDesk
    from dashboards.trials import Trials
    from dashboards.visits import Visits
    from pipelines.cases.models import CaseSummary
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
    visits: Visits
    trials: Trials
    looks: Looks
    spots: HotSpots
    packets: PacketRoom
    overviews: Overviews
    judgements: Judgements
    now: Callable[[], datetime]
    passphrase: str | None

    @property
    def actor(self) -> str:
        """The name of who asks now."""
        return current_person().name

    @property
    def cases(self) -> CaseDesk:
        """Where who asks works on cases."""
        return CaseDesk(database=self.database, actor=self.actor, now=self.now)

    def open_cases(self) -> list[CaseSummary]:
        """The cases that something can be added to, the one that changed last first."""
        with self.database.read() as connection:
            return read_cases(connection, state=CaseState.OPEN)

    def custody_of(self, subject: str) -> list[JsonObject]:
        """The rows of the custody log about `subject`."""
        with self.database.read() as connection:
            return [printable(row) for row in custody_rows(connection, subject=subject)]

    def note(self, action: str, subject: str, detail: JsonObject) -> None:
        """Write down in the custody log that who asks viewed or exported something, and on what matter."""
        person = current_person()
        given = {**detail, "matter": person.reason} if person.reason else detail
        event = CustodyEvent(at=self.now(), actor=person.name, action=action, subject=subject, detail=given)
        with self.database.write() as connection:
            append_custody(connection, [event])
