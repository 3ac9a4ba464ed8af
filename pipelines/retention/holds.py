"""Legal holds: a listing, or a seller with all listings, that nothing deletes until the hold is lifted."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.errors import BadInput
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.tables import (
    case_listings,
    case_sellers,
    cases,
    holds,
    listings,
    marketplace_requests,
    request_listings,
    sellers,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pipelines.models import JsonObject


class Held(StrEnum):
    """What a hold can be on. A case holds what is in it, by itself."""

    LISTING = "listing"
    SELLER = "seller"


@frozen(kw_only=True)
class Hold:
    """A hold that is in force, or was."""

    id: int
    kind: Held
    site: str
    native_id: str
    reason: str
    actor: str
    at: datetime
    lifted: datetime | None
    lifted_by: str | None

    @property
    def subject(self) -> str:
        """What it is on, as people name it."""
        return f"{self.kind.value} {self.site}/{self.native_id}"

    def to_json(self) -> JsonObject:
        """The hold as `tracemark hold list --json` prints it."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "subject": f"{self.site}/{self.native_id}",
            "reason": self.reason,
            "by": self.actor,
            "since": self.at.isoformat(),
            "lifted": None if self.lifted is None else self.lifted.isoformat(),
            "lifted_by": self.lifted_by,
        }


def place_hold(
    connection: sa.Connection, kind: Held, site: str, native_id: str, *, reason: str, actor: str, now: datetime
) -> int:
    """Hold a listing or a seller; the hold's number. Raises `BadInput` where there is none such, or no reason."""
    if not reason.strip():
        raise BadInput("a hold needs a reason", hint='--reason "Order 7/2026 of …"')
    table = listings if kind is Held.LISTING else sellers
    there = sa.select(table.c.id).where(table.c.site == site, table.c.native_id == native_id)
    if connection.scalar(there) is None:
        raise BadInput(f"no {kind.value} {site}/{native_id}", hint="tracemark search, or tracemark export sellers")
    row = {"kind": kind.value, "site": site, "native_id": native_id, "reason": reason, "actor": actor, "at": now}
    number: int = connection.execute(sa.insert(holds).values(row).returning(holds.c.id)).scalar_one()
    _log(connection, "hold", f"{site}/{native_id}", {"kind": kind.value, "hold": number, "reason": reason}, actor, now)
    return number


def lift_hold(connection: sa.Connection, number: int, *, reason: str, actor: str, now: datetime) -> Hold:
    """End a hold; the hold as it was. Raises `BadInput` where there is none such, it was lifted, or no reason."""
    if not reason.strip():
        raise BadInput("lifting a hold needs a reason", hint='--reason "…"')
    found = next(iter(_read(connection, holds.c.id == number)), None)
    if found is None or found.lifted is not None:
        raise BadInput(f"no hold {number} is in force", hint="tracemark hold list")
    connection.execute(sa.update(holds).where(holds.c.id == number).values(lifted=now, lifted_by=actor))
    detail = {"kind": found.kind.value, "hold": number, "reason": reason}
    _log(connection, "lift hold", f"{found.site}/{found.native_id}", detail, actor, now)
    return found


def list_holds(connection: sa.Connection, *, lifted: bool = False) -> list[Hold]:
    """The holds in force, oldest first; with `lifted` those that were, too."""
    return list(_read(connection, sa.true() if lifted else holds.c.lifted.is_(None)))


def reasons_to_keep(connection: sa.Connection, rows: Iterable[int]) -> dict[int, str]:
    """Why listings (by row) must stay: a hold, a case or a request that they, or their seller, are in."""
    wanted = sorted(rows)
    found: dict[int, str] = {}
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        gathered = sa.union_all(
            sa.select(request_listings.c.listing, sa.literal("request"), marketplace_requests.c.reference)
            .join(marketplace_requests, marketplace_requests.c.id == request_listings.c.request)
            .where(request_listings.c.listing.in_(part)),
            sa.select(case_listings.c.listing, sa.literal("case"), cases.c.reference)
            .join(cases, cases.c.id == case_listings.c.case)
            .where(case_listings.c.listing.in_(part)),
            sa.select(listings.c.id, sa.literal("case"), cases.c.reference)
            .join(case_sellers, case_sellers.c.seller == listings.c.seller)
            .join(cases, cases.c.id == case_sellers.c.case)
            .where(listings.c.id.in_(part)),
        )
        held = (
            sa.select(listings.c.id, holds.c.id, holds.c.kind, holds.c.reason)
            .outerjoin(sellers, sellers.c.id == listings.c.seller)
            .join(holds, _is_held())
            .where(listings.c.id.in_(part), holds.c.lifted.is_(None))
        )
        for row, what, reference in connection.execute(gathered):
            found[row] = f"it is in {what} {reference}"
        for row, number, kind, reason in connection.execute(held):
            whose = "its seller is" if kind == Held.SELLER else "it is"
            found[row] = f"{whose} under hold {number}: {reason}"
    return found


def reason_to_keep_seller(connection: sa.Connection, row: int) -> str | None:
    """Why a seller must stay: a hold on the seller, or a case; None where nothing keeps the account itself."""
    held = (
        sa.select(holds.c.id, holds.c.reason)
        .join(sellers, sa.and_(sellers.c.site == holds.c.site, sellers.c.native_id == holds.c.native_id))
        .where(sellers.c.id == row, holds.c.kind == Held.SELLER.value, holds.c.lifted.is_(None))
    )
    if (hold := connection.execute(held).first()) is not None:
        return f"the seller is under hold {hold.id}: {hold.reason}"
    gathered = (
        sa.select(cases.c.reference)
        .join(case_sellers, case_sellers.c.case == cases.c.id)
        .where(case_sellers.c.seller == row)
    )
    reference = connection.scalar(gathered)
    return None if reference is None else f"the seller is in case {reference}"


def _is_held() -> sa.ColumnElement[bool]:
    return sa.and_(
        holds.c.site == listings.c.site,
        sa.or_(
            sa.and_(holds.c.kind == Held.LISTING.value, holds.c.native_id == listings.c.native_id),
            sa.and_(holds.c.kind == Held.SELLER.value, holds.c.native_id == sellers.c.native_id),
        ),
    )


def _read(connection: sa.Connection, chosen: sa.ColumnElement[bool]) -> Iterable[Hold]:
    for row in connection.execute(sa.select(holds).where(chosen).order_by(holds.c.id)).mappings():
        yield Hold(**{**row, "kind": Held(row["kind"])})


def _log(connection: sa.Connection, action: str, subject: str, detail: JsonObject, actor: str, now: datetime) -> None:
    append_custody(connection, [CustodyEvent(at=now, actor=actor, action=action, subject=subject, detail=detail)])
