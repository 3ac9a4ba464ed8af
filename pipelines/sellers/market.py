"""What others ask for the same make and model: the middle of their prices and how far they lie apart."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import define, field, frozen

from pipelines.store.tables.linking import offer_features

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.sellers.items import Item

_FEWEST = 8
_MOST = 400  # the newest of them
_LEAST_SPREAD = 0.1  # of log prices: a market in which all ask the same is no reason to call 5 % less far below


@frozen
class Price:
    """The middle of log prices and their spread (median absolute deviation, scaled to a standard deviation)."""

    middle: float
    spread: float

    def z(self, amount: float) -> float:
        """How far `amount` lies from the middle: below it is negative."""
        return (math.log(amount) - self.middle) / self.spread


@define
class Market:
    """Prices by make, model and currency; each is looked up once."""

    connection: sa.Connection
    until: datetime | None = None
    known: dict[tuple[str, str, str], Price | None] = field(factory=dict)

    def price(self, make: str | None, model: str | None, currency: str) -> Price | None:
        """What is asked for it, or None where too few ask."""
        if not (make and model and currency):
            return None
        key = (make, model, currency)
        if key not in self.known:
            self.known[key] = self._read(*key)
        return self.known[key]

    def place(self, item: Item) -> float | None:
        """How far an item's last price lies from the market (z), or None where nothing can be said."""
        offer = next((one for one in reversed(item.offers) if one.price and len(one.items) == 1), None)
        if offer is None or offer.price is None or offer.price[0] <= 0 or item.quantity > 1:
            return None
        found = self.price(item.make, item.model, offer.price[1])
        return None if found is None else round(found.z(offer.price[0]), 2)

    def _read(self, make: str, model: str, currency: str) -> Price | None:
        one = offer_features.c
        query = sa.select(one.amount).where(one.make == make, one.model == model, one.currency == currency)
        if self.until is not None:
            query = query.where(one.offered <= self.until)
        query = query.order_by(one.offered.desc(), one.listing).limit(_MOST)
        logs = [math.log(amount) for amount in self.connection.scalars(query) if amount and amount > 0]
        if len(logs) < _FEWEST:
            return None
        middle = median(logs)
        return Price(middle, max(_LEAST_SPREAD, 1.4826 * median(abs(one - middle) for one in logs)))
