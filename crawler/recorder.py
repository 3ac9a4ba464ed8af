"""The recorder: takes visits from the crawl and makes them durable, a group at a time, off the event loop.

One cycle appends a group's records to the vault and syncs it, hands them to intake (which acknowledges the pages in
the same transaction), and leases the next pages. A group shares one sync and one transaction: that is what keeps a
durable crawl near the speed of one that keeps nothing.
"""

from __future__ import annotations

import hashlib
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import define, evolve, field, frozen

from crawler.endings import GATES, GONE, read_ending, says_only_removed
from crawler.visit import Failure, Fetched, Visit
from pipelines.intake import Arrival, IntakeReport
from pipelines.models import Capture, CaptureMethod, Link, ListingStatus, PageKind
from pipelines.observe.tracing import Step, Tracing
from pipelines.store.frontier import MOST_ATTEMPTS, FrontierEntry, Outcome, enqueue, lease
from pipelines.store.runs import listings_seen
from pipelines.store.tables import captures, listings
from pipelines.warc.records import Resource, Revisit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from crawler.revisits import Revisits
    from pipelines.intake import Intake
    from pipelines.models import ExtractedPage, ListingContent, StoredBytes
    from pipelines.store.database import Database
    from pipelines.store.fetches import Fetch
    from pipelines.store.frontier import Lease
    from pipelines.store.runs import Run
    from pipelines.warc.records import Record
    from pipelines.warc.writer import WarcFile

PRIORITIES = {PageKind.INDEX: 10, PageKind.DETAIL: 5, PageKind.SELLER: 3}
"""Indexes first, so that what there is to see is known early."""


@frozen(kw_only=True)
class CycleResult:
    """What one cycle did."""

    report: IntakeReport
    leases: list[Lease]


