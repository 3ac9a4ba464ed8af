"""Assessment: what the current model, rules and lexicon find in listings that they have not read yet.

It follows intake in batches and never runs inside a crawl: a model step would stall the crawl's event loop.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import structlog
from attrs import field, frozen

from classifiers import Text
from pipelines.observe.tracing import Tracing
from pipelines.store.assessing import (
    AssessmentRecord,
    count_waiting,
    keep_assessments,
    put_aside,
    read_waiting,
    still_waiting,
)
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.runs import SiteRecord, site_records
from pipelines.store.traces import newest_traces

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    import sqlalchemy as sa

    from classifiers import Assessment, Assessor
    from pipelines.models import JsonObject, ListingContent
    from pipelines.observe.tracing import Step
    from pipelines.places import Places
    from pipelines.store.assessing import Waiting
    from pipelines.store.database import Database

log = structlog.get_logger(__name__)

_BATCH = 256
_LONGEST_REASON = 500

# What a defect in reading can raise from a text that nobody foresaw. Running out of memory or disk is no property of
# one text, and goes up.
TROUBLES = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


@frozen(kw_only=True)
class AssessReport:
    """How many listings were assessed, by review level and by signal."""

    assessed: int
    review: Mapping[str, int] = field(factory=dict)
    signals: Mapping[str, int] = field(factory=dict)
    set_aside: int = 0


@frozen(kw_only=True)
class AssessmentDesk:
    """Reads what waits. `now` is injected, so that a test can repeat an assessment."""

    database: Database
    assessor: Assessor
    places: Places
    now: Callable[[], datetime]
    tracing: Tracing = field(factory=Tracing)

    @property
    def made_by(self) -> str:
        """Model, rules and lexicon in one word: what its assessments are made by."""
        return versions_key(self.assessor.versions)

    def run(
        self,
        *,
        progress: Callable[[int, int], None] = lambda _done, _all: None,
        within: tuple[int, int | None] = (0, None),
    ) -> AssessReport:
        """Assess every listing that waits; `progress` is told how many are done, of how many.

        `within`: only those with row ids above the first number, and not above the second. What another process
        assesses meanwhile is kept once.
        """
        made_by, (after, upto), done, aside = self.made_by, within, 0, 0
        with self.database.read() as connection:
            sites = site_records(connection)
            expected = count_waiting(connection, made_by) if upto is None else upto - after
        review: Counter[str] = Counter()
        signals: Counter[str] = Counter()
        while True:
            with self.database.read() as connection:
                waiting = read_waiting(connection, made_by, after=after, most=_BATCH, upto=upto)
            if not waiting:
                return AssessReport(
                    assessed=done, review=dict(review), signals=dict(signals.most_common()), set_aside=aside
                )
            begun = self.now()
            found = self._assess(waiting, sites)
            found, read = self._keep(found, made_by, begun), len(found)
            review.update(one.review for _, one in found)
            signals.update(name for _, one in found for name in {signal.name for signal in one.signals})
            after, done = waiting[-1].row, done + len(found)
            aside += len(waiting) - read
            progress(done + aside, expected)

    def _assess(self, waiting: list[Waiting], sites: Mapping[str, SiteRecord]) -> list[tuple[Waiting, Assessment]]:
        """The batch at once; where that fails, one by one, and what cannot be read is set aside with its reason."""
        try:
            found = self.assessor.assess([text_of(one.content, one.site, sites, self.places) for one in waiting])
        except TROUBLES as trouble:
            if len(waiting) > 1:
                return [pair for one in waiting for pair in self._assess([one], sites)]
            self._set_aside(waiting[0], trouble)
            return []
        return list(zip(waiting, found, strict=True))

    def _set_aside(self, waiting: Waiting, trouble: Exception) -> None:
        reason = f"{type(trouble).__name__}: {trouble}"[:_LONGEST_REASON]
        subject = f"{waiting.site}/{waiting.content.id}"
        log.warning("listing_set_aside", stage="assess", subject=subject, reason=reason)
        with self.database.write() as connection:
            put_aside(connection, "assess", subject, reason, self.now())

    def _keep(
        self, found: list[tuple[Waiting, Assessment]], made_by: str, begun: datetime
    ) -> list[tuple[Waiting, Assessment]]:
        with self.database.write() as connection:
            waits = still_waiting(connection, made_by, [waiting.row for waiting, _ in found])
            found = [pair for pair in found if pair[0].row in waits]
            steps = self._steps(connection, found, begun)
            traces = {row: step.parent for row, step in steps.items() if step.parent is not None}
            self._keep_all(connection, found, made_by, traces)
        for step in steps.values():
            step.end()
        self.tracing.flush()
        return found

    def _steps(
        self, connection: sa.Connection, found: list[tuple[Waiting, Assessment]], begun: datetime
    ) -> dict[int, Step]:
        """A step for each listing, by row, in the trace of what brought it."""
        if not self.tracing.is_on:
            return {}
        traces = newest_traces(connection, [waiting.row for waiting, _ in found])
        return {
            waiting.row: self.tracing.start("assess", begun, traces[waiting.row], review=assessment.review)
            for waiting, assessment in found
            if waiting.row in traces
        }

    def _keep_all(
        self,
        connection: sa.Connection,
        found: list[tuple[Waiting, Assessment]],
        made_by: str,
        traces: Mapping[int, str],
    ) -> None:
        at = self.now()
        records = [(waiting.row, _record(waiting.version, assessment, made_by, at)) for waiting, assessment in found]
        events = [
            CustodyEvent(
                at=at,
                actor="tracemark assess",
                action="assess",
                subject=f"{waiting.site}/{waiting.content.id}",
                detail={"version": waiting.version, "made_by": made_by, "review": assessment.review},
            )
            for waiting, assessment in found
        ]
        keep_assessments(connection, records, traces)
        append_custody(connection, events)


def text_of(content: ListingContent, site: str, sites: Mapping[str, SiteRecord], places: Places) -> Text:
    """A listing's words as the classifiers read them, with what its site and place say of the jurisdiction."""
    return Text(
        title=content.title,
        description=content.description,
        category=" / ".join(content.category) or None,
        price=content.price.amount if content.price else None,
        currency=content.price.currency if content.price else None,
        jurisdiction=places.resolve(content, sites.get(site) or SiteRecord(name=site, source="crawl")),
    )


def versions_key(versions: Mapping[str, str]) -> str:
    """Model, rules and lexicon in one word: what an assessment was made by."""
    return ".".join(versions[name][:16] for name in ("model", "rules", "lexicon"))


def _record(version: int, assessment: Assessment, made_by: str, at: datetime) -> AssessmentRecord:
    vector = assessment.vector
    derivation: JsonObject = json.loads(json.dumps(assessment.derivation, default=dict))
    return AssessmentRecord(
        version=version,
        made_by=made_by,
        at=at,
        body=assessment.to_json(),
        items=assessment.items_json(),
        derivation=derivation,
        vector=None if vector is None else vector.astype("<f4").tobytes(),
    )
