"""One page, now: a tip. Taken under the same authority, robots.txt, address rule and pace, into the same chain."""

from __future__ import annotations

import os
import re
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import evolve, frozen

from crawler.gateway import Gateway
from crawler.pace import Pace
from crawler.pages import PageClasses
from crawler.plan import VisitPlan
from crawler.process import PAGES, carry_out, find_site, new_id, utc_now
from crawler.recorder import Recorder
from crawler.revisits import Revisits
from crawler.run import SiteRun, fingerprint
from crawler.sites.loading import LoadedSite
from crawler.sites.schema import Expect, SiteFile
from crawler.spiders.listings import ListingsSpider
from pipelines import __version__
from pipelines.errors import BadInput
from pipelines.intake import Intake
from pipelines.models import PageKind, RunStatus
from pipelines.store.frontier import FrontierEntry, enqueue
from pipelines.store.runs import Run, RunKind, SiteRecord, finish_run, pages_of, record_site, site_records, start_run
from pipelines.store.tables import captures, frontier, listings
from pipelines.warc.records import WarcInfo
from pipelines.warc.writer import WarcFile
from pipelines.work.holding import LEASE, held, since_boot

if TYPE_CHECKING:
    from crawler.restraint import Restraint
    from pipelines.models import JsonObject
    from pipelines.work.holding import Hold
    from pipelines.workspace import Workspace

TIPS = "tips"
"""The site of tips that name none, and the folder of the vault for all of them."""

_WHOLE_ADDRESS = re.compile(".+")


@frozen(kw_only=True)
class TipOutcome:
    """What a tip brought; None where there is none.

    `capture` has id, url, at, http_status, kind, payload_sha256 and file; `listing` is the site's name and its own id.
    """

    run: Run
    capture: JsonObject | None
    listing: tuple[str, str] | None


@frozen(kw_only=True)
class TipRun(SiteRun):
    """A run over one page. It is judged by whether that page came, not by what sites are expected to hold."""

    def finish(self, *, stopped: RunStatus | None, reason: str | None) -> Run:
        """Say what became of the page, and let go of its file."""
        self.recorder.archive.close()
        with self.database.write() as connection:
            mine = sa.select(captures.c.http_status, captures.c.listing).where(pages_of(self.run.id))
            seen = connection.execute(mine).all()
            outcome = connection.scalar(sa.select(frontier.c.outcome).where(frontier.c.run == self.run.id))
            listings_read = sum(row.listing is not None for row in seen)
            status, why = RunStatus.DONE, None
            if stopped is not None:
                status, why = stopped, reason
            elif not seen or seen[-1].http_status >= 400:
                status, why = RunStatus.FAILED, f"HTTP {seen[-1].http_status}" if seen else outcome
            run = evolve(
                self.run,
                status=status,
                reason=why,
                finished=self.now(),
                found={"pages": len(seen), "listings": listings_read},
                unseen={} if seen else {outcome or "not visited": 1},
            )
            finish_run(connection, run)
        self.held.close()
        return run


class TipSpider(ListingsSpider):
    """Reads one page. Where no site is named, its address is the listing's id: two sites may both have a 42."""

    name = "tip"

    def __init__(self, run: SiteRun, restraint: Restraint) -> None:
        super().__init__(run, restraint)
        if run.recorder.run.site == TIPS:
            self.hints = evolve(self.hints, listing_id=_WHOLE_ADDRESS)


def capture_page(workspace: Workspace, url: str, *, site: str | None) -> TipOutcome:
    """Take the page at `url` now, as one of `site`'s where it is named; returns when it is durable.

    Raises `BadInput` for an address that cannot be one, or is not of the site; what `VisitPlan.make` raises; and
    what kept store or vault from being written.
    """
    loaded = _plan_file(workspace, url, site)
    plan = VisitPlan.make(loaded, workspace.settings.authority, delay=None, environment=os.environ, now=utc_now())
    with ExitStack() as stack:
        database = workspace.open_database()
        stack.callback(database.close)
        hold = stack.enter_context(held(workspace, database, f"site-{TIPS}", seconds=LEASE + plan.spare))
        run = _begin(plan, url, site or TIPS, hold=hold, workspace=workspace, stack=stack.pop_all())
    outcome, _ = carry_out(run, TipSpider)
    return _read_outcome(workspace, outcome)


