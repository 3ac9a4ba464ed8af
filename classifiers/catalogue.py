"""The signal catalogue: meanings, weights, scopes and answers, from lexicons/signals.yaml, strictly validated."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from classifiers.lexicon import FOLDER, Dated, Strict, hash_files, read_yaml
from classifiers.values import SCORES, LexiconError

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

CLASSES = (
    "firearm_handgun",
    "firearm_long",
    "essential_component",
    "other_part",
    "ammunition",
    "conversion_device",
    "suppressor",
    "light_weapon",
    "blank_alarm_signal",
    "deactivated",
    "antique",
    "air_or_gas",
    "airsoft_replica_toy",
    "accessory",
    "knife_or_other_weapon",
    "look_alike_tool",
    "digital_file",
    "service",
    "wanted_ad",
    "news_or_discussion",
    "game_or_film_item",
    "other",
)
STRENGTHS = "NWMSH"
Strength = Literal["H", "S", "M", "W", "N"]


class SignalEntry(Strict):
    """One signal or counter-signal as data."""

    polarity: Literal["for", "against"]
    strength: Strength
    family: Literal["terms", "item"]
    scores: list[str]
    scope: str
    group: str
    means: str
    negated: str = "drop"
    needs_hook: bool = False
    answers: tuple[str, ...] = ()
    moderates: tuple[str, ...] = ()
    cancels: tuple[str, ...] = ()


class Interaction(Strict):
    """Signals that mean more together."""

    needs: list[str]
    adds: float
    to: str


class CatalogueFile(Strict):
    """The whole catalogue."""

    source: str
    date: Dated
    weights: dict[Strength, float]
    weak_cap: float
    standing: float
    base: dict[str, float]
    base_left: float
    currencies: dict[str, float]
    scopes: dict[str, list[str]]
    left: list[str]
    interactions: dict[str, Interaction]
    signals: dict[str, SignalEntry]


@frozen(kw_only=True)
class Catalogue:
    """The catalogue and its content hash."""

    file: CatalogueFile
    content_hash: str

    def __getitem__(self, name: str) -> SignalEntry:
        return self.file.signals[name]

    def __contains__(self, name: str) -> bool:
        return name in self.file.signals

    def weight(self, strength: str, polarity: str) -> float:
        """Log-odds of a strength letter, signed."""
        size = self.file.weights[strength]  # type: ignore[index]  # letters are checked when loaded
        return size if polarity == "for" else -size

    def in_scope(self, name: str, item_class: str) -> bool:
        """Whether the signal can count for a thing of this class."""
        return item_class in self.file.scopes[self.file.signals[name].scope]

    def dollars(self, price: Decimal | None, currency: str | None) -> float | None:
        """A price in US dollars, coarsely; None where the currency is unknown. Without one it counts as is."""
        if price is None:
            return None
        rate = self.file.currencies.get(currency.upper()) if currency else 1.0
        return float(price) / rate if rate else None

    def leaves(self, item_class: str) -> bool:
        """Whether things of this class leave before anything is counted."""
        return item_class in self.file.left


def load_catalogue(folder: Path = FOLDER) -> Catalogue:
    """The catalogue; raises LexiconError where a name, class or score is unknown."""
    path = folder / "signals.yaml"
    file = read_yaml(path, CatalogueFile)
    mistakes = list(_mistakes(file))
    if mistakes:
        raise LexiconError(f"{path.name}: " + "; ".join(mistakes))
    return Catalogue(file=file, content_hash=hash_files([path]))


def _mistakes(file: CatalogueFile) -> list[str]:
    mistakes = [
        f"unknown class {name}"
        for name in [*file.left, *chain.from_iterable(file.scopes.values())]
        if name not in CLASSES
    ]
    for name, entry in file.signals.items():
        mistakes += [f"{name}: unknown score {score}" for score in entry.scores if score not in SCORES]
        mistakes += [] if entry.scope in file.scopes else [f"{name}: unknown scope {entry.scope}"]
        linked = [*entry.answers, *entry.moderates, *entry.cancels]
        linked += [] if entry.negated in ("drop", "keep") else [entry.negated]
        mistakes += [f"{name}: unknown signal {other}" for other in linked if other not in file.signals]
    for name, interaction in file.interactions.items():
        mistakes += [f"{name}: unknown {other}" for other in interaction.needs if other not in file.signals]
    return mistakes
