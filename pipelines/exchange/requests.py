"""Requests to marketplaces: made from a case or listings, sent by a person, their answers kept."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.cases.desk import write_entry
from pipelines.cases.models import LONGEST_NAME, check_text
from pipelines.cases.records import find_case
from pipelines.errors import BadInput, NotPermitted
from pipelines.exchange.forms import RequestKind, fill_form
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.lines import listing_records, rows_of
from pipelines.store.tables import case_listings, cases, listings
from pipelines.store.tables.requests import marketplace_requests, request_answers, request_listings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from pipelines.models import JsonObject
    from pipelines.store.database import Database
    from pipelines.store.lines import ListingRecord

OUTCOMES = ("acknowledged", "done", "partly", "refused")
KEPT_DAYS = 90
"""For how long records are asked to be kept where nobody says: the Budapest Convention (16) has 90 at most."""


@frozen(kw_only=True)
class RequestDesk:
    """Where `actor` makes requests in the name of `sender` (operator, contact, authority), and notes what came of them.

    Every method raises BadInput for what cannot be done, and then has changed nothing.
    """

    database: Database
    actor: str
    sender: Mapping[str, str | None]
    now: Callable[[], datetime]

    def make(
        self,
        kind: RequestKind,
        *,
        recipient: str,
        basis: str,
        case: str | None = None,
        places: Sequence[tuple[str, str]] = (),
        until: date | None = None,
        unpreserved: str | None = None,
    ) -> JsonObject:
        """Make a form about the listings of a case, or about `places`, that lie on one site; nothing is sent.

        A takedown notice needs a person's decision `relevant` on each listing (NotPermitted else), and a preservation
        request for each before it, or in `unpreserved` the reason why there is none: what is taken down may be gone.
        """
        recipient, basis = check_text(recipient, "the recipient", LONGEST_NAME), check_text(basis, "the legal basis")
        with self.database.write() as connection:
            at = self.now()
            row = None if case is None else find_case(connection, case)
            records = _records(connection, row, places)
            if kind is RequestKind.TAKEDOWN:
                _require_decisions(records)
                if unpreserved is None:
                    _require_preserved(connection, records)
            end = (until or at.date() + timedelta(days=KEPT_DAYS)) if kind is RequestKind.PRESERVATION else None
            if end is not None and end <= at.date():
                raise BadInput(f"{end} is over", hint="records are kept until a day to come")
            form = fill_form(
                kind,
                reference=_next_reference(connection, at.year),
                made=at,
                sender=self.sender,
                recipient=recipient,
                basis=basis,
                until=end,
                lines=[record.line for record in records],
            )
            values = {"reference": form["reference"], "kind": kind.value, "site": form["listings"][0]["site"]}
            inserted = sa.insert(marketplace_requests).returning(marketplace_requests.c.id)
            made = connection.execute(
                inserted.values(**values, case=row, made=at, actor=self.actor, form=form)
            ).scalar_one()
            links = [{"request": made, "listing": record.row} for record in records]
            connection.execute(sa.insert(request_listings), links)
            detail = {"did": "make", "kind": kind.value, "unpreserved": unpreserved}
            self._note(connection, made, "request", detail)
            return _read(connection, made)

    def mark_sent(self, reference: str, *, how: str) -> JsonObject:
        """Note that a person has sent it, and how."""
        how = check_text(how, "how it was sent")
        with self.database.write() as connection:
            row = _find(connection, reference)
            mine = marketplace_requests.c.id == row
            if connection.scalar(sa.select(marketplace_requests.c.sent).where(mine)) is not None:
                raise BadInput(f"request {reference} was sent already", hint=f"tracemark request show {reference}")
            values = {"sent": self.now(), "sent_by": self.actor, "sent_how": how}
            connection.execute(sa.update(marketplace_requests).where(mine).values(**values))
            self._note(connection, row, "request", {"did": "sent", "how": how})
            return _read(connection, row)

    def answer(self, reference: str, outcome: str, *, text: str, received: date | None = None) -> JsonObject:
        """Keep an answer: one of `OUTCOMES`, its words, and the day on which it came. There may be several."""
        if outcome not in OUTCOMES:
            raise BadInput(f"no outcome is called {outcome!r}", hint=f"one of {', '.join(OUTCOMES)}")
        text = check_text(text, "the answer")
        with self.database.write() as connection:
            row, at = _find(connection, reference), self.now()
            sent = connection.scalar(sa.select(marketplace_requests.c.sent).where(marketplace_requests.c.id == row))
            if sent is None:
                raise BadInput(f"request {reference} was not sent", hint=f"tracemark request sent {reference} --how …")
            received = received or at.date()
            if not sent.date() <= received <= at.date():
                raise BadInput(f"an answer of {received} cannot be", hint=f"from {sent.date()} to {at.date()}")
            values = {"request": row, "at": at, "actor": self.actor, "outcome": outcome, "text": text}
            connection.execute(sa.insert(request_answers).values(**values, received=received))
            self._note(connection, row, "request", {"did": "answer", "outcome": outcome})
            return _read(connection, row)

    def _note(self, connection: sa.Connection, row: int, action: str, detail: JsonObject) -> None:
        """Into the custody log of the case, or of each listing; and into the case's history."""
        query = sa.select(marketplace_requests.c.reference, marketplace_requests.c.case)
        request = connection.execute(query.where(marketplace_requests.c.id == row)).one()
        told = {"request": request.reference, **detail}
        if request.case is not None:
            write_entry(connection, request.case, actor=self.actor, at=self.now(), action=action, detail=told)
            return
        places = (
            sa.select(listings.c.site, listings.c.native_id)
            .join(request_listings, request_listings.c.listing == listings.c.id)
            .where(request_listings.c.request == row)
            .order_by(listings.c.id)
        )
        events = [
            CustodyEvent(at=self.now(), actor=self.actor, action=action, subject=f"{site}/{native_id}", detail=told)
            for site, native_id in connection.execute(places)
        ]
        append_custody(connection, events)