@define(kw_only=True)
class Recorder:
    """Makes visits of one run durable. `cycle` runs in a thread of its own, everything else on the event loop."""

    run: Run
    database: Database
    intake: Intake
    archive: WarcFile
    archive_name: str
    new_id: Callable[[], str]
    owner: str
    fingerprint: Callable[[str], str]
    follows: Callable[[str], bool]
    revisits: Revisits
    waiting: list[Fetched | Failure] = field(factory=list)
    leases: deque[Lease] = field(factory=deque)
    report: IntakeReport = field(factory=IntakeReport)
    tracing: Tracing = field(factory=Tracing)
    fetches: list[Fetch] = field(factory=list)

    def cycle(
        self, taken: Sequence[Fetched | Failure], wanted: int, *, last: bool, fetches: Sequence[Fetch] = ()
    ) -> CycleResult:
        """Make visits durable, answer for failures, and lease up to `wanted` pages more.

        `last`: nothing else is under way. Then, where the frontier is empty too, the listings that were offered
        before and did not turn up in this run are looked at again.
        """
        fetched = [one for one in taken if isinstance(one, Fetched)]
        visits = [one for one in fetched if isinstance(one, Visit)]
        failures = [one for one in taken if isinstance(one, Failure)]
        report = IntakeReport()
        if fetched or failures:
            with self.database.read() as connection:
                before = _earlier_captures(connection, self.run.site, [one.url for one in fetched])
                known = _listings_at(connection, self.run.site, [visit.lease.url for visit in visits])
                early = self._find_early(connection, visits)
            steps = [self._step(one) for one in fetched]
            arrivals = [
                evolve(self._arrival(one, self._capture(one, placed, before.get(one.url)), known, early), trace=trace)
                for one, placed, trace in zip(
                    fetched, self._append(fetched, before), [step.parent for step in steps], strict=True
                )
            ]
            outcomes = [_failed(failure) for failure in failures]
            committed = {self.archive_name: self.archive.size()}
            report = self.intake.take(arrivals, committed=committed, outcomes=outcomes, fetches=fetches)
            for step in steps:
                step.end()
        if wanted <= 0:
            return CycleResult(report=report, leases=[])
        with self.database.write() as connection:
            leases = lease(connection, self.run.id, self.owner, wanted)
            if last and not leases:
                enqueue(
                    connection, [self.entry(Link(url=url, kind=PageKind.DETAIL), 0) for url in self._unseen(connection)]
                )
                leases = lease(connection, self.run.id, self.owner, wanted)
            return CycleResult(report=report, leases=leases)

    def _step(self, fetched: Fetched) -> Step:
        """The first step of a trace: a page of the frontier, from its request until it is durable."""
        if not isinstance(fetched, Visit):
            return Step()
        asked = fetched.at - timedelta(seconds=fetched.seconds)
        return self.tracing.start(
            "visit",
            asked,
            site=self.run.site,
            run=self.run.id,
            kind=fetched.page.kind.value,
            status=fetched.http_status,
        )

    def _find_early(self, connection: sa.Connection, visits: Sequence[Visit]) -> dict[str, tuple[int, str | None]]:
        links = {link.url: visit.at for visit in visits for link in visit.page.links if link.kind is PageKind.DETAIL}
        if not links:
            return {}
        return self.revisits.find_early(connection, self.run.site, list(links), max(links.values()))

    def _unseen(self, connection: sa.Connection) -> list[str]:
        query = sa.select(listings.c.url).where(
            listings.c.site == self.run.site,
            listings.c.status == ListingStatus.ACTIVE.value,
            listings.c.url.is_not(None),
            listings.c.id.not_in(listings_seen(self.run.id)),
        )
        return [url for url in connection.scalars(query) if self.follows(url)]

    def _append(self, fetched: Sequence[Fetched], before: dict[str, _Earlier]) -> list[_Placed]:
        records: list[Record] = []
        shapes = []
        for one in fetched:
            own, screenshot = _own_records(one, before.get(one.url))
            others = [*one.hops, *(one.rendering.resources if one.rendering else ())]
            shapes.append((len(others), screenshot))
            records += [*others, *own]
        stored = iter(self.archive.append(records))
        placed = []
        for number, screenshot in shapes:
            resources = tuple(next(stored) for _ in range(number))
            placed.append(_Placed(resources, next(stored), next(stored) if screenshot else None))
        if records:
            self.archive.sync()
        return placed

    def _capture(self, fetched: Fetched, placed: _Placed, earlier: _Earlier | None) -> Capture:
        return Capture(
            id=self.new_id(),
            site=self.run.site,
            run=self.run.id,
            url=fetched.url,
            method=CaptureMethod.HTTP if fetched.rendering is None else CaptureMethod.BROWSER,
            at=fetched.at,
            http_status=fetched.http_status,
            content_type=fetched.content_type,
            stored=placed.stored,
            kind=fetched.page.kind,
            screenshot=placed.screenshot,
            resources=placed.resources,
            revisit_of=earlier.id if earlier is not None and _repeats(fetched, earlier) else None,
        )

    def _arrival(
        self,
        fetched: Fetched,
        capture: Capture,
        listings_known: Mapping[str, str],
        early: Mapping[str, tuple[int, str | None]],
    ) -> Arrival:
        if not isinstance(fetched, Visit):
            return Arrival(capture=capture)
        visit, page, known = fetched, fetched.page, listings_known.get(fetched.lease.url)
        elsewhere = self.fingerprint(visit.url) != self.fingerprint(visit.lease.url)
        ending = read_ending(visit, elsewhere=elsewhere) if known is not None else None
        children = [self.entry(link, visit.lease.depth + 1) for link in page.links if self.follows(link.url)]
        return Arrival(
            capture=capture,
            listing=None if says_only_removed(visit) else page.listing,
            listings=self._told_here_only(page, children),
            seller=page.seller,
            ended=(known, ending) if known is not None and ending is not None else None,
            children=tuple(self._leave_alone(children, early)),
            outcome=_visited(visit),
        )

    def _told_here_only(self, page: ExtractedPage, children: Sequence[FrontierEntry]) -> tuple[ListingContent, ...]:
        """The offers of a list whose own pages are not visited: those tell more, and are what is kept of the others."""
        visited = {child.fingerprint for child in children if child.kind is PageKind.DETAIL}
        return tuple(one for one in page.listings if one.url is None or self.fingerprint(one.url) not in visited)

    def _leave_alone(
        self, children: Sequence[FrontierEntry], early: Mapping[str, tuple[int, str | None]]
    ) -> Iterator[FrontierEntry]:
        """The pages to visit; those of listings that are not due stand as done, under each of their addresses."""
        for child in children:
            if child.kind is not PageKind.DETAIL or child.url not in early:
                yield child
                continue
            row, own = early[child.url]
            yield evolve(child, listing=row)
            if own is not None and own != child.url:
                yield evolve(child, url=own, fingerprint=self.fingerprint(own), listing=row)

    def entry(self, link: Link, depth: int) -> FrontierEntry:
        """The frontier entry for a link found at `depth`."""
        return FrontierEntry(
            run=self.run.id,
            url=link.url,
            fingerprint=self.fingerprint(link.url),
            kind=link.kind,
            priority=PRIORITIES.get(link.kind, 0),
            depth=depth,
        )