def _plan_file(workspace: Workspace, url: str, site: str | None) -> LoadedSite:
    """The site's own file, narrowed to one page; or the least that one needs."""
    if site is None:
        try:
            return LoadedSite(file=SiteFile(site=TIPS, start=[url]), sha256="")
        except ValueError as error:
            raise BadInput(f"{url!r} is no web address", hint="https://market.example/item/42") from error
    loaded = find_site(workspace, site)
    own = loaded.file
    file = own.model_copy(
        update={
            "site": TIPS,
            "start": [url],
            "pace": own.pace.model_copy(update={"pages": 1, "concurrency": 1}),
            "expect": Expect(),
        }
    )
    plan = VisitPlan.make(loaded, workspace.settings.authority, delay=None, environment=os.environ, now=utc_now())
    if not plan.bounds.contains(url):
        raise BadInput(f"{url} is not on {own.site}", hint=f"leave out --site, or add its host to {own.site}'s file")
    return LoadedSite(file=file, sha256=loaded.sha256)


def _begin(plan: VisitPlan, url: str, site: str, *, hold: Hold, workspace: Workspace, stack: ExitStack) -> TipRun:
    file, authority, database = plan.site.file, plan.authority, hold.database
    run = Run(
        id=new_id(),
        site=site,
        kind=RunKind.TIP,
        started=utc_now(),
        authority=authority,
        site_file_sha256=plan.site.sha256 or None,
    )
    with database.write() as connection:
        if site not in site_records(connection):
            record_site(connection, SiteRecord(name=site, source="tip"), run.started)
        start_run(connection, run)
        entry = FrontierEntry(run=run.id, url=url, fingerprint=fingerprint(url), kind=PageKind.DETAIL)
        enqueue(connection, [entry])
    archive = _open_archive(workspace, run)
    recorder = Recorder(
        run=run,
        database=database,
        intake=Intake(database, authority["operator"]),
        archive=archive,
        archive_name=f"{TIPS}/{run.id}/captures.warc.gz",
        new_id=new_id,
        owner=f"{socket.gethostname()}:{os.getpid()}",
        fingerprint=fingerprint,
        follows=lambda _url: False,
        revisits=Revisits.of(file.again),
    )
    through = Gateway.bind(plan.rule, upstream=plan.upstream) if plan.upstream or file.fetch == "browser" else None
    return TipRun(
        run=run,
        database=database,
        recorder=recorder,
        plan=plan,
        resumed=False,
        visited=0,
        gateway=through,
        now=utc_now,
        hold=hold,
        held=stack,
        abandon=archive.close,
        pages=PageClasses.load(workspace.root / PAGES),
        pace=Pace(database, plan.delay, since_boot),
    )


def _open_archive(workspace: Workspace, run: Run) -> WarcFile:
    folder = workspace.vault / TIPS / run.id
    folder.mkdir(parents=True, exist_ok=True)
    archive = WarcFile(folder / "captures.warc.gz", root=workspace.vault)
    fields = {
        "software": f"Tracemark/{__version__}",
        "format": "WARC File Format 1.1",
        "isPartOf": f"{TIPS}/{run.id}",
        **{name: str(value) for name, value in run.authority.items() if value},
    }
    archive.append([WarcInfo(at=run.started, fields=fields, filename="captures.warc.gz")])
    return archive


def _read_outcome(workspace: Workspace, run: Run) -> TipOutcome:
    database = workspace.open_database()
    try:
        with database.read() as connection:
            query = (
                sa.select(captures, listings.c.site.label("listing_site"), listings.c.native_id)
                .outerjoin(listings, listings.c.id == captures.c.listing)
                .where(pages_of(run.id))
            )
            row = connection.execute(query).mappings().first()
    finally:
        database.close()
    if row is None:
        return TipOutcome(run=run, capture=None, listing=None)
    capture = {name: row[name] for name in ("id", "url", "http_status", "kind", "payload_sha256", "file")}
    capture["at"] = row["at"].isoformat()
    listing = None if row["native_id"] is None else (row["listing_site"], row["native_id"])
    return TipOutcome(run=run, capture=capture, listing=listing)