def read_requests(connection: sa.Connection, *, case: str | None = None, waiting: bool = False) -> list[JsonObject]:
    """Every request, the newest first; of one case, or those only that were sent and not answered finally."""
    query = sa.select(marketplace_requests.c.id).order_by(marketplace_requests.c.id.desc())
    if case is not None:
        query = query.where(marketplace_requests.c.case == find_case(connection, case))
    found = [_read(connection, row) for row in connection.scalars(query).all()]
    return [one for one in found if not waiting or one["state"] in {"made", "sent", "acknowledged"}]


def read_request(connection: sa.Connection, reference: str) -> JsonObject:
    """One request with its form and its answers (docs/schema/request.json). BadInput where there is none."""
    return _read(connection, _find(connection, reference))


def _read(connection: sa.Connection, row: int) -> JsonObject:
    query = (
        sa.select(marketplace_requests, cases.c.reference.label("case_reference"))
        .outerjoin(cases, cases.c.id == marketplace_requests.c.case)
        .where(marketplace_requests.c.id == row)
    )
    found = connection.execute(query).mappings().one()
    kept = sa.select(request_answers).where(request_answers.c.request == row).order_by(request_answers.c.id)
    answers = [
        {
            "received": one["received"].isoformat(),
            "outcome": one["outcome"],
            "text": one["text"],
            "at": one["at"].isoformat(),
            "by": one["actor"],
        }
        for one in connection.execute(kept).mappings()
    ]
    sent = found["sent"]
    return {
        "reference": found["reference"],
        "kind": found["kind"],
        "site": found["site"],
        "case": found["case_reference"],
        "state": answers[-1]["outcome"] if answers else "made" if sent is None else "sent",
        "made": found["made"].isoformat(),
        "by": found["actor"],
        "sent": None if sent is None else {"at": sent.isoformat(), "by": found["sent_by"], "how": found["sent_how"]},
        "answers": answers,
        "form": found["form"],
    }


def _find(connection: sa.Connection, reference: str) -> int:
    query = sa.select(marketplace_requests.c.id).where(marketplace_requests.c.reference == reference)
    row = connection.scalar(query)
    if row is None:
        raise BadInput(f"no request {reference!r}", hint="tracemark request list shows them")
    return int(row)


def _records(connection: sa.Connection, case: int | None, places: Sequence[tuple[str, str]]) -> list[ListingRecord]:
    if case is None:
        rows = list(rows_of(connection, places).values())
    else:
        rows = list(connection.scalars(sa.select(case_listings.c.listing).where(case_listings.c.case == case)))
    found = list(listing_records(connection, sorted(rows)))
    sites = sorted({one.line["site"] for one in found})
    if not found:
        raise BadInput("there is no listing to make a request about", hint="tracemark case add CASE ID")
    if len(sites) > 1:
        raise BadInput(
            "the listings lie on several sites",
            hint="a request goes to one: give the IDs of its listings",
            details=tuple(sites),
        )
    return found


def _require_decisions(records: Sequence[ListingRecord]) -> None:
    unread = tuple(f"{one.line['site']}/{one.line['id']}" for one in records if one.decision != "relevant")
    if unread:
        raise NotPermitted(
            "no person has decided that these listings are relevant",
            hint="decide on each in triage first: nothing leaves that nobody has read",
            details=unread,
        )


def _require_preserved(connection: sa.Connection, records: Sequence[ListingRecord]) -> None:
    query = (
        sa.select(request_listings.c.listing)
        .join(marketplace_requests, marketplace_requests.c.id == request_listings.c.request)
        .where(marketplace_requests.c.kind == RequestKind.PRESERVATION.value, marketplace_requests.c.sent.is_not(None))
    )
    kept = set(connection.scalars(query))
    missing = tuple(f"{one.line['site']}/{one.line['id']}" for one in records if one.row not in kept)
    if missing:
        raise BadInput(
            "no preservation request was sent for these listings: what is taken down may be gone",
            hint="tracemark request create preservation first, or --unpreserved REASON",
            details=missing,
        )


def _next_reference(connection: sa.Connection, year: int) -> str:
    start = f"R-{year}-"
    query = sa.select(sa.func.count()).where(marketplace_requests.c.reference.startswith(start, autoescape=True))
    return f"{start}{connection.execute(query).scalar_one() + 1:04d}"
