"""Stolen serial numbers that an agency may lawfully hold: kept as keyed hashes, compared with what listings state."""

from __future__ import annotations

import csv
import hashlib
import os
import secrets
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.errors import BadInput, DiskTrouble
from pipelines.sellers.serials import LEAST_FRAGMENT, digest, normalise
from pipelines.store.tables.registers import register_imports, stolen_serials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from pipelines.models import JsonObject
    from pipelines.sellers.offers import Offer

KEY_FILE = "serials.key"
_BATCH = 1000
_MOST_IN = 500


def read_key(folder: Path) -> bytes:
    """The workspace's key for serial numbers, made at its first use, readable by its owner only.

    Without it the hashes say nothing; a copy of the store without the key gives no serial number away.
    """
    path = folder / KEY_FILE
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
                handle.write(secrets.token_bytes(32))
        return path.read_bytes()
    except FileExistsError:
        return path.read_bytes()
    except OSError as error:
        raise DiskTrouble(f"{path} cannot be read or made: {error.strerror}") from error


@frozen(kw_only=True)
class StolenList:
    """A list read from a file: its rows as the store keeps them, and what could not be read."""

    name: str
    dated: date
    sha256: str
    rows: list[JsonObject]
    unread: list[str]


def read_stolen(path: Path, *, name: str, dated: date, columns: Mapping[str, str], key: bytes) -> StolenList:
    """Read the CSV at `path` (columns `serial` and, where there is one, `make`, or as `columns` says)."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    rows = csv.DictReader(data.decode("utf-8-sig", "replace").splitlines())
    header = [one.strip() for one in rows.fieldnames or ()]
    rows.fieldnames = header
    chosen = {"serial": "serial", "make": "make", **columns}
    wrong = [one for one in columns if one not in ("serial", "make")]
    missing = [
        column for field, column in chosen.items() if column not in header and (field in columns or field == "serial")
    ]
    if wrong or missing:
        raise BadInput(
            f"{path.name} has no column {', '.join(missing or wrong)}",
            hint=f"its columns are {', '.join(header)}; --map serial=COLUMN,make=COLUMN",
        )
    kept, unread = [], []
    for at, row in enumerate(rows, start=2):
        serial = normalise(row.get(chosen["serial"]) or "")
        make = normalise(row.get(chosen["make"]) or "")
        if len(serial) < LEAST_FRAGMENT:
            unread.append(f"line {at}: no serial number of {LEAST_FRAGMENT} characters or more")
            continue
        kept.append({"digest": digest(key, serial), "make_digest": digest(key, make, serial) if make else None})
    if not kept:
        raise BadInput(f"{path.name} holds no serial number", hint=f"its columns are {', '.join(header)}")
    return StolenList(name=name, dated=dated, sha256=hashlib.sha256(data).hexdigest(), rows=kept, unread=unread)


def keep_stolen(connection: sa.Connection, found: StolenList, *, at: datetime, person: str) -> int:
    """Put the list in the place of the one of its name. BadInput where that one is newer."""
    one = register_imports.c
    for row in connection.execute(sa.select(one.id, one.dated).where(one.kind == "stolen", one.register == found.name)):
        if row.dated > found.dated:
            raise BadInput(f"the list {found.name} is there as of {row.dated}, which is later than {found.dated}")
        connection.execute(sa.delete(stolen_serials).where(stolen_serials.c.register == row.id))
        connection.execute(sa.delete(register_imports).where(one.id == row.id))
    values = {
        "kind": "stolen",
        "register": found.name,
        "dated": found.dated,
        "at": at,
        "person": person,
        "sha256": found.sha256,
        "entries": len(found.rows),
    }
    made: int = connection.execute(sa.insert(register_imports).values(values).returning(one.id)).scalar_one()
    for start in range(0, len(found.rows), _BATCH):
        part = found.rows[start : start + _BATCH]
        connection.execute(sa.insert(stolen_serials), [{**row, "register": made} for row in part])
    return made


@frozen
class StolenDesk:
    """The lists in the store, looked up by keyed hash. Without the workspace's key nothing can be looked up."""

    connection: sa.Connection
    names: dict[int, str]
    secret: bytes | None
    key: str

    @classmethod
    def open(cls, connection: sa.Connection, secret: bytes | None) -> StolenDesk:
        """The lists as they are now."""
        query = sa.select(register_imports).where(register_imports.c.kind == "stolen").order_by(register_imports.c.id)
        rows = connection.execute(query).all()
        names = {row.id: f"{row.register} of {row.dated}" for row in rows}
        return cls(connection, names, secret, ".".join(f"{row.id}:{row.sha256[:12]}" for row in rows))

    def match(self, offers: Sequence[Offer]) -> list[tuple[Offer, str]]:
        """The offers that state a whole serial number of a list, the maker agreeing where both name one."""
        if self.secret is None or not self.names:
            return []
        wanted: dict[str, list[tuple[Offer, str]]] = {}
        for offer in offers:
            for serial in offer.serials:
                if serial.whole:
                    wanted.setdefault(digest(self.secret, serial.text), []).append((offer, serial.text))
        found: dict[int, tuple[Offer, str]] = {}
        digests = sorted(wanted)
        for start in range(0, len(digests), _MOST_IN):
            chosen = stolen_serials.c.digest.in_(digests[start : start + _MOST_IN])
            for row in self.connection.execute(sa.select(stolen_serials).where(chosen)):
                for offer, stated in wanted[row.digest]:
                    if row.make_digest is None or row.make_digest in self._makes(offer, stated):
                        found.setdefault(offer.row, (offer, self.names[row.register]))
        return [found[row] for row in sorted(found)]

    def _makes(self, offer: Offer, serial: str) -> set[str]:
        if self.secret is None:
            return set()
        makes = {stated["make"] for stated in offer.items if stated["make"]}
        return {digest(self.secret, normalise(make), serial) for make in makes}
