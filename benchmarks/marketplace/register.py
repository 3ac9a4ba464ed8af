"""The register of licences of the marketplace's country, in the columns of the ATF's published listing."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from marketplace.catalogue import BUSINESS_ENDS, FIRST_WORDS, SECOND_WORDS
from marketplace.models import Kind, chance_of

if TYPE_CHECKING:
    from pathlib import Path

    from marketplace.models import Marketplace, Person

COLUMNS = (
    "LIC_REGN", "LIC_DIST", "LIC_CNTY", "LIC_TYPE", "LIC_XPRDTE", "LIC_SEQN", "LICENSE_NAME", "BUSINESS_NAME",
    "PREMISE_STREET", "PREMISE_CITY", "PREMISE_STATE", "PREMISE_ZIP_CODE", "MAIL_STREET", "MAIL_CITY", "MAIL_STATE",
    "MAIL_ZIP_CODE", "VOICE_PHONE",
)  # fmt: skip


def write_register(market: Marketplace, path: Path) -> int:
    """Write the register; how many licences stand in it. Strangers to the marketplace are in it as well."""
    rows = [_row(person) for person in market.people if person.kind is Kind.DEALER or person.bad_number == "expired"]
    rows += [_stranger(market.seed, number) for number in range(5 * len(rows) + 20)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    return len(rows)


def _row(person: Person) -> list[str]:
    account = person.accounts[0]
    city = account.place.split(",")[0].upper()
    name, licence = (person.business or "").upper(), account.licence or ""
    return _columns(licence, f"{name} LLC", name, city, account.state)


def _stranger(seed: int, number: int) -> list[str]:
    chance = chance_of(seed, "stranger", number)
    name = f"{chance.choice(FIRST_WORDS)} {chance.choice(SECOND_WORDS)} {chance.choice(BUSINESS_ENDS)}".upper()
    code = f"{chance.choice('6789')}{chance.choice('ABCDEFGHJKLM')}"
    licence = f"9-{chance.randrange(10, 99)}-{chance.randrange(100, 999)}-01-{code}-{70_000 + number:05}"
    return _columns(licence, f"{name} LLC", name, "DALLAS", "TX")


def _columns(licence: str, holder: str, business: str, city: str, state: str) -> list[str]:
    where = ["1 EXAMPLE ST", city, state, "00000"]
    return [*licence.split("-"), holder, business, *where, *where, "2145550100"]
