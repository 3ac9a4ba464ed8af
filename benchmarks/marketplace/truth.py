"""What is so on the marketplace, worked out from who did what: nothing here knows how it is to be found out.

Where the words of a rule leave a reading open (is a day the first or the second, does a holiday count), a history that
one reading would let through and another not is left open, and counted as open.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from marketplace.catalogue import ANTIQUE, HANDGUN
from marketplace.models import FIRST_DAY, HONEST, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from marketplace.models import Ad, Gun, Marketplace, Person

WINDOWS = (7, 30, 90, 365)


@frozen(kw_only=True)
class Offered:
    """A firearm that counts, and the first day on which the account or person offered it."""

    gun: Gun
    day: int
    ads: tuple[str, ...]


@frozen(kw_only=True)
class History:
    """What one account, or all accounts of one person, offered and looked for."""

    firearms: tuple[Offered, ...]
    wanted: tuple[tuple[int, str], ...]  # day, make and model

    @property
    def handguns(self) -> tuple[Offered, ...]:
        return tuple(one for one in self.firearms if one.gun.model.item_class == HANDGUN)


@frozen(kw_only=True)
class Verdicts:
    """Which rules must fire for a history, and which must not; a rule in neither is open."""

    must: frozenset[str]
    must_not: frozenset[str]


def history_of(ads: Iterable[Ad]) -> History:
    """The history that these ads tell."""
    first: dict[str, tuple[Gun, int, list[str]]] = {}
    wanted = []
    for ad in sorted(ads, key=lambda one: (one.day, one.id)):
        if ad.wanted is not None:
            wanted.append((ad.day, f"{ad.wanted.make} {ad.wanted.model}"))
        for gun in ad.guns:
            if gun.model.item_class != ANTIQUE:
                first.setdefault(gun.key, (gun, ad.day, []))[2].append(ad.id)
    firearms = tuple(Offered(gun=gun, day=day, ads=tuple(of)) for gun, day, of in first.values())
    return History(firearms=tuple(sorted(firearms, key=lambda one: one.day)), wanted=tuple(wanted))


def fullest(days: Sequence[int], length: int) -> int:
    """The most of `days` (in order) that lie within `length` days, the first and the last counted."""
    most = start = 0
    for end, day in enumerate(days):
        while day - days[start] >= length:
            start += 1
        most = max(most, end - start + 1)
    return most


def fullest_business(days: Sequence[int], length: int) -> int:
    """The most of `days` within `length` weekdays in a row; a weekend between them belongs to the row."""
    most = 0
    for at, day in enumerate(days):
        last = _last_of_row(day, length)
        most = max(most, sum(1 for one in days[at:] if one <= last))
    return most


def _last_of_row(day: int, length: int) -> int:
    left = length - (1 if _is_weekday(day) else 0)
    while left > 0:
        day += 1
        left -= _is_weekday(day)
    return day


def _is_weekday(day: int) -> bool:
    return (FIRST_DAY + timedelta(days=day)).weekday() < 5


def windows_of(history: History) -> dict[int, int]:
    """The fullest window of each length in days: distinct firearms first offered in it."""
    days = [one.day for one in history.firearms]
    return {length: fullest(days, length) for length in WINDOWS}


def judge(history: History, *, kind: Kind) -> Verdicts:
    """What each rule must say of a history. Verified dealers are exempt; a storefront has a queue of its own."""
    must: set[str] = set()
    must_not: set[str] = set()
    for name, rule in _RULES.items():
        answers = {rule(history, slack) for slack in (-1, 0, 1)}
        if len(answers) == 1 and None not in answers:
            (must if answers == {True} else must_not).add(name)
    if kind is Kind.DEALER:
        must_not |= must
        must = set()
    if kind is Kind.SCAM:
        must, must_not = set(), set()
    if kind in HONEST or kind is Kind.BAD_NUMBER:
        # The packs let a collection that is sold off and a stated number go: to fire is right before that is seen.
        must = set()
    return Verdicts(must=frozenset(must), must_not=frozenset(must_not))


def _multi_handgun(history: History, slack: int) -> bool | None:
    return fullest_business([one.day for one in history.handguns], 5 + slack) >= 2


def _volume(history: History, slack: int) -> bool | None:
    days = [one.day for one in history.firearms]
    return fullest(days, 30 + slack) >= 5 or fullest(days, 365 + slack) >= 12


def _same_model(history: History, slack: int) -> bool | None:
    by_model: dict[str, list[int]] = defaultdict(list)
    for one in history.firearms:
        by_model[f"{one.gun.model.make} {one.gun.model.model}"].append(one.day)
    return any(fullest(days, 365 + slack) >= 3 for days in by_model.values())


def _rapid_flip(history: History, slack: int) -> bool | None:
    flips = _resold(history, 30 + slack)
    return True if flips >= 2 else False if not history.wanted else None if flips else False


def _cycles(history: History, slack: int) -> bool | None:
    return True if _resold(history, 30 + slack) >= 4 else False if len(history.wanted) < 4 else None


def _resold(history: History, most: int) -> int:
    """Firearms first offered within `most` days of a wanted ad for their model."""
    return sum(
        any(
            0 <= one.day - day <= most and model == f"{one.gun.model.make} {one.gun.model.model}"
            for day, model in history.wanted
        )
        for one in history.firearms
    )


def _new_ratio(history: History, slack: int) -> bool | None:  # noqa: ARG001 -- no days in it
    count = len(history.firearms)
    share = sum(one.gun.new for one in history.firearms) / count if count else 0.0
    if count < 4 or share < 0.45:
        return False
    return True if count >= 8 and share >= 0.85 else None


def _ant_trade(history: History, slack: int) -> bool | None:  # noqa: ARG001 -- months, not days
    months = Counter(one.day // 30 for one in history.firearms)
    days = [one.day for one in history.firearms]
    last = max(months, default=0)
    crowded = fullest(days, 30) > 3
    full, thin = False, True
    for start in range(max(1, last - 10)):
        year = [months.get(month, 0) for month in range(start, start + 12)]
        busy = sum(1 for count in year if count)
        full = full or (busy >= 11 and sum(year) >= 12 and max(year) <= 2)
        thin = thin and (busy < 8 or sum(year) < 9)
    if full and not crowded:
        return True
    return False if thin or fullest(days, 365) < 10 else None


_RULES: dict[str, Callable[[History, int], bool | None]] = {
    "multi_handgun_window": _multi_handgun,
    "volume": _volume,
    "same_model_repeat": _same_model,
    "rapid_flip": _rapid_flip,
    "buy_sell_cycle": _cycles,
    "new_in_box_ratio": _new_ratio,
    "ant_trade": _ant_trade,
}
RULES = tuple(_RULES)


def items_of(market: Marketplace) -> dict[str, tuple[str, ...]]:
    """The guns of each ad that offers any, storefronts left out: they have none."""
    return {
        ad.id: tuple(gun.key for gun in ad.guns)
        for person in market.people
        if person.kind is not Kind.SCAM
        for ad in person.ads
        if ad.guns
    }


def actors_of(market: Marketplace) -> dict[tuple[str, str], str]:
    """The person behind each account, by site and the account's id."""
    return {(account.site, account.id): person.key for person in market.people for account in person.accounts}


def ads_by_account(person: Person) -> dict[tuple[str, str], list[Ad]]:
    """A person's ads under the account that each stands under."""
    found: dict[tuple[str, str], list[Ad]] = {}
    for ad in person.ads:
        found.setdefault((ad.account.site, ad.account.id), []).append(ad)
    return found
