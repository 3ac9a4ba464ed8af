"""What goes into an assessment and what comes out: frozen values, and their JSON forms.

`start` and `end` count code points of the original field, so that `field[start:end] == text`.
Weights are log-odds (natural logarithm), signed: counter-signals are negative.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    import numpy as np
    from numpy.typing import NDArray

JsonObject = dict[str, Any]
SCORES = ("unlicensed_sale", "bulk_sale", "straw_purchase", "untraceable", "prohibited_item")


class LexiconError(ValueError):
    """A lexicon or a jurisdiction pack cannot be used as it is; the message names file and place."""


@frozen(kw_only=True)
class Text:
    """A listing's words, and what its caller resolved about it.

    `category` is the site's own wording. `jurisdiction` is "US", "US-TX", "DE"…, from the site, the stated
    place or the currency, or None: it is never guessed from the language.
    """

    title: str
    description: str = ""
    category: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    jurisdiction: str | None = None


@frozen(kw_only=True)
class Finding:
    """One signal or counter-signal, and the words it rests on.

    `strength` is H, S, M, W or N (classifiers/lexicons/signals.yaml); `family` is terms or item; `layer` says
    which part found it (wording, items, count, price, meaning); `hooks` are the ids of the legal hooks that
    touch it in the listing's jurisdiction, in force or not.
    """

    name: str
    polarity: str
    weight: float
    strength: str
    family: str
    field: str
    start: int
    end: int
    text: str
    confidence: float
    layer: str
    reason: str
    hooks: tuple[str, ...] = ()

    def to_json(self) -> JsonObject:
        """The finding as the Export line shows it."""
        return {
            "name": self.name,
            "polarity": self.polarity,
            "weight": self.weight,
            "family": self.family,
            "field": self.field,
            "start": self.start,
            "end": self.end,
            "text": printable(self.text),
            "confidence": self.confidence,
            "layer": self.layer,
            "reason": self.reason,
        }


@frozen(kw_only=True)
class FoundItem:
    """One thing offered, as far as the words say. `serial_state` is present, partial, hidden, absent or removed."""

    item_class: str
    make: str | None = None
    model: str | None = None
    calibre: str | None = None
    quantity: int = 1
    field: str = "title"
    start: int = 0
    end: int = 0
    serial_state: str | None = None
    condition: str | None = None

    def to_json(self) -> JsonObject:
        """The item as the Export line shows it, with what the tracing export needs beside it."""
        return {
            "class": self.item_class,
            "make": self.make,
            "model": self.model,
            "calibre": self.calibre,
            "quantity": self.quantity,
            "field": self.field,
            "start": self.start,
            "end": self.end,
            "serial_state": self.serial_state,
            "condition": self.condition,
        }


@frozen(kw_only=True, eq=False)
class Assessment:
    """Everything seen in one text. `derivation` holds every term that was added up, as JSON-able data."""

    language: str
    item_class: str
    class_probability: float
    items: tuple[FoundItem, ...]
    signals: tuple[Finding, ...]
    scores: Mapping[str, float]
    review: str
    abstained: str | None
    queue: str | None
    versions: Mapping[str, str]
    derivation: Mapping[str, Any]
    vector: NDArray[np.float32] | None = None

    def to_json(self) -> JsonObject:
        """The `assessment` object of the Export line."""
        return {
            "language": self.language,
            "class": self.item_class,
            "class_probability": self.class_probability,
            "signals": [finding.to_json() for finding in self.signals],
            "scores": dict(self.scores),
            "review": self.review,
            "abstained": self.abstained,
            "queue": self.queue,
            "versions": dict(self.versions),
        }

    def items_json(self) -> list[JsonObject]:
        """The `items` list of the Export line."""
        return [item.to_json() for item in self.items]


def printable(text: str) -> str:
    """`text` with lone surrogates shown as U+FFFD, so that it can be written as UTF-8."""
    if text.isascii():
        return text
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
