"""Reading a published register of licences (CSV) and keeping it with the day of its publication."""

from __future__ import annotations

import csv
import hashlib
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.errors import BadInput
from pipelines.licences.numbers import expiry_of, name_key, number_key, short_key
from pipelines.reading.phones import find_phones
from pipelines.sellers.wording import number_of
from pipelines.store.tables.registers import licences, register_imports

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from pipelines.models import JsonObject

ATF = ("LIC_REGN", "LIC_DIST", "LIC_CNTY", "LIC_TYPE", "LIC_XPRDTE", "LIC_SEQN")
FIELDS = ("number", "expires", "kind", "name", "business", "street", "city", "state", "zip", "phone")
_ATF_FIELDS = {
    "kind": "LIC_TYPE",
    "name": "LICENSE_NAME",
    "business": "BUSINESS_NAME",
    "street": "PREMISE_STREET",
    "city": "PREMISE_CITY",
    "state": "PREMISE_STATE",
    "zip": "PREMISE_ZIP_CODE",
    "phone": "VOICE_PHONE",
}
_BATCH = 1000
_LONGEST = {"kind": 16, "state": 16, "zip": 16, "phone": 24}
_NOTHING = frozenset({"", "null", "none", "n/a", "-"})


@frozen(kw_only=True)
class Register:
    """A register read from a file: its entries as rows of the store, and the lines that could not be read."""

    name: str
    dated: date
    sha256: str
    entries: list[JsonObject]
    unread: list[str]


def read_register(path: Path, *, name: str, dated: date, columns: Mapping[str, str], country: str | None) -> Register:
    """Read the CSV file at `path`, in ATF's form or with `columns` saying which column holds which of `FIELDS`.

    BadInput where the file is no such CSV; a line without a number is counted and told.
    """
    data = _read(path)
    rows = csv.DictReader(data.decode("utf-8-sig", "replace").splitlines(), dialect=_dialect(data))
    header = [one.strip() for one in rows.fieldnames or ()]
    rows.fieldnames = header
    chosen = _columns(header, columns, path)
    entries, unread = [], []
    for at, row in enumerate(rows, start=2):
        entry = _entry(row, chosen, dated, country)
        if entry is None:
            unread.append(f"line {at}: no licence number")
        else:
            entries.append(entry)
    if not entries:
        raise BadInput(
            f"{path.name} holds no licence", hint=f"its columns are {', '.join(header)}; --map number=COLUMN"
        )
    return Register(name=name, dated=dated, sha256=hashlib.sha256(data).hexdigest(), entries=entries, unread=unread)


def keep_register(connection: sa.Connection, register: Register, *, at: datetime, person: str) -> int:
    """Put the register in the place of the one of its name. BadInput where that one is newer."""
    one = register_imports.c
    known = sa.select(one.id, one.dated).where(one.kind == "licences", one.register == register.name)
    for row in connection.execute(known):
        if row.dated > register.dated:
            raise BadInput(
                f"the register {register.name} is there as of {row.dated}, which is later than {register.dated}",
                hint="give another --name to keep both",
            )
        connection.execute(sa.delete(licences).where(licences.c.register == row.id))
        connection.execute(sa.delete(register_imports).where(one.id == row.id))
    values = {
        "kind": "licences",
        "register": register.name,
        "dated": register.dated,
        "at": at,
        "person": person,
        "sha256": register.sha256,
        "entries": len(register.entries),
    }
    made: int = connection.execute(sa.insert(register_imports).values(values).returning(one.id)).scalar_one()
    for start in range(0, len(register.entries), _BATCH):
        part = register.entries[start : start + _BATCH]
        connection.execute(sa.insert(licences), [{**entry, "register": made} for entry in part])
    return made


def read_imports(connection: sa.Connection) -> list[JsonObject]:
    """Every register and list that is there, the newest first."""
    rows = connection.execute(sa.select(register_imports).order_by(register_imports.c.id.desc())).mappings()
    return [{**row, "dated": row["dated"].isoformat(), "at": row["at"].isoformat()} for row in rows]


def phone_mark(phone: str | None, country: str | None) -> int | None:
    """The mark of a telephone number, as contacts of listings have it."""
    found = find_phones(f"call {phone}", country=country) if phone else []
    return contact_mark("phone", found[0].value) if found else None


def contact_mark(kind: str, value: str) -> int:
    """63 bits for a contact: one phone number is the same with and without the code of North America."""
    return number_of(kind, value.removeprefix("+1") if kind == "phone" else value)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def _dialect(data: bytes) -> type[csv.Dialect]:
    """ATF has published the list with commas, tabs and bars."""
    head = data[:4096].decode("utf-8-sig", "replace").partition("\n")[0]
    best = max(",;\t|", key=head.count)

    class Found(csv.excel):
        delimiter = best

    return Found


def _columns(header: list[str], columns: Mapping[str, str], path: Path) -> dict[str, str]:
    wrong = [name for name in columns if name not in FIELDS]
    missing = [column for column in columns.values() if column not in header]
    if wrong or missing:
        details = tuple(
            [f"--map {name}=…: known are {', '.join(FIELDS)}" for name in wrong]
            + [f"{path.name} has no column {column}" for column in missing]
        )
        raise BadInput("the mapping does not fit", hint=f"the columns are {', '.join(header)}", details=details)
    chosen = dict(columns)
    if "number" not in chosen:
        absent = [column for column in ATF if column not in header]
        if absent:
            raise BadInput(
                f"{path.name} is not in ATF's form (no {', '.join(absent)}), and no column is named for the number",
                hint="--map number=COLUMN,name=COLUMN,expires=COLUMN",
            )
    return {**{field: column for field, column in _ATF_FIELDS.items() if column in header}, **chosen}


def _entry(
    row: Mapping[str, str | None], chosen: Mapping[str, str], dated: date, country: str | None
) -> JsonObject | None:
    told = {field: _told(row.get(column)) for field, column in chosen.items()}
    number = told.pop("number", None)
    expires = _day(told.pop("expires", None))
    if number is None:
        parts = [(_told(row.get(column)) or "").upper() for column in ATF]
        widths = (1, 2, 3, 2, 2, 5)
        parts = [part.zfill(width) for part, width in zip(parts, widths, strict=True)]
        number = "-".join(parts) if any(part.strip("0") for part in parts) else None
        expires = expiry_of(parts[4], dated)
    if number is None or not number_key(number):
        return None
    cut = {field: value[: _LONGEST[field]] if value and field in _LONGEST else value for field, value in told.items()}
    return {
        **dict.fromkeys(FIELDS[2:]),
        **cut,
        "number": number_key(number),
        "short": short_key(number),
        "shown": number[:64],
        "expires": expires,
        "name_key": name_key(told.get("name")),
        "business_key": name_key(told.get("business")),
        "phone_mark": phone_mark(told.get("phone"), country),
    }


def _told(value: str | None) -> str | None:
    text = (value or "").strip()
    return None if text.casefold() in _NOTHING else text


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None