@frozen
class _Placed:
    resources: tuple[StoredBytes, ...]
    stored: StoredBytes
    screenshot: StoredBytes | None


@frozen
class _Earlier:
    id: str
    url: str
    at: datetime
    payload_sha256: str


def _own_records(fetched: Fetched, earlier: _Earlier | None) -> tuple[list[Record], bool]:
    """The records of the page itself, and whether a picture is among them."""
    rendering = fetched.rendering
    if rendering is not None:
        document = Resource(
            url=fetched.url, at=fetched.at, content_type="text/html; charset=utf-8", body=rendering.document
        )
        if rendering.screenshot is None:
            return [document], False
        picture = Resource(
            url=f"urn:screenshot:{fetched.url}",
            at=fetched.at,
            content_type="image/png",
            body=rendering.screenshot,
        )
        return [document, picture], True
    if earlier is None or not _repeats(fetched, earlier):
        return [fetched.exchange], False
    revisit = Revisit(
        url=fetched.url,
        at=fetched.at,
        response=fetched.exchange.response,
        payload_sha256=earlier.payload_sha256,
        refers_to_url=earlier.url,
        refers_to_at=earlier.at,
        request=fetched.exchange.request,
    )
    return [revisit], False


def _repeats(fetched: Fetched, earlier: _Earlier) -> bool:
    """Whether the page came as it came before. What a browser made of one is kept each time."""
    if fetched.rendering is not None:
        return False
    return hashlib.sha256(fetched.exchange.response.body).hexdigest() == earlier.payload_sha256


def _visited(visit: Visit) -> Outcome:
    status = visit.http_status
    if visit.page.kind in GATES:
        return _attempt(visit.lease, f"asks for a {'login' if visit.page.kind is PageKind.LOGIN else 'person'}")
    if visit.trouble is not None:
        return Outcome(lease=visit.lease.id, state="dead", note=visit.trouble)
    if status < 400 or status in GONE:
        return Outcome(lease=visit.lease.id, state="done", note=visit.page.kind.value)
    if visit.may_pass:
        return _attempt(visit.lease, f"HTTP {status}")
    return Outcome(lease=visit.lease.id, state="dead", note=f"HTTP {status}")


def _failed(failure: Failure) -> Outcome:
    if failure.again:
        return _attempt(failure.lease, failure.reason)
    return Outcome(lease=failure.lease.id, state="dead", note=failure.reason)


def _attempt(one: Lease, reason: str) -> Outcome:
    return Outcome(lease=one.id, state="dead" if one.attempts >= MOST_ATTEMPTS else "pending", note=reason)


def _earlier_captures(connection: sa.Connection, site: str, urls: Sequence[str]) -> dict[str, _Earlier]:
    """The last capture of each URL that holds its bytes itself (a revisit refers to it)."""
    query = (
        sa.select(captures.c.id, captures.c.url, captures.c.at, captures.c.payload_sha256)
        .where(captures.c.site == site, captures.c.url.in_(urls), captures.c.revisit_of.is_(None))
        .order_by(captures.c.at)
    )
    return {row.url: _Earlier(row.id, row.url, row.at, row.payload_sha256) for row in connection.execute(query)}


def _listings_at(connection: sa.Connection, site: str, urls: Sequence[str]) -> dict[str, str]:
    query = sa.select(listings.c.url, listings.c.native_id).where(listings.c.site == site, listings.c.url.in_(urls))
    return {row.url: row.native_id for row in connection.execute(query)}
