"""What the rules say is offered: evidence for each class, added up and shown.

The class model (`class_model.py`) weighs it together with everything else that was read, and has the last word.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import frozen

from classifiers.catalogue import CLASSES
from classifiers.lexicon import LANGUAGES
from classifiers.mentions import ANY_GUN, GUNS, UNSURE, Mention, Role

if TYPE_CHECKING:
    from collections.abc import Collection

    from classifiers.mentions import MentionFinder
    from classifiers.reading import FieldReading, Reader

# Where several things are named in one title, what makes it another thing than a gun is read first.
FIRST = (
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
)
THEN = ("conversion_device", "light_weapon", "suppressor", "knife_or_other_weapon")
SPECIAL = frozenset({*FIRST, *THEN})
THINGS = ("ammunition", "essential_component", "accessory", "other_part")
TITLE, DESCRIPTION, DESCRIPTION_ONLY, DESCRIPTION_SPECIAL, WANTED = 5.0, 1.0, 3.5, 2.5, 6.5
CATEGORY, CATEGORY_ELSEWHERE = 2.5, 4.2  # a seller puts toys under toys, but all sorts of things under guns
CONTEXT = 2.2  # words of gun law, a calibre: what is offered is a gun though nothing names it
ELSEWHERE = frozenset(
    {
        "look_alike_tool",
        "game_or_film_item",
        "airsoft_replica_toy",
        "news_or_discussion",
        "knife_or_other_weapon",
        "other",
    }
)
# Where the description says so, a named gun is one of these.
OVERRULING = frozenset(
    {
        "airsoft_replica_toy",
        "blank_alarm_signal",
        "deactivated",
        "antique",
        "air_or_gas",
        "game_or_film_item",
        "look_alike_tool",
    }
)
CHEAP = 60  # US dollars: a nameless pistol at this price is hardly one
GUN_PRICE = 150  # a described feature beside a model at this price or more is a gun's, not for sale by itself
SUGGESTS = {
    "straw_purchase_request": "wanted_ad",
    "straw_purchase_offer": "service",
    "bulk_wanted": "wanted_ad",
    "brokering": "service",
    "fraudulent_documents": "service",
    "printable_file": "digital_file",
    "conversion_device": "conversion_device",
    "light_weapon": "light_weapon",
    "parts_kit": "essential_component",
    "printed_firearm": "firearm_handgun",
    "craft_made": "firearm_handgun",
    "prohibited_buyer_ok": "firearm_handgun",
    "minor_sale": "firearm_handgun",
    "ammunition_bulk": "ammunition",
}
NOTHING = 1.0  # log-odds of "other" before anything is read


@frozen(kw_only=True)
class Verdict:
    """The class, its probability, and the evidence `(class, weight, why)` that the rules added up.

    `ruled` is the class by the rules alone. `terms` are the `(feature, weight)` of the class model that lift the class
    over the `runner_up`.
    """

    item_class: str
    probability: float
    evidence: tuple[tuple[str, float, str], ...]
    winner: Mention | None = None
    ruled: str = "other"
    runner_up: str = ""
    terms: tuple[tuple[str, float], ...] = ()


class Gate:
    """Adds up evidence for classes from mentions in title and description, the site's category and the price."""

    def __init__(self, reader: Reader, finder: MentionFinder, kinds: dict[str, str]) -> None:
        self._finder = finder
        self._kinds = kinds
        self._wanted = reader.phrases_of(f"{language}:s_wanted" for language in LANGUAGES)
        self._law = reader.phrases_of(f"{language}:gunlaw" for language in LANGUAGES)
        self._categories: dict[int, str] = {}
        for phrase, names in reader.matcher.concepts_of.items():
            for name in sorted(names):
                kind = name.partition(":object/")[2]
                plain = kind.removeprefix("category/").removeprefix("feature/")
                if plain in CLASSES:
                    self._categories.setdefault(phrase, plain)

    def judge(
        self,
        title: FieldReading,
        description: FieldReading,
        mentions: tuple[list[Mention], list[Mention]],
        hint: str | None,
        amount: float | None,
        told: Collection[str],
    ) -> Verdict:
        """The verdict on one text."""
        evidence: list[tuple[str, float, str]] = [("other", NOTHING, "nothing read yet")]
        if hint:
            weight = CATEGORY_ELSEWHERE if hint in ELSEWHERE else CATEGORY
            evidence.append((hint, weight, "the site's category"))
        pools = [*mentions[0], *mentions[1]]
        winner = self._head(mentions[0], amount, hint)
        if winner is not None:
            evidence += self._named(winner, pools, hint, TITLE, "title")
        evidence += self._described(mentions, winner, amount, hint)
        if winner is None:
            winner = self._head(mentions[1], amount, hint)
        if winner is None or winner.item_class == UNSURE:
            evidence += self._context(title, description, pools, told)
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
        rows = [(kind, DESCRIPTION, f"description: {word}") for kind, word in found.items()]
        if amount is None and any(mention.item_class == "news_or_discussion" for mention in mentions[1]):
            rows.append(("news_or_discussion", DESCRIPTION_SPECIAL, "description: talk, and no price"))
        vague = winner.item_class in GUNS and winner.source == "object" and not any(m.make or m.calibre for m in pools)
        if vague and amount is not None and amount < CHEAP and hint not in GUNS:
            rows += [
                (winner.item_class, -2.5, "too cheap for one"),
                ("look_alike_tool", DESCRIPTION_SPECIAL, "a tool's price"),
            ]
        if winner.item_class in {*GUNS, ANY_GUN, UNSURE}:
            special = {m.item_class for m in mentions[1] if m.item_class in OVERRULING and m.role is not Role.TRADE}
            rows += [(kind, DESCRIPTION_SPECIAL, f"description: {kind}") for kind in sorted(special)]
        return rows

    def _context(
        self, title: FieldReading, description: FieldReading, pools: list[Mention], told: Collection[str]
    ) -> list[tuple[str, float, str]]:
        """Evidence where nothing is named: what the signals are about, gun law, a calibre."""
        for signal, kind in SUGGESTS.items():
            if signal in told:
                return [(kind, CONTEXT + 1, f"nothing named, but {signal}")]
        calibres = [mention.calibre for mention in pools if mention.calibre and mention.role is not Role.TRADE]
        lawful = any(not self._law.isdisjoint(field.phrases.where) for field in (title, description))
        if not calibres and not lawful:
            return []
        kind = self._kinds.get(calibres[0], "firearm_handgun") if calibres and calibres[0] else "firearm_long"
        return [(kind, CONTEXT, "a calibre" if calibres else "words of gun law")]

    def category(self, field: FieldReading) -> str | None:
        """The class that a site's own category names, or None."""
        found = [
            (start, self._categories[phrase])
            for start, here in field.phrases.at.items()
            for phrase, _ in sorted(here, key=lambda place: -place[1])
            if phrase in self._categories
        ]
        return min(found)[1] if found else None

    def _head(self, mentions: list[Mention], amount: float | None, hint: str | None) -> Mention | None:
        """The mention that says what is for sale."""
        offered = [mention for mention in mentions if mention.role in (Role.OFFERED, Role.PART)]
        things = [mention for mention in offered if mention.source == "object" or mention.item_class in SPECIAL]
        told = [
            mention
            for mention in mentions
            if mention.item_class in FIRST and mention.role not in (Role.FOR, Role.TRADE)
        ]
        guns = [gun for gun in offered if gun.item_class in {*GUNS, ANY_GUN} and gun.role is Role.OFFERED]
        unsure = [mention for mention in offered if mention.item_class == UNSURE]
        features = [mention for mention in things if mention.feature]
        by_itself = features and _by_itself(guns, amount, hint)
        order = [
            *(mention for kind in FIRST for mention in told if mention.item_class == kind),
            *(mention for mention in things if mention.item_class == "other" and not any(gun.model for gun in guns)),
            *(mention for kind in THEN for mention in things if mention.item_class == kind),
            *(mention for mention in things if mention.item_class in THINGS and not mention.feature),
            *(features if by_itself else ()),
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
        if any(start <= (1 if title.tokens.keys[start].isascii() else 0) for start, _ in self._places(title)):
            return True
        return winner is None and any(start == 0 for start, _ in self._places(description))

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
    return Verdict(
        item_class=best, probability=round(1 / total, 4), evidence=tuple(evidence), winner=winner, ruled=best
    )
