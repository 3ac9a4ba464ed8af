"""Who sells: accounts, what they can be reached by, and by what the accounts of one hand can be told to be one's."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from marketplace.catalogue import (
    AREA_CODES,
    BUSINESS_ENDS,
    FIRST_WORDS,
    GENERIC_HANDLES,
    LATE_SITE,
    PLACES,
    SECOND_WORDS,
    SITES,
)
from marketplace.models import FIRST_DAY, TRAFFICKERS, Account, Kind, chance_of

if TYPE_CHECKING:
    import random

KINDS = (
    (Kind.OCCASIONAL, 0.617),
    (Kind.GOODS, 0.15),
    (Kind.REPOSTER, 0.04),
    (Kind.COLLECTOR, 0.06),
    (Kind.ESTATE, 0.03),
    (Kind.HOBBYIST, 0.03),
    (Kind.DEALER, 0.022),
    (Kind.BAD_NUMBER, 0.004),
    (Kind.BURST, 0.012),
    (Kind.STEADY, 0.012),
    (Kind.FLIPPER, 0.009),
    (Kind.STRAW, 0.009),
    (Kind.SCAM, 0.005),
)
EVIDENCE = (
    ("phone", 0.40),
    ("email", 0.15),
    ("messenger", 0.06),
    ("payment", 0.06),
    ("photos", 0.10),
    ("photos_text", 0.10),
    ("handle_text", 0.08),
    ("none", 0.05),  # style alone: nobody should link these
)
_SIGNATURES = (
    ("No trades please", "Trades considered", "Serious buyers only", "First come first served", "Price is firm"),
    ("evenings are best", "weekends only", "answer after five", "reply within a day", "no calls before nine"),
    ("thanks for looking", "have a good one", "stay safe", "good luck out there", "see my other ads"),
)
_RARE = (
    "howdy from the porch",
    "greetings from gate nine",
    "as the old mule says",
    "by the red mailbox",
    "kind regards",
)


@define
class Directory:
    """Hands out numbers and names once each, in the order in which they are asked for."""

    numbers: int = 0
    names: int = 0
    licences: int = 0
    recycled: list[str] = field(factory=list)

    def phone(self) -> str:
        """A number for fiction: ten digits."""
        code, last = AREA_CODES[self.numbers % len(AREA_CODES)], self.numbers // len(AREA_CODES)
        self.numbers += 1
        if last > 99:
            raise ValueError("there are no more numbers for fiction: make a smaller marketplace")
        return f"{code}55501{last:02}"

    def name(self) -> tuple[str, str, int]:
        """Two words and a number that nobody else has."""
        self.names += 1
        at = self.names * 7919  # a prime: neighbours are not alike
        first, second = FIRST_WORDS[at % len(FIRST_WORDS)], SECOND_WORDS[at // 97 % len(SECOND_WORDS)]
        return first, second, self.names % 9973

    def licence(self) -> tuple[str, str, str, str]:
        """Region, district, county and sequence of a licence; the sequences lie three apart."""
        self.licences += 1
        number = self.licences
        return str(1 + number % 9), f"{number * 7 % 90 + 10}", f"{number * 13 % 900 + 100}", f"{number * 3 + 10_000:05}"


@frozen(kw_only=True)
class Identity:
    """What all accounts of one person draw upon."""

    kind: Kind
    accounts: tuple[Account, ...]
    evidence: str
    business: str | None = None
    licence: str | None = None
    bad_number: str | None = None


def pick_kind(chance: random.Random) -> Kind:
    """A kind, as often as the mix has it."""
    return chance.choices([kind for kind, _ in KINDS], [share for _, share in KINDS])[0]


def make_identity(seed: int, number: int, kind: Kind, directory: Directory) -> Identity:
    """The accounts of person `number`."""
    chance = chance_of(seed, "identity", number)
    count = _how_many(chance, kind)
    evidence = (
        chance.choices([one for one, _ in EVIDENCE], [share for _, share in EVIDENCE])[0] if count > 1 else "single"
    )
    if kind in (Kind.DEALER, Kind.BAD_NUMBER) and evidence not in ("phone", "email", "single"):
        evidence = "phone"
    words = directory.name()
    _, place, state = chance.choice(PLACES)
    business = licence = bad = None
    if kind in (Kind.DEALER, Kind.BAD_NUMBER):
        business = f"{words[0].title()} {words[1].title()} {chance.choice(BUSINESS_ENDS)}"
        bad = None if kind is Kind.DEALER else chance.choice(("expired", "unknown", "other"))
        licence = _licence(chance, directory, bad)
    contacts = _contacts(chance, evidence, kind, words, directory)
    same_line = evidence in ("photos_text", "handle_text")
    line = _signature(chance, rare=same_line) if same_line or chance.random() < 0.3 else None
    sites = _sites(chance, kind, count)
    accounts = []
    for at, site in enumerate(sites):
        own = words if evidence in ("handle_text", "single") or at == 0 else directory.name()
        there = place if evidence != "phone" or at == 0 or chance.random() < 0.7 else chance.choice(PLACES)[1]
        accounts.append(
            Account(
                site=site,
                id=f"{number}-{at}",
                handle=_handle(chance, own, at, kind, business),
                joined=FIRST_DAY - timedelta(days=chance.randrange(5, 3000)),
                place=there,
                state=state,
                contacts=contacts if at == 0 or evidence != "single" else (),
                licence=licence,
                signature=line if at == 0 or same_line else None,
            )
        )
    return Identity(
        kind=kind, accounts=tuple(accounts), evidence=evidence, business=business, licence=licence, bad_number=bad
    )


def _how_many(chance: random.Random, kind: Kind) -> int:
    if kind in TRAFFICKERS:
        return chance.choices((1, 2, 3, 4), (0.4, 0.35, 0.15, 0.1))[0]
    if kind in (Kind.DEALER, Kind.REPOSTER):
        return chance.choices((1, 2), (0.85, 0.15))[0]
    if kind in (Kind.OCCASIONAL, Kind.HOBBYIST, Kind.COLLECTOR):
        return chance.choices((1, 2), (0.95, 0.05))[0]
    return 1


def _sites(chance: random.Random, kind: Kind, count: int) -> list[str]:
    if count > 1 and kind in TRAFFICKERS and chance.random() < 0.25:
        return [chance.choice([site for site in SITES if site != LATE_SITE])] * count  # several accounts on one site
    return chance.sample(SITES, count)


def _contacts(
    chance: random.Random, evidence: str, kind: Kind, words: tuple[str, str, int], directory: Directory
) -> tuple[tuple[str, str, str], ...]:
    wanted = {evidence} & {"phone", "email", "messenger", "payment"}
    if evidence == "single":
        drawn = chance.random()
        limits = ((0.42, "phone"), (0.5, "email"), (0.54, "messenger"), (0.57, "payment"))
        wanted = {next((name for limit, name in limits if drawn < limit), "")} - {""}
        if kind in (Kind.DEALER, Kind.BAD_NUMBER):
            wanted = {"phone"}
        if kind is Kind.SCAM:
            wanted = {"email"}
    return tuple(_contact(chance, name, words, directory) for name in sorted(wanted))


def _contact(
    chance: random.Random, name: str, words: tuple[str, str, int], directory: Directory
) -> tuple[str, str, str]:
    handle = f"{words[0]}{words[1]}{words[2]}"
    if name == "phone":
        digits = _number(chance, directory)
        forms = ("({}) {}-{}", "{}-{}-{}", "{}.{}.{}", "{} {} {}")
        return "phone", f"+1{digits}", chance.choice(forms).format(digits[:3], digits[3:6], digits[6:])
    if name == "email":
        return "email", f"{handle}@example.com", f"{handle}@example.com"
    if name == "messenger":
        return "messenger", f"telegram:{handle}", f"telegram @{handle}"
    return "payment", f"cashapp:{handle}", f"cashapp ${handle}"


def _number(chance: random.Random, directory: Directory) -> str:
    if directory.recycled and chance.random() < 0.004:
        return directory.recycled.pop()  # it was somebody else's, who has nothing to do with this one
    digits = directory.phone()
    if chance.random() < 0.01:
        directory.recycled.append(digits)
    return digits


def _handle(chance: random.Random, words: tuple[str, str, int], at: int, kind: Kind, business: str | None) -> str:
    first, second, number = words
    if business is not None:
        return business if at == 0 or chance.random() < 0.5 else business.replace(" ", "")
    if at == 0 and kind is not Kind.SCAM and chance.random() < 0.03:
        return chance.choice(GENERIC_HANDLES)
    forms = (
        f"{first}_{second}{number}",
        f"{first}{second}{number}",
        f"{first}.{second}.{number}",
        f"{first}{second}_{number}",
    )
    return forms[at % len(forms)] if at else chance.choice(forms)


def _signature(chance: random.Random, *, rare: bool) -> str:
    parts = [chance.choice(pool) for pool in _SIGNATURES]
    if rare:
        first, second = chance.choice(FIRST_WORDS), chance.choice(SECOND_WORDS)
        parts += [chance.choice(_RARE), f"ask for the {first} {second} one", f"{chance.randrange(3, 60)} years at it"]
    return ", ".join(parts) + "."


def _licence(chance: random.Random, directory: Directory, bad: str | None) -> str:
    region, district, county, sequence = directory.licence()
    expiry = f"{'4' if bad == 'expired' else chance.choice('78')}{chance.choice('ABCDEFGHJKLM')}"
    return f"{region}-{district}-{county}-01-{expiry}-{sequence}"


def expiry_of(licence: str) -> date:
    """The last day of the month that a licence's own code names: a digit for the year, a letter for the month."""
    code = licence.split("-")[4]
    year, month = 2020 + int(code[0]), "ABCDEFGHJKLM".index(code[1]) + 1
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
