"""Texts that many accounts show: a storefront's, a site's own template, or one hand's. It goes to the scam test."""

from __future__ import annotations

from itertools import compress, islice
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa
from attrs import define, field

from pipelines.sellers.wording import numbers
from pipelines.store.tables.linking import offer_features, seller_marks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pipelines.sellers.offers import Offer

NEARLY = 0.8
"""Least share of equal numbers of two sketches: the same template with other names and prices filled in."""
_FEW, _MOST = 5, 40
"""Accounts that show a text, from which on they are counted; and how many are looked at."""
_KEPT_BANDS, _KEPT_SKETCHES = 50_000, 100_000
"""What is kept at hand of each, some 70 MB: of more the older half is let go, and looked up anew where it is needed."""
_MOST_IN = 400


@define
class Templates:
    """Who shows which text, for many accounts in turn: what was looked up for one is kept for the next, up to a bound.

    A band that many accounts show is asked for as many times as accounts show it, so that without this the work grows
    faster than the number of accounts.
    """

    connection: sa.Connection
    holders: dict[int, NDArray[np.int64]] = field(factory=dict)
    """By band: rows of an account and a listing of it that shows the band."""
    sketches: dict[int, NDArray[np.uint32]] = field(factory=dict)

    def count_sharers(self, rows: Sequence[int]) -> dict[int, frozenset[int]]:
        """By listing of the accounts `rows`, those (row ids) that show nearly its text, where five and more do.

        At most forty are looked at. Only texts about one thing of a known maker are: goods are sold in anybody's words.
        """
        values: dict[int, list[int]] = {}
        sketched: dict[int, bytes] = {}
        for part in _parts(rows):
            for value, listing, bits in _shared(self.connection, part):
                values.setdefault(listing, []).append(value)
                sketched[listing] = bits
        self._look_up({value for some in values.values() for value in some})
        found = {listing: self._sharers(some, sketched[listing]) for listing, some in values.items()}
        return {listing: sellers for listing, sellers in found.items() if len(sellers) >= _FEW}

    def _sharers(self, values: Sequence[int], sketched: bytes) -> frozenset[int]:
        """The accounts that show one of these bands with a text nearly that of a sketch."""
        held = (pair for value in values for pair in self.holders[value].tolist())
        pairs = {(seller, listing) for seller, listing in held if listing in self.sketches}
        if len({seller for seller, _ in pairs}) < _FEW:
            return frozenset()
        sellers, shown = zip(*pairs, strict=True)
        equal = np.stack([self.sketches[listing] for listing in shown]) == numbers(sketched)
        return frozenset(compress(sellers, equal.mean(axis=1) >= NEARLY))

    def _look_up(self, values: Collection[int]) -> None:
        """Have the holders of these bands at hand, and the sketches of what they show."""
        _let_go(self.holders, _KEPT_BANDS)
        _let_go(self.sketches, _KEPT_SKETCHES)
        for value in sorted(set(values) - self.holders.keys()):
            self.holders[value] = _holders(self.connection, value)
        shown = {listing for value in values for listing in self.holders[value][:, 1].tolist()}
        for part in _parts(sorted(shown - self.sketches.keys())):
            query = sa.select(offer_features.c.listing, offer_features.c.sketch)
            for row in self.connection.execute(query.where(offer_features.c.listing.in_(part))):
                if row.sketch:
                    self.sketches[row.listing] = numbers(row.sketch)


def _let_go(kept: dict[int, Any], most: int) -> None:
    if len(kept) > most:
        for key in list(islice(kept, len(kept) // 2)):
            del kept[key]


def _shared(connection: sa.Connection, rows: Sequence[int]) -> list[tuple[int, int, bytes]]:
    """The bands of these accounts that five and more show: value, the listing that shows it, its sketch."""
    one, few = seller_marks.alias("one"), seller_marks.alias("few")
    many = (
        sa.select(sa.func.count())
        .select_from(
            sa.select(sa.literal(1))
            .select_from(few)
            .where(few.c.kind == "text", few.c.value == one.c.value)
            .limit(_FEW)
            .correlate(one)
            .subquery()
        )
        .scalar_subquery()
    )
    query = (
        sa.select(one.c.value, one.c.listing, offer_features.c.sketch)
        .join(offer_features, offer_features.c.listing == one.c.listing)
        .where(one.c.kind == "text", one.c.seller.in_(rows), offer_features.c.make.is_not(None), many >= _FEW)
    )
    return [(row.value, row.listing, row.sketch) for row in connection.execute(query)]


def _holders(connection: sa.Connection, value: int) -> NDArray[np.int64]:
    """The first accounts that show a band, with a listing that does."""
    one = seller_marks.c
    query = sa.select(one.seller, one.listing).where(one.kind == "text", one.value == value, one.listing.is_not(None))
    few = connection.execute(query.order_by(one.seller).limit(_MOST))
    return np.array([(row.seller, row.listing) for row in few], np.int64).reshape(-1, 2)


def others(
    sharers: Mapping[int, frozenset[int]], offers: Sequence[Offer], rows: Sequence[int]
) -> list[tuple[Offer, int]]:
    """The offers whose text accounts outside `rows` show too, five and more of them, with how many."""
    own = frozenset(rows)
    counted = [(offer, len(sharers.get(offer.row, own) - own)) for offer in offers]
    return [(offer, count) for offer, count in counted if count >= _FEW]


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _MOST_IN):
        yield values[start : start + _MOST_IN]
