"""What each kind of person offers, when, and how often the same gun again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from marketplace.catalogue import ANTIQUES, GOODS, HANDGUNS, LATE_SITE, LONG_GUNS, MODELS, OLD, POPULAR
from marketplace.models import DAYS, TRAFFICKERS, Ad, Kind, Photo, Repost, chance_of
from marketplace.writer import LATE_FROM, Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from marketplace.people import Identity


def write_history(seed: int, number: int, identity: Identity) -> tuple[Ad, ...]:
    """All ads of person `number`, in the order of their days."""
    writer = Writer(seed, number, identity, chance_of(seed, "history", number))
    _SHAPES[identity.kind](writer)
    _show_evidence(writer)
    return tuple(sorted(writer.ads, key=lambda ad: (ad.day, ad.id)))


def _show_evidence(writer: Writer) -> None:
    """Several accounts of one hand offer some of the same guns, where that is what gives them away."""
    accounts = writer.identity.accounts
    if len(accounts) == 1:
        return
    shared = writer.identity.evidence in ("photos", "photos_text")
    offered = [ad for ad in writer.ads if len(ad.guns) == 1 and not ad.guns[0].stock_photo and ad.photos]
    for account in accounts:
        others = [
            ad for ad in offered if ad.account is not account and (account.site != LATE_SITE or ad.day >= LATE_FROM)
        ]
        has_any = any(ad.account is account for ad in writer.ads)
        wanted = 3 if shared else int(not has_any)
        for ad in writer.chance.sample(others, min(wanted, len(others))):
            again = evolve(
                ad, id=f"{writer.number:06}-{len(writer.ads):04}", account=account, repost=Repost.EDITED, shop=None,
                photos=tuple(evolve(one, noise=writer.chance.randrange(1000)) for one in ad.photos) if shared else (),
            )  # fmt: skip
            writer.ads.append(again)


def _occasional(writer: Writer) -> None:
    chance = writer.chance
    for _ in range(chance.choices((1, 2, 3, 4), (0.45, 0.3, 0.15, 0.1))[0]):
        gun = writer.gun(chance.choice((*HANDGUNS, *LONG_GUNS)), new=chance.random() < 0.08)
        writer.offer(
            gun, writer.day(), writer.account(), times=chance.choices((1, 2, 3, 5), (0.55, 0.25, 0.12, 0.08))[0]
        )
    if chance.random() < 0.08:
        model = chance.choice(MODELS)
        writer.ad(writer.account(), _open_day(writer), wanted=model, price=round(model.price * 0.7), voice="wanted")


def _open_day(writer: Writer) -> int:
    return writer.chance.randrange(LATE_FROM, DAYS - 30)


def _reposter(writer: Writer) -> None:
    for _ in range(writer.chance.choice((1, 1, 2))):
        gun = writer.gun(writer.chance.choice(LONG_GUNS))
        writer.offer(gun, writer.day(200), writer.account(), times=writer.chance.randrange(8, 41), sells=0.3)


def _burst_of_old(writer: Writer, least: int, most: int) -> None:
    chance = writer.chance
    start, length = writer.day(DAYS - 120), chance.randrange(10, 60)
    account = writer.identity.accounts[0]
    if account.site == LATE_SITE:
        start = max(start, LATE_FROM)
    models = chance.sample(OLD, k=min(len(OLD), chance.randrange(least, most)))
    for model in models:
        writer.offer(
            writer.gun(model), start + chance.randrange(length), writer.account(), times=chance.choice((1, 1, 1, 2))
        )
    if chance.random() < 0.3:
        writer.offer(writer.gun(chance.choice(ANTIQUES)), start + chance.randrange(length), account)


def _hobbyist(writer: Writer) -> None:
    chance = writer.chance
    for number in range(chance.randrange(5, 10)):
        day = number * 75 + chance.randrange(30)
        writer.offer(writer.gun(chance.choice(MODELS[:44])), day, writer.account(), times=chance.choice((1, 1, 2)))


def _dealer(writer: Writer) -> None:
    chance = writer.chance
    stock = chance.sample(HANDGUNS + LONG_GUNS, k=chance.randrange(8, 25))
    for _ in range(chance.randrange(30, 170) if writer.kind is Kind.DEALER else chance.randrange(20, 50)):
        model = chance.choice(stock)
        gun, day = writer.gun(model, new=chance.random() < 0.8), writer.day(DAYS - 5)
        writer.offer(gun, day, writer.account(), times=chance.choice((1, 1, 1, 2)), sells=1.0, voice=f"{writer.number}")
    if writer.kind is Kind.DEALER and chance.random() < 0.01:
        gun = writer.gun(chance.choice(HANDGUNS))
        writer.ad(writer.account(), _open_day(writer), guns=(gun,), voice="heavy", price=gun.price, heavy=True)


def _burst(writer: Writer) -> None:
    chance = writer.chance
    start, length = writer.chance.randrange(LATE_FROM, DAYS - 70), chance.randrange(20, 45)
    for _ in range(chance.randrange(10, 26)):
        gun = writer.gun(chance.choice(HANDGUNS), new=chance.random() < 0.9)
        writer.offer(gun, start + chance.randrange(length), writer.account(), times=chance.choice((1, 1, 2)), sells=0.9)
    if chance.random() < 0.5:
        _lot(writer, start)


def _lot(writer: Writer, start: int) -> None:
    """Several of a kind in one ad."""
    model, count = writer.chance.choice(POPULAR), writer.chance.randrange(3, 7)
    guns = tuple(writer.gun(model, new=True) for _ in range(count))
    day = start + writer.chance.randrange(20)
    writer.ad(
        writer.account(), day, guns=guns, quantity=count, voice=f"lot{writer.number}", price=guns[0].price, end=day + 20
    )


def _steady(writer: Writer) -> None:
    chance = writer.chance
    account = writer.identity.accounts
    for month in range(24):
        if chance.random() < 0.04:
            continue
        for _ in range(chance.choice((1, 1, 2))):
            whose = chance.choice([one for one in account if one.site != LATE_SITE or month >= 12] or [None])
            if whose is None:
                continue
            gun = writer.gun(chance.choice(HANDGUNS), new=chance.random() < 0.4)
            writer.offer(gun, month * 30 + chance.randrange(26), whose, times=chance.choice((1, 1, 2)), sells=0.9)


def _flipper(writer: Writer) -> None:
    chance = writer.chance
    account = writer.identity.accounts[0]
    first = LATE_FROM if account.site == LATE_SITE else 0
    for number in range(chance.randrange(5, 11)):
        model = chance.choice(HANDGUNS)
        day = first + number * (DAYS - first) // 11 + chance.randrange(10)
        writer.ad(account, day, wanted=model, price=round(model.price * 0.65), voice=f"want{number}", end=day + 8)
        writer.offer(writer.gun(model), day + chance.randrange(10, 25), account, sells=0.9)


def _straw(writer: Writer) -> None:
    chance = writer.chance
    models = chance.sample(POPULAR, 2)
    start = chance.randrange(LATE_FROM, DAYS - 200)
    for _ in range(chance.randrange(6, 16)):
        gun = writer.gun(chance.choice(models), new=True)
        writer.offer(gun, start + chance.randrange(180), writer.account(), sells=1.0, voice=f"{writer.number}")


def _scam(writer: Writer) -> None:
    chance = writer.chance
    start = _open_day(writer)
    for _ in range(chance.randrange(15, 40)):
        gun = evolve(writer.gun(chance.choice(MODELS[:44]), new=True), stock_photo=False)
        day = start + chance.randrange(25)
        ad = writer.ad(
            writer.account(), day, guns=(gun,), voice="storefront", price=round(gun.price * 0.6), end=day + 10
        )
        if ad in writer.ads[-1:] and chance.random() < 0.5:  # a picture taken from somebody's ad
            victim = f"g{chance.randrange(max(1, writer.number))}-1/0"
            writer.ads[-1] = evolve(ad, photos=(Photo(scene=victim, noise=chance.randrange(1000)),))


def _goods(writer: Writer) -> None:
    chance = writer.chance
    for _ in range(chance.choice((1, 2, 4, 8, 16, 40))):
        kind, title, _, price = chance.choice(GOODS)
        voice = f"{kind}{chance.randrange(6)}"
        writer.ad(
            writer.account(), _any_day(writer), thing=title, voice=voice, price=round(price * chance.uniform(0.6, 1.3))
        )


def _any_day(writer: Writer) -> int:
    late = all(account.site == LATE_SITE for account in writer.identity.accounts)
    return _open_day(writer) if late else writer.day()


def _splits(shape: Callable[[Writer], None]) -> Callable[[Writer], None]:
    """Now and then two or three guns stand in one ad before each has its own."""

    def write(writer: Writer) -> None:
        shape(writer)
        chance = writer.chance
        if chance.random() < 0.08 and writer.kind not in TRAFFICKERS:
            models = chance.sample((*HANDGUNS, *LONG_GUNS), chance.choice((2, 3)))
            guns, day, account = tuple(writer.gun(model) for model in models), _open_day(writer), writer.account()
            price = sum(gun.price for gun in guns)
            writer.ad(account, day, guns=guns, voice=f"both{writer.number}", price=price, end=day + 14)
            for gun in guns:
                writer.offer(gun, day + 15 + chance.randrange(5), account)

    return write


_SHAPES: dict[Kind, Callable[[Writer], None]] = {
    Kind.OCCASIONAL: _splits(_occasional),
    Kind.REPOSTER: _reposter,
    Kind.COLLECTOR: _splits(lambda writer: _burst_of_old(writer, 8, 18)),
    Kind.ESTATE: lambda writer: _burst_of_old(writer, 6, 16),
    Kind.HOBBYIST: _hobbyist,
    Kind.DEALER: _dealer,
    Kind.BAD_NUMBER: _dealer,
    Kind.BURST: _burst,
    Kind.STEADY: _steady,
    Kind.FLIPPER: _flipper,
    Kind.STRAW: _straw,
    Kind.SCAM: _scam,
    Kind.GOODS: _goods,
}
