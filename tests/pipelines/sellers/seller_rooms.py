"""A store to offer things in, with assessments made by hand, for tests of sellers, actors and licences."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from attrs import define, field
from seller_samples import START, piece

from pipelines.intake import Arrival, Intake
from pipelines.models import (
    Capture,
    CaptureMethod,
    Contact,
    ListingContent,
    ListingStatus,
    PageKind,
    Price,
    SellerRef,
    StoredBytes,
)
from pipelines.sellers.desk import assess_sellers
from pipelines.sellers.export import actor_lines, item_lines, seller_lines
from pipelines.sellers.rules import SellerRules
from pipelines.store.assessing import AssessmentRecord, keep_assessments, read_waiting
from pipelines.store.database import Database
from pipelines.store.runs import Run, SiteRecord, record_site, start_run
from pipelines.store.tables import pictures

if TYPE_CHECKING:
    from pathlib import Path

RULES = SellerRules.shipped()
NOW = datetime(2026, 11, 1, tzinfo=UTC)
KEY = b"a key for tests"


@define
class Room:
    """Offers, assesses and answers."""

    database: Database
    _numbers: count[int] = field(factory=lambda: count(1))
    _made: dict[str, tuple[list[dict[str, Any]], list[tuple[str, float]], str]] = field(factory=dict)

    @classmethod
    def open(cls, folder: Path, template: Path) -> Room:
        """A room of its own, from the file of one that was made before: its schema is dear to make."""
        shutil.copy(template, folder / "store.db")
        return cls(Database.open(f"sqlite:///{folder / 'store.db'}"))

    @staticmethod
    def make_template(folder: Path) -> Path:
        opened = Database.open(f"sqlite:///{folder / 'template.db'}")
        with opened.write() as connection:
            for site in ("market", "other", "third"):
                record_site(connection, SiteRecord(name=site, source="feed", country="US", currency="USD"), START)
                start_run(connection, Run(id=site, site=site, started=START))
        opened.close()
        return folder / "template.db"

    def offer(
        self,
        place: str,
        day: float,
        text: str,
        *pieces: dict[str, Any],
        signals: tuple[tuple[str, float], ...] = (),
        kind: str = "firearm_handgun",
        name: str | None = None,
        phone: str | None = None,
        shown: tuple[int, ...] = (),
        **more: Any,
    ) -> None:
        """One listing of the account `place` (SITE/SELLER) on a day; things it offers as `piece` makes them."""
        site, _, seller = place.partition("/")
        number = next(self._numbers)
        native_id, at = f"{seller}-{number}", START + timedelta(days=day)
        capture = Capture(
            id=f"{number:032x}",
            site=site,
            run=site,
            url=None,
            method=CaptureMethod.FEED,
            at=at,
            http_status=200,
            content_type=None,
            stored=StoredBytes(file="f", offset=number, length=1, payload_sha256="0" * 64),
            kind=PageKind.DETAIL,
        )
        contacts = () if phone is None else (Contact(kind="phone", value=phone, field="description", start=0, end=0),)
        licence, joined = more.pop("licence", None), more.pop("joined", None)
        amount = more.pop("amount", None)
        content = ListingContent(
            id=native_id,
            url=None,
            title=f"Listing {native_id}",
            description=text,
            posted=at.isoformat(),
            contacts=contacts,
            seller=SellerRef(id=seller, name=name, licence=licence, joined=joined, profile=more.pop("profile", None)),
            price=None if amount is None else Price(amount=amount, currency="USD"),
            status=ListingStatus(more.pop("status", "active")),
            **more,
        )
        taken = Intake(self.database, "Example Unit").take(
            [Arrival(capture=capture, listing=content)], committed={"f": 1}
        )
        assert taken
        self._made[native_id] = ([*pieces] or [piece()], list(signals), kind)
        if shown:
            with self.database.write() as connection:
                from pipelines.store.lines import rows_of  # noqa: PLC0415 -- beside its only use

                row = rows_of(connection, [(site, native_id)])[site, native_id]
                values = [{"capture": capture.id, "listing": row, "sha256": "0" * 64, "bits": bits} for bits in shown]
                connection.execute(pictures.insert(), values)

    def assess(self, **more: Any) -> int:
        """Assess what waits as it was made by hand, then the sellers; how many of these there were."""
        with self.database.write() as connection:
            records = []
            for one in read_waiting(connection, "m.r.l", after=0, most=5000):
                made, signals, kind = self._made[one.content.id]
                found = [
                    {"name": name, "polarity": "for" if weight >= 0 else "against", "weight": weight}
                    for name, weight in signals
                ]
                body = {"class": kind, "signals": found, "review": "none", "queue": None}
                record = AssessmentRecord(
                    version=one.version, made_by="m.r.l", at=START, body=body, items=made, derivation={}, vector=None
                )
                records.append((one.row, record))
            keep_assessments(connection, records)
        return assess_sellers(self.database, now=lambda: NOW, rules=RULES, key=KEY, **more).assessed

    def sellers(self) -> dict[str, dict[str, Any]]:
        return {f"{line['site']}/{line['id']}": line for line in seller_lines(self.database, None)}

    def actors(self) -> list[set[str]]:
        return [{f"{one['site']}/{one['id']}" for one in line["accounts"]} for line in actor_lines(self.database)]

    def items(self) -> list[dict[str, Any]]:
        return list(item_lines(self.database, None))
