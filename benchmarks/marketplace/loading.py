"""Puts the marketplace into a store as visits and assessments would have, through the store's own functions."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import define

from marketplace.models import DAYS, moment
from marketplace.prepared import assessment_of
from marketplace.wording import write_ad
from pipelines.intake import Arrival, Intake
from pipelines.models import (
    Capture,
    CaptureMethod,
    Contact,
    ListingContent,
    ListingStatus,
    PageKind,
    Price,
    RunStatus,
    SellerRef,
    StoredBytes,
)
from pipelines.store.assessing import AssessmentRecord, keep_assessments
from pipelines.store.lines import rows_of
from pipelines.store.runs import Run, RunKind, SiteRecord, finish_run, record_site, start_run
from pipelines.store.tables import listings, picture_captures, pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from marketplace.models import Ad, Marketplace, Photo
    from marketplace.wording import Written
    from pipelines.models import JsonObject
    from pipelines.store.database import Database

VERSIONS = {"model": "p" * 64, "rules": "p" * 64, "lexicon": "p" * 64}
MADE_BY = ".".join(VERSIONS[name][:16] for name in ("model", "rules", "lexicon"))
BATCH = 2000
NOW = moment(DAYS)


@define
class Loader:
    """Loads ads day by day. A run is one visit of one site on one day."""

    database: Database
    captures: int = 0

    def load(self, market: Marketplace, *, progress: Callable[[int], None] = lambda _count: None) -> None:
        """Everything, in the order of days."""
        self._open_sites(market)
        by_day: dict[int, list[tuple[Ad, bool]]] = defaultdict(list)
        for ad in market.ads():
            by_day[ad.day].append((ad, False))
            if ad.end is not None:
                by_day[ad.end].append((ad, True))
        waiting: list[tuple[int, Ad, bool]] = []
        done = 0
        for day in sorted(by_day):
            waiting += [(day, ad, ended) for ad, ended in by_day[day]]
            if len(waiting) >= BATCH:
                self.take(waiting)
                done += len(waiting)
                waiting = []
                progress(done)
        self.take(waiting)

    def take(self, waiting: Sequence[tuple[int, Ad, bool]]) -> None:
        """Visits that show ads, each on a day, or show that they ended; and what was read in them."""
        written = {ad.id: write_ad(ad) for _, ad, ended in waiting if not ended}
        arrivals, shown = [], []
        for day, ad, ended in waiting:
            capture = self._capture(day, ad)
            if ended:
                status = ListingStatus.SOLD if ad.sold else ListingStatus.GONE
                arrivals.append(Arrival(capture=capture, ended=(ad.id, status)))
            else:
                arrivals.append(Arrival(capture=capture, listing=content_of(ad, written[ad.id])))
                shown.append((ad, capture))
        Intake(self.database, "made-up marketplace").take(arrivals, committed={"made-up.warc.gz": self.captures})
        self._assess(shown, written)

    def _assess(self, shown: Sequence[tuple[Ad, Capture]], written: dict[str, Written]) -> None:
        with self.database.write() as connection:
            rows = rows_of(connection, [(ad.account.site, ad.id) for ad, _ in shown])
            versions = _versions(connection, list(rows.values()))
            records = []
            for ad, capture in shown:
                row = rows[ad.account.site, ad.id]
                records.append((row, _record(written[ad.id], ad, versions[row], capture.at)))
            keep_assessments(connection, records)
            seen = [{"capture": capture.id} for _, capture in shown]
            if seen:
                connection.execute(sa.insert(picture_captures), seen)
            prints = [
                {"capture": capture.id, "listing": rows[ad.account.site, ad.id], **print_of(photo)}
                for ad, capture in shown
                for photo in dict.fromkeys(ad.photos)
            ]
            if prints:
                connection.execute(sa.insert(pictures), prints)

    def _open_sites(self, market: Marketplace) -> None:
        with self.database.write() as connection:
            for site in market.sites:
                first = market.observed_from[site]
                record = SiteRecord(name=site, source="crawl", currency="USD", country="US", timezone="America/Chicago")
                record_site(connection, record, moment(first))
                for day in range(first, DAYS):
                    run = Run(id=_run(site, day), site=site, started=moment(day), kind=RunKind.CRAWL)
                    start_run(connection, run)
                    finish_run(connection, _done(run, moment(day)))

    def _capture(self, day: int, ad: Ad) -> Capture:
        self.captures += 1
        where = StoredBytes(
            file="made-up.warc.gz",
            offset=self.captures - 1,
            length=1,
            payload_sha256=hashlib.sha256(ad.id.encode()).hexdigest(),
        )
        return Capture(
            id=f"{self.captures:032x}",
            site=ad.account.site,
            run=_run(ad.account.site, min(day, DAYS - 1)),
            url=_url(ad),
            method=CaptureMethod.HTTP,
            at=moment(day) + timedelta(seconds=self.captures % 3000),
            http_status=200,
            content_type="text/html",
            stored=where,
            kind=PageKind.DETAIL,
        )


def content_of(ad: Ad, written: Written) -> ListingContent:
    """What the page of an ad says."""
    account = ad.account
    profile = f"Licence {account.licence}" if account.licence else None
    return ListingContent(
        id=ad.id,
        url=_url(ad),
        title=written.title,
        description=written.description,
        price=Price(amount=Decimal(ad.price), currency="USD"),
        seller=SellerRef(
            id=account.id,
            name=account.handle,
            url=f"https://{account.site}.example.com/u/{account.id}",
            joined=account.joined.isoformat(),
            licence=account.licence,
            profile=profile,
        ),
        contacts=tuple(
            Contact(kind=mark.name, value=mark.value, field="description", start=mark.start, end=mark.end)
            for mark in written.contacts
        ),
        location=account.place,
        country="US",
        posted=moment(ad.day).date().isoformat(),
        images=tuple(f"https://img.example.com/{ad.id}/{at}.jpg" for at, _ in enumerate(ad.photos)),
    )


def print_of(photo: Photo) -> JsonObject:
    """A picture's row: 64 bits that differ a little when it was saved anew."""
    bits = int.from_bytes(hashlib.sha256(photo.scene.encode()).digest()[:8])
    for at in range(photo.noise % 4 if photo.noise else 0):
        bits ^= 1 << (photo.noise * (at + 3) % 64)
    return {
        "sha256": hashlib.sha256(f"{photo.scene}#{photo.noise}".encode()).hexdigest(),
        "bits": bits - 2**64 if bits >= 2**63 else bits,
    }


