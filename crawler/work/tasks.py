"""What the tasks of the queue do. Each can be done again, and by two at once, without harm.

    visits end ─▶ plan ─▶ assess (a block of rows each) ─▶ sellers ─▶ index ─▶ alerts

A task says what comes after it; which listings wait, and how far the index is behind, is always read from the store.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.store.assessing import waiting_blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.assess import AssessmentDesk
    from pipelines.store.database import Database
    from pipelines.workspace import Workspace

BLOCK = 512
"""Rows of listings in one task: some seconds of work."""

PRIORITIES = {"plan": 5, "assess": 4, "sellers": 3, "index": 2, "alerts": 1}
"""Earlier steps first, so that later ones are not done more often than needed."""


@frozen(kw_only=True)
class Next:
    """A task that comes after another one."""

    task: str
    block: int | None = None

    @property
    def id(self) -> str:
        """What the queue holds at most once: always the same for the same work."""
        return self.task if self.block is None else f"{self.task}-{self.block}"


@frozen(kw_only=True)
class Done:
    """What a task did, in words, and what comes after it."""

    words: str
    then: tuple[Next, ...] = ()


class Tasks:
    """The tasks over one workspace; the classifiers are loaded once, when they are first needed."""

    def __init__(self, workspace: Workspace, database: Database, environment: Mapping[str, str]) -> None:
        self.workspace = workspace
        self.database = database
        self.environment = environment

    def carry_out(self, task: str, block: int | None = None) -> Done:
        """Do the task of that name."""
        if task == "assess" and block is not None:
            return self._assess(block)
        return {"plan": self._plan, "sellers": self._sellers, "index": self._index, "alerts": self._alerts}[task]()

    @cached_property
    def _desk(self) -> AssessmentDesk:
        from pipelines.composition import assessment_desk  # noqa: PLC0415 -- the classifiers take seconds

        return assessment_desk(self.workspace, self.database)

    def _plan(self) -> Done:
        with self.database.read() as connection:
            blocks = waiting_blocks(connection, self._desk.made_by, BLOCK)
        then = tuple(Next(task="assess", block=one) for one in blocks)
        return Done(words=f"{len(blocks)} blocks of listings wait", then=then or (Next(task="sellers"),))

    def _assess(self, block: int) -> Done:
        from pipelines.composition import assess_listings  # noqa: PLC0415 -- as above

        report = assess_listings(self.workspace, self._desk, within=(block * BLOCK, (block + 1) * BLOCK))
        words = f"{report.assessed} listings assessed, {report.review.get('review', 0)} need review"
        return Done(words=words, then=(Next(task="sellers"),))

    def _sellers(self) -> Done:
        from pipelines.composition import seller_rules, serial_key, utc_now  # noqa: PLC0415 -- rensa and rapidfuzz
        from pipelines.sellers.desk import assess_sellers  # noqa: PLC0415
        from pipelines.work.holding import held  # noqa: PLC0415

        with held(self.workspace, self.database, "assessment") as hold:
            rules, key = seller_rules(self.workspace), serial_key(self.workspace)
            report = assess_sellers(hold.database, now=utc_now, rules=rules, key=key)
        return Done(words=f"{report.assessed} sellers assessed", then=(Next(task="index"),))

    def _index(self) -> Done:
        from pipelines.composition import project  # noqa: PLC0415 -- the engines take 0.2 s

        report = project(self.workspace, self.database)
        return Done(words=f"index at change {report.position}", then=(Next(task="alerts"),))

    def _alerts(self) -> Done:
        from pipelines.alerts.service import run_alerts  # noqa: PLC0415 -- as above
        from pipelines.commands.custody import sign_daily_head  # noqa: PLC0415
        from pipelines.commands.vault import ship_or_say  # noqa: PLC0415

        report = run_alerts(self.workspace, self.database, self.environment)
        signed = sign_daily_head(self.workspace, self.database)
        ship_or_say(self.workspace, self.database)
        return Done(words=f"{report.deliveries.sent} alerts sent{signed}")
