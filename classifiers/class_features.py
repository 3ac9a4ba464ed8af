"""What speaks for one kind of thing or another, as named numbers that mean the same in every language.

The names are the explanation that is shown: `title names accessory`, `says licence`, `rules: firearm_long`. Nothing of
the wording itself goes in, so that what is learned from ads in one language holds in the others.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from classifiers.lexicon import LANGUAGES
from classifiers.mentions import ANY_GUN, GUNS, UNSURE, Mention, Role

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from classifiers.gate import Verdict
    from classifiers.reading import FieldReading, Reader

Features = dict[str, float]
COMMON_LANGUAGES = 6  # a set of words that fewer languages have is no feature: it would stand for the language
PRICES = (10, 25, 60, 150, 400, 1_000, 3_000)  # US dollars
BAND = (60, 150)  # toys and parts, then cheap guns: prices that go together with what is named
SILENT = ("other", "calibre", UNSURE)  # mentions that name nothing we look for

ASIDE = (Role.PART, Role.TRADE, Role.FOR)  # roles in which a thing is not what is offered
LEAST_WORD = 3  # letters of a word that may say what a gun is for


class FeatureReader:
    """Turns one text as read by the rules into named numbers."""

    def __init__(self, reader: Reader, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds
        self._sets = _shared_sets(reader)
        self._known = reader.matcher.words

    def read(
        self,
        fields: tuple[FieldReading, FieldReading],
        mentions: tuple[list[Mention], list[Mention]],
        verdict: Verdict,
        hint: str | None,
        amount: float | None,
        told: Collection[str],
        sure: Collection[str],
    ) -> Features:
        """The features of a text: `hint` is its category's class, `amount` its price in US dollars, `told` its signals.

        `sure` are the languages whose words count.
        """
        features = _of_verdict(verdict)
        for field, found in zip(fields, mentions, strict=True):
            features.update(self._of_mentions(field.name, found))
            features.update(self._of_words(field, sure))
            features.update(self._of_neighbours(field, found))
        features.update({f"signal {name}": 1.0 for name in told})
        features[f"category: {hint or 'none'}"] = 1.0
        features.update(_of_price(amount))
        features.update(_together(features, verdict, mentions, amount))
        return features

    def _of_mentions(self, field: str, mentions: list[Mention]) -> Features:
        features: Features = {}
        for mention in mentions:
            kind = mention.item_class + (" (may describe)" if mention.feature else "")
            features[f"{field} names {kind} as {mention.role}"] = 1.0
            if mention.role not in ASIDE:
                features[f"names {kind}"] = 1.0
            if mention.make:
                features[f"{field} names a maker"] = 1.0
            if mention.model:
                features[f"{field} names a model"] = 1.0
            if mention.calibre and mention.calibre in self._kinds:
                features[f"a calibre of {self._kinds[mention.calibre]}"] = 1.0
        told = [mention for mention in mentions if mention.item_class not in SILENT and mention.role not in ASIDE]
        if told:
            features[f"{field} begins with {told[0].item_class}"] = 1.0
            features[f"{field} ends with {told[-1].item_class}"] = 1.0
        return features

    def _of_neighbours(self, field: FieldReading, mentions: list[Mention]) -> Features:
        """An unknown word beside a gun's plain name often says that it is none: `marking gun`, `pistola de tufting`."""
        keys, features = field.tokens.keys, Features()
        for mention in mentions:
            if mention.source != "object" or mention.item_class not in {*GUNS, ANY_GUN}:
                continue
            if mention.start and self._is_unknown(keys[mention.start - 1]):
                features[f"{field.name}: an unknown word before a gun"] = 1.0
            if any(self._is_unknown(key) for key in keys[mention.end : mention.end + 2]):
                features[f"{field.name}: an unknown word after a gun"] = 1.0
        return features

    def _is_unknown(self, key: str) -> bool:
        return key not in self._known and len(key) >= LEAST_WORD and key.isalpha()

    def _of_words(self, field: FieldReading, sure: Collection[str]) -> Features:
        names = {
            name for phrase in field.phrases.where for language, name in self._sets.get(phrase, ()) if language in sure
        }
        return {f"says {name}": 1.0 for name in names} | {f"{field.name} says {name}": 1.0 for name in names}


def _shared_sets(reader: Reader) -> dict[int, tuple[tuple[str, str], ...]]:
    """Phrase to the (language, set) it belongs to, for the sets that nearly all languages have."""
    members = reader.matcher.members
    having: dict[str, set[str]] = defaultdict(set)
    for concept in members:
        language, _, name = concept.partition(":")
        if language in LANGUAGES and name and not name.startswith(("=", "object/")):
            having[name].add(language)
    sets: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for name, languages in sorted(having.items()):
        for language in sorted(languages) if len(languages) >= COMMON_LANGUAGES else ():
            for phrase in members[f"{language}:{name}"]:
                sets[phrase].append((language, name))
    return {phrase: tuple(found) for phrase, found in sets.items()}


def _of_verdict(verdict: Verdict) -> Features:
    features: Features = defaultdict(float)
    for name, weight, _ in verdict.evidence:
        features[f"evidence for {name}"] += weight / 4
    features[f"rules: {verdict.item_class}"] = 1.0
    features[f"rules sure of {verdict.item_class}"] = verdict.probability
    if verdict.winner is not None:
        features[f"thing: {verdict.winner.item_class}"] = 1.0
        features[f"thing by {verdict.winner.source}"] = 1.0
        features[f"thing is {verdict.winner.role}"] = 1.0
    return dict(features)


def _of_price(amount: float | None) -> Features:
    if amount is None:
        return {"no price": 1.0}
    return {f"asks over {limit}": 1.0 for limit in PRICES if amount > limit}


def _together(
    features: Features, verdict: Verdict, mentions: tuple[list[Mention], list[Mention]], amount: float | None
) -> Features:
    """What means more together: the thing and its price, and the terms of a sale that names no thing."""
    band = "no price" if amount is None else "low" if amount <= BAND[0] else "middle" if amount <= BAND[1] else "high"
    together = {f"{verdict.item_class} at {band}": 1.0}
    named = {mention.item_class for found in mentions for mention in found} - set(SILENT)
    if not named:
        together["names no thing"] = 1.0
        together[f"names no thing, {band}"] = 1.0
        for feature in features:
            if feature.startswith(("signal ", "says ", "a calibre")):
                together[f"names no thing, {feature}"] = 1.0
    elif named <= {*GUNS, ANY_GUN}:
        together["names only guns"] = 1.0
    if any(mention.role is Role.OFFERED and mention.model for mention in mentions[0]):
        together["title offers a model"] = 1.0
    return together
