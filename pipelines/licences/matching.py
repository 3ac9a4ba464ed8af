"""Whether the register bears out what an account says of its licence: for a person to check, with the nearest match."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import field, frozen
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from pipelines.licences.numbers import is_short, name_key, number_key, short_key
from pipelines.licences.register import contact_mark
from pipelines.store.tables.registers import licences, register_imports

if TYPE_CHECKING:
    from datetime import date

    from pipelines.models import JsonObject
    from pipelines.sellers.history import SellerHistory
    from pipelines.sellers.offers import Offer

GRACE = timedelta(days=60)
"""After its last day a licence is taken as current for so long: lists appear late, renewals take time (governance,
G44)."""
_NEAR = 2  # characters that may differ in the nearest match
_LIKE, _UNLIKE = 80.0, 60.0  # of 100: two names of one business, and of two
_TRADE = frozenset(
    {"arms", "armory", "armoury", "firearms", "gun", "guns", "outfitters", "pawn", "rifles", "shop", "sports", "store"}
    | {"tactical", "trading", "works", "weapons", "waffen", "armas", "armes", "armurerie", "armeria"}
)


class Standing(StrEnum):
    """What the register says to a stated licence."""

    VERIFIED = "verified"  # in it, current, and name, place or phone agrees
    FOUND = "found"  # in it and current; nothing beside the number agrees or differs
    EXPIRED = "expired"
    ANOTHERS = "anothers"  # in it for another name in another place
    UNKNOWN = "unknown"  # not in it
    UNSTATED = "unstated"  # nothing is stated


@frozen(kw_only=True)
class LicenceMatch:
    """`stated` as written; `words` say what was compared with which register of which day."""

    standing: Standing
    stated: str | None
    words: str
    offers: tuple[Offer, ...] = ()
    entry: JsonObject | None = None  # the entry that matches, or the nearest


@frozen
class LicenceDesk:
    """The registers of licences in the store. Make it with `open`; `key` changes when one of them does."""

    connection: sa.Connection
    names: dict[int, tuple[str, date]]
    key: str
    phones: frozenset[int] = field(factory=frozenset)

    @classmethod
    def open(cls, connection: sa.Connection) -> LicenceDesk:
        """The registers as they are now."""
        query = sa.select(register_imports).where(register_imports.c.kind == "licences").order_by(register_imports.c.id)
        rows = connection.execute(query).all()
        key = ".".join(f"{row.id}:{row.sha256[:12]}" for row in rows)
        return cls(connection, {row.id: (row.register, row.dated) for row in rows}, key)

    def match(self, history: SellerHistory, today: date) -> LicenceMatch | None:
        """What the registers say to the licence of one account; None where there is no register."""
        if not self.names:
            return None
        stated = _stated(history)
        if not stated:
            return self._by_name(history, today)
        matches = [self._of_number(number, offers, history, today) for number, offers in stated.items()]
        return min(matches, key=lambda one: list(Standing).index(one.standing))

    def _of_number(self, stated: str, offers: tuple[Offer, ...], history: SellerHistory, today: date) -> LicenceMatch:
        rows = self._rows(stated)
        if not rows:
            return self._unknown(stated, offers)
        best = max(rows, key=lambda row: (_agreement(row, history), str(row["expires"] or "")))
        agreement = _agreement(best, history)
        shown = f"{best['shown']} in {self._named(best)}"
        if best["expires"] is not None and best["expires"] + GRACE < today:
            standing, words = Standing.EXPIRED, f"the stated licence {stated} expired on {best['expires']}: {shown}"
        elif agreement > 0:
            standing, words = Standing.VERIFIED, f"the stated licence is {shown}, current"
        elif agreement < 0:
            standing, words = (
                Standing.ANOTHERS,
                f"the stated licence {stated} is held under another name in another place: {shown}",
            )
        else:
            standing, words = (
                Standing.FOUND,
                f"the stated licence is {shown}; nothing beside the number can be compared",
            )
        return LicenceMatch(standing=standing, stated=stated, words=words, offers=offers, entry=_shown(best))

    def _rows(self, stated: str) -> list[JsonObject]:
        number, short = number_key(stated), short_key(stated)
        chosen = licences.c.number == number
        if short is not None:
            # The month of expiry changes with each renewal, and a county seldom: the rest of the number stays.
            chosen = sa.or_(chosen, licences.c.short == short)
        rows = [dict(row) for row in self.connection.execute(sa.select(licences).where(chosen)).mappings()]
        exact = [row for row in rows if row["number"] == number]
        return exact or [row for row in rows if is_short(stated) or _renewed(row["number"], number)]

    def _unknown(self, stated: str, offers: tuple[Offer, ...]) -> LicenceMatch:
        near = self._nearest(stated)
        told = f"the nearest is {near['shown']} in {self._named(near)}" if near else "and none comes near"
        lists = ", ".join(f"{name} of {dated}" for name, dated in self.names.values())
        words = f"the stated licence {stated} is not in the register ({lists}): {told}"
        return LicenceMatch(
            standing=Standing.UNKNOWN, stated=stated, words=words, offers=offers, entry=_shown(near) if near else None
        )

    def _nearest(self, stated: str) -> JsonObject | None:
        """The entry that differs least, among those that share the number's beginning or its end."""
        key = number_key(stated)
        ends = sa.or_(licences.c.number.startswith(key[:6], autoescape=True), licences.c.short == short_key(stated))
        if len(key) == 15:
            ends = sa.or_(ends, licences.c.short.endswith(key[-5:], autoescape=True))
        rows = [dict(row) for row in self.connection.execute(sa.select(licences).where(ends).limit(2000)).mappings()]
        ranked = [(Levenshtein.distance(key, row["number"], score_cutoff=_NEAR), row["number"], row) for row in rows]
        near = [one for one in ranked if one[0] <= _NEAR]
        return min(near, key=lambda one: one[:2])[2] if near else None

    def _by_name(self, history: SellerHistory, today: date) -> LicenceMatch | None:
        """An account that states no number, but has the very name of one licensee, with its phone or in its town."""
        key = name_key(history.name)
        if key is None or " " not in key:
            return None
        query = sa.select(licences).where(sa.or_(licences.c.name_key == key, licences.c.business_key == key))
        rows = [dict(row) for row in self.connection.execute(query.limit(20)).mappings()]
        current = [row for row in rows if row["expires"] is None or row["expires"] + GRACE >= today]
        sure = [row for row in current if _phone_agrees(row, history) or _town_agrees(row, history)]
        if len({row["short"] or row["number"] for row in sure}) != 1:
            return None
        words = (
            f"no number is stated; name and place or phone are those of {sure[0]['shown']} in {self._named(sure[0])}"
        )
        return LicenceMatch(standing=Standing.VERIFIED, stated=None, words=words, entry=_shown(sure[0]))

    def _named(self, row: JsonObject) -> str:
        name, dated = self.names[row["register"]]
        holder = row["business"] or row["name"] or "no name"
        place = ", ".join(part for part in (row["city"], row["state"]) if part)
        return f"{name} of {dated} ({holder}{', ' + place if place else ''})"


