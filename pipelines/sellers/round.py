"""What one round of assessing sellers works with, and how a group of accounts that are one hand is assessed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import evolve, field, frozen

from pipelines.actors.hands import read_decisions
from pipelines.actors.marks import image_bands
from pipelines.licences.matching import LicenceDesk, Standing
from pipelines.licences.stolen import StolenDesk
from pipelines.sellers.assessment import LEVELS, Beside, assess_history, own_items
from pipelines.sellers.decisions import Hands
from pipelines.sellers.history import join_histories
from pipelines.sellers.items import find_items
from pipelines.sellers.market import Market
from pipelines.sellers.offers import Where
from pipelines.sellers.rates import Observed, read_norms, read_observed
from pipelines.sellers.serials import digest
from pipelines.sellers.templates import Templates, others
from pipelines.store.tables import listings
from pipelines.store.tables.linking import seller_marks

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from pipelines.sellers.assessment import SellerAssessment
    from pipelines.sellers.history import SellerHistory
    from pipelines.sellers.items import Item
    from pipelines.sellers.offers import Offer
    from pipelines.sellers.rates import Norms
    from pipelines.sellers.rules import SellerRules

_MOST_IN = 400
_STOCK = 3
"""Accounts that show a picture, from which on it tells nothing of one thing: a maker's or a shop's."""


@frozen(kw_only=True)
class Assessed:
    """A hand assessed: its accounts one by one, all its items, and where it is several accounts the actor."""

    accounts: Sequence[SellerAssessment]
    items: Sequence[Item]
    actor: SellerAssessment | None


@frozen(kw_only=True)
class Round:
    """Everything beside histories that an assessment reads. Make one per transaction with `open`."""

    connection: sa.Connection
    rules: SellerRules
    where: Where
    observed: Mapping[str, Observed]
    days: Mapping[str, datetime]
    licences: LicenceDesk
    stolen: StolenDesk
    market: Market
    shown: Templates
    decided: Hands
    secret: bytes
    now: datetime
    as_of: datetime | None = None
    norms: Mapping[str, Norms] = field(factory=dict)

    @classmethod
    def open(
        cls,
        connection: sa.Connection,
        rules: SellerRules,
        *,
        secret: bytes,
        now: datetime,
        as_of: datetime | None = None,
    ) -> Round:
        """A round over what the store holds now, or held on a day."""
        decisions = read_decisions(connection, ("merge", "split"))
        return cls(
            connection=connection,
            rules=rules,
            where=Where.of(connection),
            observed=read_observed(connection),
            days=last_seen_days(connection),
            licences=LicenceDesk.open(connection),
            stolen=StolenDesk.open(connection, secret),
            market=Market(connection, as_of),
            shown=Templates(connection),
            decided=Hands.of((one.action, one.body) for one in decisions if as_of is None or one.at <= as_of),
            secret=secret,
            now=now,
            as_of=as_of,
            norms=read_norms(connection),
        )

    @property
    def made_by(self) -> str:
        """What assessments of this round are made by: rules and registers."""
        registers = self.licences.key + self.stolen.key
        return (
            self.rules.sha256
            if not registers
            else hashlib.sha256(f"{self.rules.sha256}/{self.licences.key}/{self.stolen.key}".encode()).hexdigest()
        )

    def today(self, site: str) -> datetime:
        """The last day on which a site was seen, or the day asked for where that is earlier."""
        seen = self.days.get(site, self.now)
        return seen if self.as_of is None else min(seen, self.as_of)

    def on(self, connection: sa.Connection) -> Round:
        """The same round in another transaction: what was read of sites, registers, prices and texts stays."""
        return evolve(
            self,
            connection=connection,
            licences=evolve(self.licences, connection=connection),
            stolen=evolve(self.stolen, connection=connection),
            market=evolve(self.market, connection=connection),
            shown=evolve(self.shown, connection=connection),
        )

    def templates(self, histories: Sequence[SellerHistory]) -> dict[int, frozenset[int]]:
        """By listing of these histories, the accounts that show nearly its text, where many do."""
        return self.shown.count_sharers([history.row for history in histories if history.row is not None])

    def find_items(self, history: SellerHistory, common: Collection[int] | None = None) -> list[Item]:
        """The items of a hand; `common` are the stock pictures among its own, where they are known."""
        if common is None:
            common = stock_pictures(self.connection, history.offers)
        return find_items(history, common=common, hands=self.decided)

    def assess(
        self,
        histories: Sequence[SellerHistory],
        actor: str | None,
        common: Collection[int] | None = None,
        sharers: Mapping[int, frozenset[int]] | None = None,
    ) -> Assessed:
        """Assess the accounts of one hand: each by itself, and where there are several all together."""
        rows = [history.row for history in histories if history.row is not None]
        sharers = self.templates(histories) if sharers is None else sharers
        joined = histories[0] if len(histories) == 1 else join_histories(histories)
        items = self.find_items(joined, common)
        prices = {item.id: z for item in items if item.is_firearm and (z := self.market.place(item)) is not None}
        accounts = []
        for history in histories:
            own = items if len(histories) == 1 else own_items(items, history.site, history.id)
            accounts.append(assess_history(history, self.rules, self._beside(history, prices, rows, sharers), own))
        if actor is None or len(histories) == 1:
            return Assessed(accounts=accounts, items=items, actor=None)
        whole = self._assess_actor(accounts, items, prices, actor)
        return Assessed(accounts=[_lift(one, whole, actor) for one in accounts], items=items, actor=whole)

    def _assess_actor(
        self, accounts: Sequence[SellerAssessment], items: Sequence[Item], prices: Mapping[str, float], actor: str
    ) -> SellerAssessment:
        """All accounts as one, without those of verified dealers: their stock is not counted to anybody."""
        counted = [one for one in accounts if one.licence is None or one.licence.standing is not Standing.VERIFIED]
        history = join_histories([one.history for one in counted or accounts])
        if len(counted) != len(accounts):
            kept = {(account.site, account.id) for account in history.accounts}
            items = [item for site, seller in sorted(kept) for item in own_items(items, site, seller)]
            items = list({item.id: item for item in items}.values())
        beside = Beside(
            today=min(self.today(account.site) for account in history.accounts),
            observed=Observed(every=True),
            prices=prices,
        )
        return evolve(assess_history(history, self.rules, beside, items), actor=actor)

    def _beside(
        self,
        history: SellerHistory,
        prices: Mapping[str, float],
        rows: Sequence[int],
        sharers: Mapping[int, frozenset[int]],
    ) -> Beside:
        today = self.today(history.site)
        return Beside(
            today=today,
            observed=self.observed.get(history.site, Observed(every=True)),
            licence=self.licences.match(history, today.date()),
            stolen=self.stolen.match(history.offers),
            shared_serials=self._shared_serials(history.offers, rows),
            prices=prices,
            templates=others(sharers, history.offers, rows),
            norms=self.norms.get(history.site),
        )

    def _shared_serials(self, offers: Sequence[Offer], rows: Sequence[int]) -> list[Offer]:
        """Offers that state a whole serial number which an account outside `rows` states too."""
        marks = {
            int(digest(self.secret, serial.text)[:16], 16) >> 1: offer
            for offer in offers
            for serial in offer.serials
            if serial.whole
        }
        if not marks:
            return []
        one = seller_marks.c
        chosen = (one.kind == "serial", one.value.in_(sorted(marks)), one.seller.not_in(rows))
        found = set(self.connection.scalars(sa.select(one.value).where(*chosen)))
        return [offer for value, offer in marks.items() if value in found]


def last_seen_days(connection: sa.Connection) -> dict[str, datetime]:
    """The last moment at which anything was seen, by site: a history is judged as of then, not of the wall clock."""
    query = sa.select(listings.c.site, sa.func.max(listings.c.last_seen)).group_by(listings.c.site)
    return dict(connection.execute(query).all())


def stock_pictures(connection: sa.Connection, offers: Sequence[Offer]) -> frozenset[int]:
    """The pictures among those of some offers that many accounts show."""
    parts = {value: bits for offer in offers for bits in offer.pictures for value in image_bands(bits)}
    one = seller_marks.c
    found: set[int] = set()
    values = sorted(parts)
    for start in range(0, len(values), _MOST_IN):
        query = (
            sa.select(one.value)
            .where(one.kind == "image", one.value.in_(values[start : start + _MOST_IN]))
            .group_by(one.value)
            .having(sa.func.count() >= _STOCK)
        )
        found.update(parts[value] for value in connection.scalars(query))
    return frozenset(found)


def _lift(account: SellerAssessment, whole: SellerAssessment, actor: str) -> SellerAssessment:
    """An account with its actor: the higher level of the two, and what only all accounts together show."""
    own = {firing.rule: abs(firing.weight) for firing in account.firings}
    more = [
        firing for firing in whole.firings if firing.polarity == "for" and firing.weight > own.get(firing.rule, 0.0)
    ]
    higher = LEVELS.index(whole.review) > LEVELS.index(account.review)
    return evolve(
        account,
        actor=actor,
        actor_firings=more,
        review=whole.review if higher else account.review,
        origin="actor" if higher else "seller",
    )
