"""What the rules look at, and what one of them found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pipelines.licences.matching import LicenceMatch
    from pipelines.sellers.history import SellerHistory
    from pipelines.sellers.items import Item
    from pipelines.sellers.offers import Offer
    from pipelines.sellers.rates import Norms

_CHECKS = frozenset({"ffl_transfer", "check_or_permit_required", "licensed_intermediary", "id_or_residency"})


@frozen(kw_only=True)
class Facts:
    """A hand's firearms in the order of their first days, what lies beside them, and the day it is.

    `today` is the last day on which the site was seen (or the day asked for): quiet after it is not known.
    """

    history: SellerHistory
    firearms: Sequence[Item]
    today: datetime
    licence: LicenceMatch | None = None
    stolen: Sequence[tuple[Offer, str]] = ()  # with the list that holds the stated serial number
    shared_serials: Sequence[Offer] = ()  # whose stated serial number another hand states too
    prices: Mapping[str, float] = field(factory=dict)  # by item: how far from the market (z)
    templates: Sequence[tuple[Offer, int]] = ()  # whose text so many other accounts show
    norms: Norms | None = None  # what is usual on the site; None for several accounts together

    @property
    def new(self) -> list[Item]:
        """The firearms described as new, by the words of an offer or by its field for the condition."""
        return [item for item in self.firearms if says(item, {"new_in_box"}) or any(one.new for one in item.offers)]

    @property
    def silent(self) -> list[Item]:
        """The firearms of which no offer says anything of a check, a permit or a dealer."""
        return [
            item
            for item in self.firearms
            if all("missing_check_statement" in offer.signals and not offer.against & _CHECKS for offer in item.offers)
        ]


@frozen(kw_only=True)
class Count:
    """What a rule counted: how many, which items and offers, and the words of its reason."""

    number: int
    items: Sequence[Item] = ()
    offers: Sequence[Offer] | None = None  # None: those of the items
    words: Mapping[str, Any] = field(factory=dict)


@frozen(kw_only=True)
class Firing:
    """One rule that fired on a history."""

    rule: str
    name: str
    polarity: str  # for or against
    weight: float  # log-odds; 0 where a counter-signal exempts from it, or the rule is not in force
    fact: str
    reason: str
    items: tuple[Item, ...]
    offers: tuple[Offer, ...]
    provision: str = "none"
    exempts: frozenset[str] = frozenset()


def says(item: Item, names: set[str]) -> bool:
    """Whether an offer of the item shows one of these signals."""
    return any(offer.signals.keys() & names for offer in item.offers)


def offers_of(items: Sequence[Item]) -> list[Offer]:
    """The offers of some items, each once."""
    return list({offer.row: offer for item in items for offer in item.offers}.values())