def _record(written: Written, ad: Ad, version: int, at: datetime) -> AssessmentRecord:
    left = not written.item_class.startswith("firearm") and written.item_class != "wanted_ad"
    return AssessmentRecord(
        version=version,
        made_by=MADE_BY,
        at=at,
        body=assessment_of(written, VERSIONS),
        items=written.items,
        derivation={"jurisdiction": f"US-{ad.account.state}", "class": written.item_class, "left_uncounted": left},
        vector=None,
    )


def _versions(connection: sa.Connection, rows: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for part in _parts(rows):
        found |= dict(
            connection.execute(sa.select(listings.c.id, listings.c.version).where(listings.c.id.in_(part))).all()
        )
    return found


def _parts(rows: Sequence[int]) -> Iterable[Sequence[int]]:
    return (rows[start : start + 500] for start in range(0, len(rows), 500))


def _run(site: str, day: int) -> str:
    return hashlib.sha256(f"{site}/{day}".encode()).hexdigest()[:32]


def _done(run: Run, at: datetime) -> Run:
    return Run(id=run.id, site=run.site, started=run.started, status=RunStatus.DONE, finished=at + timedelta(hours=1))


def _url(ad: Ad) -> str:
    return f"https://{ad.account.site}.example.com/ad/{ad.id}"
