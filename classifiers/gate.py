"""What kind of thing is offered: evidence for each class, added up and shown.

The rules decide alone until a trained head adds its own term (`heads.py`): both are log-odds over the same classes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import frozen

from classifiers.catalogue import CLASSES
from classifiers.lexicon import LANGUAGES
from classifiers.mentions import ANY_GUN, GUNS, UNSURE, Mention, Role

if TYPE_CHECKING:
    from decimal import Decimal

    from classifiers.mentions import MentionFinder
    from classifiers.reading import FieldReading, Reader

# Where several things are named in one title, what makes it another thing than a gun is read first.
SPECIAL = (
    "look_alike_tool",
    "game_or_film_item",
    "airsoft_replica_toy",
    "news_or_discussion",
    "digital_file",
    "service",
    "blank_alarm_signal",
    "deactivated",
    "air_or_gas",
    "antique",
    "conversion_device",
    "light_weapon",
    "suppressor",
    "knife_or_other_weapon",
)
THINGS = ("ammunition", "essential_component", "accessory", "other_part")
TITLE, TITLE_BESIDE, DESCRIPTION, DESCRIPTION_ONLY, CATEGORY, WANTED = 5.0, 0.8, 1.0, 3.0, 2.5, 6.5
GUN_PRICE = 150  # a described feature beside a model at this price or more is a gun's, not for sale by itself
NOTHING = 1.0  # log-odds of "other" before anything is read


@frozen(kw_only=True)
class Verdict:
    """The class, its probability, and the evidence `(class, weight, why)` that was added up."""

    item_class: str
    probability: float
    evidence: tuple[tuple[str, float, str], ...]
    winner: Mention | None = None


class Gate:
    """Adds up evidence for classes from mentions in title and description, the site's category and the price."""

    def __init__(self, reader: Reader, finder: MentionFinder, kinds: dict[str, str]) -> None:
        self._finder = finder
        self._kinds = kinds
        self._wanted = reader.phrases_of(f"{language}:s_wanted" for language in LANGUAGES)
        self._categories: dict[int, str] = {}
        for phrase, names in reader.matcher.concepts_of.items():
            for name in sorted(names):
                kind = name.partition(":object/")[2]
                if kind:
                    self._categories.setdefault(phrase, kind.removeprefix("category/").removeprefix("feature/"))

    def judge(
        self,
        title: FieldReading,
        description: FieldReading,
        mentions: tuple[list[Mention], list[Mention]],
        category: FieldReading | None,
        price: Decimal | None,
    ) -> Verdict:
        """The verdict on one text."""
        evidence: list[tuple[str, float, str]] = [("other", NOTHING, "nothing read yet")]
        hint = self._category(category)
        if hint:
            evidence.append((hint, CATEGORY, f"category: {category.text if category else ''}"))
        amount = float(price) if price is not None else None
        pools = [*mentions[0], *mentions[1]]
        winner = self._head(mentions[0], amount, hint)
        if winner is not None:
            evidence += self._named(winner, pools, hint, TITLE, "title")
        evidence += self._described(mentions, winner, amount, hint)
        if winner is None:
            winner = self._head(mentions[1], amount, hint)
        if self._wants(title, description, winner):
            evidence.append(("wanted_ad", WANTED, "begins as a wanted ad"))
        return _settle(evidence, winner)

    def _described(
        self,
        mentions: tuple[list[Mention], list[Mention]],
        winner: Mention | None,
        amount: float | None,
        hint: str | None,
    ) -> list[tuple[str, float, str]]:
        pools = [*mentions[0], *mentions[1]]
        if winner is None:
            only = self._head(mentions[1], amount, hint)
            return self._named(only, pools, hint, DESCRIPTION_ONLY, "description") if only else []
        found: dict[str, str] = {}
        for mention in mentions[1]:
            if mention.role is Role.OFFERED and mention.item_class in GUNS and mention.source != "make":
                found.setdefault(mention.item_class, mention.model or mention.item_class)
        return [(kind, DESCRIPTION, f"description: {word}") for kind, word in found.items()]

    def _category(self, category: FieldReading | None) -> str | None:
        if category is None:
            return None
        found = [
            (start, self._categories[phrase])
            for start, here in category.phrases.at.items()
            for phrase, _ in sorted(here, key=lambda place: -place[1])
            if phrase in self._categories
        ]
        return min(found)[1] if found else None

    def _head(self, mentions: list[Mention], amount: float | None, hint: str | None) -> Mention | None:
        """The mention that says what is for sale."""
        offered = [mention for mention in mentions if mention.role in (Role.OFFERED, Role.PART)]
        things = [mention for mention in offered if mention.source == "object" or mention.item_class in SPECIAL]
        guns = [gun for gun in offered if gun.item_class in {*GUNS, ANY_GUN} and gun.role is Role.OFFERED]
        unsure = [mention for mention in offered if mention.item_class == UNSURE]
        features = [mention for mention in things if mention.feature]
        by_itself = features and _by_itself(guns, amount, hint)
        order = [
            *(mention for kind in SPECIAL for mention in things if mention.item_class == kind),
            *(mention for mention in things if mention.item_class in THINGS and not mention.feature),
            *(features if by_itself else ()),
            *(mention for mention in things if mention.item_class == "other" and not any(gun.model for gun in guns)),
            *(gun for gun in guns if gun.model),
            *(gun for gun in guns if gun.make),
            *guns,
            *unsure,
            *features,
        ]
        return order[0] if order else None

    def _named(
        self, mention: Mention, pools: list[Mention], hint: str | None, weight: float, where: str
    ) -> list[tuple[str, float, str]]:
        why = f"{where}: {mention.model or mention.make or mention.item_class}"
        if mention.item_class not in (ANY_GUN, UNSURE):
            return [(mention.item_class, weight, why)]
        kinds = [other.item_class for other in pools if other.item_class in GUNS and other.role is Role.OFFERED]
        calibres = [self._kinds[other.calibre] for other in pools if other.calibre and other.calibre in self._kinds]
        hints = [hint] if hint in GUNS else []
        told = [*kinds, *hints, *calibres]
        if told:
            return [(str(told[0]), weight, f"{why}, by the words around it")]
        if mention.item_class == UNSURE:
            return [("other", weight / 2, f"{why} without anything that makes it a gun")]
        return [("firearm_handgun", weight - 0.4, why), ("firearm_long", weight - 0.5, why)]

    def _wants(self, title: FieldReading, description: FieldReading, winner: Mention | None) -> bool:
        """Wanted wording at the very beginning of the title, or of the description where the title names nothing."""
        if any(start <= 1 for start, _ in self._places(title)):
            return True
        return winner is None and any(start <= 3 for start, _ in self._places(description))

    def _places(self, field: FieldReading) -> list[tuple[int, int]]:
        return [
            place for phrase in self._wanted.intersection(field.phrases.where) for place in field.phrases.where[phrase]
        ]


def _by_itself(guns: list[Mention], amount: float | None, hint: str | None) -> bool:
    """Whether a part that often describes a gun is sold alone: by category, by price, or for want of a gun's name."""
    if hint in GUNS or (amount is not None and amount >= GUN_PRICE):
        return False
    return hint in THINGS or amount is not None or not any(gun.model or gun.make for gun in guns)


def _settle(evidence: list[tuple[str, float, str]], winner: Mention | None) -> Verdict:
    logits = dict.fromkeys(CLASSES, 0.0)
    for name, weight, _ in evidence:
        logits[name] = logits.get(name, 0.0) + weight
    best = max(CLASSES, key=lambda name: logits[name])
    total = sum(math.exp(value - logits[best]) for value in logits.values())
    return Verdict(item_class=best, probability=round(1 / total, 4), evidence=tuple(evidence), winner=winner)