def _stated(history: SellerHistory) -> dict[str, tuple[Offer, ...]]:
    """The numbers that an account states: on its page, else in its listings, each with its offers."""
    found: dict[str, list[Offer]] = {}
    for account in history.accounts:
        if account.licence and any(one.isdecimal() for one in account.licence):
            found.setdefault(account.licence, [])
    for offer in history.offers:
        for number in offer.licences:
            # "Ship to my dealer, 1-23-…" names another's: a number in the text counts where the seller says it is one.
            if "licence_number_stated" in offer.against or "dealer" in offer.against:
                known = next((one for one in found if _same(one, number)), number)
                found.setdefault(known, []).append(offer)
    return {number: tuple(offers) for number, offers in found.items()}


def _same(one: str, other: str) -> bool:
    short = short_key(one)
    return number_key(one) == number_key(other) or (short is not None and short == short_key(other))


def _renewed(held: str, stated: str) -> bool:
    """Whether two long numbers differ in nothing but the months of expiry."""
    return len(held) == len(stated) == 15 and held[:8] + held[10:] == stated[:8] + stated[10:]


def _agreement(row: JsonObject, history: SellerHistory) -> int:
    """1 where name, phone or town agrees with the entry, -1 where it is another's, 0 where nothing says.

    Two businesses in one town have a number each: the town says nothing for one that goes by another name.
    """
    names = [account.name for account in history.accounts if account.name]
    if _phone_agrees(row, history) or _name_likeness(row, names) >= _LIKE:
        return 1
    if any(_is_another_business(row, name) for name in names):
        return -1
    if _town_agrees(row, history):
        return 1
    return -1 if names and _place_agrees(row, history) is False else 0


def _name_likeness(row: JsonObject, names: list[str]) -> float:
    held = [key for key in (row["name_key"], row["business_key"]) if key]
    ours = [key for name in names if (key := name_key(name.replace("_", " ").replace("-", " ")))]
    apart = [fuzz.token_set_ratio(one, other) for one in held for other in ours]
    # Accounts are often called by a name written as one word.
    together = [fuzz.ratio(one.replace(" ", ""), other.replace(" ", "")) for one in held for other in ours]
    return max([*apart, *together], default=0.0)


def _is_another_business(row: JsonObject, name: str) -> bool:
    """Whether an account has a business's name of its own, and it is not the licensee's."""
    ours = (name_key(name) or "").split()
    own = " ".join(word for word in ours if word not in _TRADE)
    if not own or len(own.split()) == len(ours):
        return False  # no word of the trade: a person's name or a handle says nothing of a business
    held = [key for key in (row["name_key"], row["business_key"]) if key]
    bare = [" ".join(word for word in key.split() if word not in _TRADE) for key in held]
    return bool(bare) and max(fuzz.token_set_ratio(own, one) for one in bare) < _UNLIKE


def _phone_agrees(row: JsonObject, history: SellerHistory) -> bool:
    if row["phone_mark"] is None:
        return False
    return any(
        contact_mark(kind, value) == row["phone_mark"]
        for offer in history.offers
        for kind, value in offer.contacts
        if kind == "phone"
    )


def _town_agrees(row: JsonObject, history: SellerHistory) -> bool:
    town = (row["city"] or "").casefold()
    return bool(town) and any(town in (offer.location or "").casefold() for offer in history.offers)


def _place_agrees(row: JsonObject, history: SellerHistory) -> bool | None:
    """Whether the licensee's state is one that the offers name; None where one of the two is not said."""
    if not row["state"]:
        return None
    states = {offer.place.partition("-")[2] for offer in history.offers if offer.place and "-" in offer.place}
    if not states:
        return None
    return row["state"].upper() in states


def _shown(row: JsonObject) -> JsonObject:
    told: dict[str, Any] = {name: row[name] for name in ("shown", "name", "business", "city", "state")}
    return {**told, "expires": None if row["expires"] is None else row["expires"].isoformat()}
