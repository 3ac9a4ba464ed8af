"""What kind of thing is offered: the rules read the words, the class model weighs what they found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from classifiers.mentions import ANY_GUN, GUNS, Mention, Role

if TYPE_CHECKING:
    from collections.abc import Collection

    from classifiers.class_features import FeatureReader, Features
    from classifiers.class_model import ClassModel
    from classifiers.gate import Gate, Verdict
    from classifiers.reading import FieldReading

# Where the rules are certain of one of these, the model's gun is not believed: loud terms do not make a toy a weapon.
KEPT = frozenset({"airsoft_replica_toy", "game_or_film_item", "look_alike_tool"})
CERTAIN = 0.8


@frozen(kw_only=True)
class Seen:
    """One text as the rules saw it: fields and mentions of title and description, and what the caller knows of it.

    `hint` is the class that the site's category names, `amount` the price in US dollars, `told` the names of the
    signals, `sure` the languages whose everyday words count.
    """

    fields: tuple[FieldReading, FieldReading]
    mentions: tuple[list[Mention], list[Mention]]
    hint: str | None
    amount: float | None
    told: Collection[str]
    sure: Collection[str]


@frozen(kw_only=True)
class KindReader:
    """Judges texts by rules first and the class model after; the verdict holds the terms of both."""

    gate: Gate
    features: FeatureReader
    model: ClassModel

    def judge(self, seen: Seen) -> Verdict:
        """The verdict on one text."""
        ruled, features = self.weigh(seen)
        kind = self.model.decide(features)
        if kind.item_class in GUNS and ruled.item_class in KEPT and ruled.probability >= CERTAIN:
            return evolve(ruled, runner_up=kind.item_class, terms=kind.terms)
        winner = ruled.winner if kind.item_class == ruled.item_class else _named(kind.item_class, seen.mentions)
        return evolve(
            ruled,
            item_class=kind.item_class,
            probability=kind.probability,
            winner=winner,
            runner_up=kind.runner_up,
            terms=kind.terms,
        )

    def weigh(self, seen: Seen) -> tuple[Verdict, Features]:
        """What the rules say alone, and the features that the class model weighs."""
        ruled = self.gate.judge(*seen.fields, seen.mentions, seen.hint, seen.amount, seen.told)
        return ruled, self.features.read(
            seen.fields, seen.mentions, ruled, seen.hint, seen.amount, seen.told, seen.sure
        )


def _named(item_class: str, mentions: tuple[list[Mention], list[Mention]]) -> Mention | None:
    """The first words that name a thing of this class."""
    classes = {item_class, ANY_GUN} if item_class in GUNS else {item_class}
    named = (
        mention
        for found in mentions
        for mention in found
        if mention.item_class in classes and mention.role is not Role.TRADE
    )
    return next(named, None)
