"""What the marketplace is made of: guns, people, accounts, ads. Days count from `FIRST_DAY`; the last is `DAYS` - 1."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FIRST_DAY = date(2024, 11, 1)
DAYS = 730
NOON = time(18, tzinfo=UTC)
"""Midday in Chicago, whose day it is on every site: no date depends on a time zone."""


def chance_of(*names: object) -> random.Random:
    """A source of chance for one thing, the same in every run and whatever else was made before it."""
    return random.Random("/".join(map(str, names)))  # noqa: S311 -- made-up listings


def moment(day: int) -> datetime:
    """The time of a visit on a day."""
    return datetime.combine(FIRST_DAY + timedelta(days=day), NOON)


class Kind(StrEnum):
    """What a person does on the marketplaces."""

    OCCASIONAL = "occasional"  # a few guns in two years
    REPOSTER = "reposter"  # one or two guns, offered over and over
    COLLECTOR = "collector"  # a collection sold off: a burst, old, varied, then nothing
    ESTATE = "estate"
    HOBBYIST = "hobbyist"  # just under every threshold
    DEALER = "dealer"  # its number stands in the register
    BAD_NUMBER = "bad_number"  # it states a number that is expired, unknown or another's
    BURST = "burst"  # many new handguns in weeks
    STEADY = "steady"  # one or two a month, month after month
    FLIPPER = "flipper"  # wants, buys, resells within weeks
    STRAW = "straw"  # the same model over and over, new in box
    SCAM = "scam"  # a storefront that copies others' pictures
    GOODS = "goods"  # nothing that counts: holsters, toys, ammunition, household goods


TRAFFICKERS = frozenset({Kind.BURST, Kind.STEADY, Kind.FLIPPER, Kind.STRAW})
HONEST = frozenset({Kind.COLLECTOR, Kind.ESTATE})


class Repost(StrEnum):
    """How much an ad differs from the one before it for the same gun."""

    FIRST = "first"
    EXACT = "exact"
    EDITED = "edited"  # another price, a line added
    REWORDED = "reworded"


@frozen(kw_only=True)
class Model:
    """A make and model as sold; `price` in US dollars."""

    item_class: str
    make: str
    model: str
    calibre: str
    price: int
    since: int  # the first year of making


@frozen(kw_only=True)
class Photo:
    """A picture of a gun: `scene` is what it shows, `noise` says how it was saved anew (0: the same file)."""

    scene: str
    noise: int = 0


@frozen(kw_only=True)
class Gun:
    """One real gun."""

    key: str
    model: Model
    new: bool
    rounds: int
    extras: tuple[str, ...]
    flaw: str | None
    serial: str | None  # the fragment that its ads state
    price: int
    stock_photo: bool  # its ads show the maker's picture


@frozen(kw_only=True)
class Account:
    """A seller's account on one site; `contacts` are kind and value as stored, with how they are written."""

    site: str
    id: str
    handle: str
    joined: date
    place: str
    state: str
    contacts: tuple[tuple[str, str, str], ...] = ()
    licence: str | None = None
    signature: str | None = None  # a line of its own under each ad


@frozen(kw_only=True)
class Ad:
    """One listing. `guns` are those that it offers, of `quantities` each (a quantity's guns are one entry)."""

    id: str
    account: Account
    day: int
    end: int | None = None
    sold: bool = False
    guns: tuple[Gun, ...] = ()
    quantity: int = 1  # of one model: then `guns` has as many
    wanted: Model | None = None
    thing: str | None = None  # what it is where it is no gun
    voice: str = ""  # the same voice writes the same words
    repost: Repost = Repost.FIRST
    price: int = 0
    photos: tuple[Photo, ...] = ()
    estate: bool = False  # says that a collection or estate is sold
    dealer: bool = False
    heavy: bool = False  # has words that a person must see whoever sells
    scam: bool = False
    shop: int | None = None  # which shop's telephone it gives for the transfer
    desk: str | None = None  # the site's own address


@frozen(kw_only=True)
class Person:
    """One hand behind one account or several."""

    key: str
    kind: Kind
    accounts: tuple[Account, ...]
    ads: tuple[Ad, ...]
    evidence: str = "single"  # by what its accounts can be linked
    bad_number: str | None = None  # expired, unknown or other
    business: str | None = None


@frozen(kw_only=True)
class Marketplace:
    """All of it, in the order in which it was made."""

    seed: int
    people: tuple[Person, ...]
    sites: tuple[str, ...]
    observed_from: dict[str, int] = field(factory=dict)  # a site's first day of visits

    def ads(self) -> Iterator[Ad]:
        """Every ad, person by person."""
        for person in self.people:
            yield from person.ads

    @property
    def accounts(self) -> Iterable[Account]:
        """Every account."""
        return [account for person in self.people for account in person.accounts]
