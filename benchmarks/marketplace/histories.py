"""What each kind of person offers, when, and how often the same gun again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve, field

from marketplace.catalogue import ANTIQUES, GOODS, HANDGUNS, LATE_SITE, LONG_GUNS, MODELS, OLD, POPULAR
from marketplace.models import DAYS, HONEST, TRAFFICKERS, Ad, Gun, Kind, Photo, Repost, chance_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from marketplace.models import Account, Model
    from marketplace.people import Identity

LATE_FROM = DAYS - 365
_EXTRAS = ("two magazines", "the original box", "a soft case", "a holster", "a spare grip", "a cleaning kit", "a sling",
           "a red dot", "a night light", "papers for the sight", "a speed loader", "rings and bases")  # fmt: skip
_FLAWS = ("a scratch on the slide", "holster wear", "some freckles near the muzzle", "a small dent in the stock",
          "the bluing is thin in places", "a chip in the grip")  # fmt: skip
_AGAIN = ((Repost.EXACT, 0.35), (Repost.EDITED, 0.30), (Repost.REWORDED, 0.35))


@define
class Writer:
    """Writes one person's ads. Guns and ads are numbered in their order."""

    seed: int
    number: int
    identity: Identity
    chance: random.Random
    ads: list[Ad] = field(factory=list)
    guns: int = 0
    free: dict[tuple[str, Model], int] = field(factory=dict)  # when the next of a kind is put up, by its template

    @property
    def kind(self) -> Kind:
        return self.identity.kind

    def gun(self, model: Model, *, new: bool = False) -> Gun:
        """A gun that nobody has offered yet."""
        chance = self.chance
        self.guns += 1
        worth = (0.98 if new else chance.uniform(0.7, 0.95)) * chance.uniform(0.95, 1.05)
        known = chance.random() < (0.3 if new else 0.15)
        return Gun(
            key=f"g{self.number}-{self.guns}",
            model=model,
            new=new,
            rounds=0 if new else chance.randrange(20, 4000),
            extras=tuple(chance.sample(_EXTRAS, 0 if new else chance.randrange(4))),
            flaw=None if new or chance.random() < 0.5 else chance.choice(_FLAWS),
            serial="".join(chance.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=3)) + f"{chance.randrange(1000):03}"
            if known
            else None,
            price=round(model.price * worth / 5) * 5,
            stock_photo=new and chance.random() < (0.6 if self.kind is Kind.DEALER else 0.15),
        )

    def offer(
        self, gun: Gun, day: int, account: Account, *, times: int = 1, sells: float = 0.6, voice: str | None = None
    ) -> int:
        """Ads of one gun, one after the other until it is sold or given up; the day after the last of them.

        A new ad follows one that ran out, never one that said sold. Who writes by a template (`voice`) puts the next of
        a kind up when the one before is sold: nobody could tell them apart otherwise.
        """
        chance = self.chance
        day = LATE_FROM + day // 2 if account.site == LATE_SITE and day < LATE_FROM else day
        if voice is not None:
            day = max(day, self.free.get((account.id, gun.model), 0))
        said, price, shown = voice or f"{gun.key}", gun.price, 0
        for turn in range(times):
            if day >= DAYS - 1:
                break
            repost = (
                Repost.FIRST if turn == 0 else chance.choices([one for one, _ in _AGAIN], [w for _, w in _AGAIN])[0]
            )
            if repost is Repost.REWORDED:
                said = f"{voice or gun.key}/{turn}"
            if repost is not Repost.EXACT and turn:
                price = max(20, round(price * chance.uniform(0.93, 1.0) / 5) * 5)
            if repost is Repost.REWORDED and chance.random() < 0.5:
                shown += 1  # photographed anew
            last = turn == times - 1
            end = day + chance.randrange(5, 31)
            sold = last and chance.random() < sells
            self.ad(
                account, day, guns=(gun,), end=end, sold=sold, voice=said, repost=repost, price=price, session=shown
            )
            day = end + chance.randrange(6)
        if voice is not None:
            self.free[account.id, gun.model] = day + 1
        return day

    def ad(self, account: Account, day: int, *, session: int = 0, **facts: object) -> Ad:
        """One ad, where it is within the two years."""
        chance = self.chance
        number = len(self.ads)
        photos = tuple(self._photos(facts.get("guns", ()), session))  # type: ignore[arg-type]
        shop = None
        if self.kind in (Kind.OCCASIONAL, Kind.COLLECTOR) and chance.random() < 0.04:
            shop = chance.randrange(1 + self.number // 300)
        ad = Ad(
            id=f"{self.number:06}-{number:04}",
            account=account,
            day=day,
            photos=photos,
            estate=self.kind in HONEST,
            dealer=self.kind in (Kind.DEALER, Kind.BAD_NUMBER),
            scam=self.kind is Kind.SCAM,
            shop=shop,
            desk=f"help@{account.site}.example.com" if chance.random() < 0.02 else None,
            **facts,  # type: ignore[arg-type]
        )
        if ad.end is not None and ad.end >= DAYS:
            ad = evolve(ad, end=None, sold=False)
        if day < DAYS:
            self.ads.append(ad)
        return ad

    def _photos(self, guns: Sequence[Gun], session: int) -> list[Photo]:
        found = []
        for gun in guns[:3]:
            if gun.stock_photo:
                found.append(Photo(scene=f"stock/{gun.model.make}/{gun.model.model}"))
                continue
            if self.chance.random() < 0.12:
                continue  # no picture this time
            noise = 0 if self.chance.random() < 0.7 else self.chance.randrange(1, 1000)
            found.append(Photo(scene=f"{gun.key}/{session}", noise=noise))
        return found

    def account(self) -> Account:
        """One of the person's accounts."""
        return self.chance.choice(self.identity.accounts)

    def day(self, before: int = DAYS - 30) -> int:
        """A day with some time after it."""
        return self.chance.randrange(before)


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
