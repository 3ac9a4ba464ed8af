"""Writes one person's ads: guns, and the ads that follow each other for one gun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, evolve, field

from marketplace.catalogue import LATE_SITE
from marketplace.models import DAYS, HONEST, Ad, Gun, Kind, Photo, Repost

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

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
            self.ad(account, day, guns=(gun,), end=end, sold=sold, voice=said, repost=repost, price=price, shoot=shown)
            day = end + chance.randrange(6)
        if voice is not None:
            self.free[account.id, gun.model] = day + 1
        return day

    def ad(self, account: Account, day: int, *, shoot: int = 0, **facts: object) -> Ad:
        """One ad, where it is within the two years."""
        chance = self.chance
        number = len(self.ads)
        photos = tuple(self._photos(facts.get("guns", ()), shoot))  # type: ignore[arg-type]
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

    def _photos(self, guns: Sequence[Gun], shoot: int) -> list[Photo]:
        found = []
        for gun in guns[:3]:
            if gun.stock_photo:
                found.append(Photo(scene=f"stock/{gun.model.make}/{gun.model.model}"))
                continue
            if self.chance.random() < 0.12:
                continue  # no picture this time
            noise = 0 if self.chance.random() < 0.7 else self.chance.randrange(1, 1000)
            found.append(Photo(scene=f"{gun.key}/{shoot}", noise=noise))
        return found

    def account(self) -> Account:
        """One of the person's accounts."""
        return self.chance.choice(self.identity.accounts)

    def day(self, before: int = DAYS - 30) -> int:
        """A day with some time after it."""
        return self.chance.randrange(before)
