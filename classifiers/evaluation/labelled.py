"""Labelled ads: the project's own corpus, and files of the same form that others bring (docs/schema/labelled.json)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, ValidationError

from classifiers.catalogue import CLASSES, load_catalogue
from classifiers.lexicon import Strict
from classifiers.values import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from classifiers.catalogue import Catalogue

CORPUS = Path(__file__).parent.parent / "corpus"
REVIEWS = ("none", "idle", "review")
LONGEST_LINE = 12_000_000  # bytes


class LabelError(ValueError):
    """A labelled file cannot be used; the message names the line and what is wrong."""


def _one_of(allowed: Iterable[str], what: str) -> AfterValidator:
    names = frozenset(allowed)

    def check(value: str | None) -> str | None:
        if value is not None and value not in names:
            raise ValueError(f"{value!r} is no {what}")
        return value

    return AfterValidator(check)


ClassName = Annotated[str | None, _one_of(CLASSES, "class")]


class LabelledItem(Strict):
    """One thing offered, as a reader understood it; None is "not stated"."""

    item_class: Annotated[str, _one_of(CLASSES, "class")] = Field(alias="class")
    make: str | None = None
    model: str | None = None
    calibre: str | None = None
    quantity: int | None = None


class LabelledAd(Strict):
    """An ad and what a reader said of it. A label that is absent (not empty) is not measured."""

    id: str = ""
    family: str | None = None
    language: str | None = None
    title: str
    description: str = ""
    category: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    jurisdiction: str | None = None
    item_class: ClassName = Field(default=None, alias="class")
    items: list[LabelledItem] | None = None
    signals: list[str] | None = None
    pair: str | None = None
    review: Annotated[str | None, _one_of(REVIEWS, "review level")] = None
    split: str | None = None

    def to_text(self) -> Text:
        """The ad as the assessor reads it, without its labels."""
        return Text(
            title=self.title,
            description=self.description,
            category=self.category,
            price=self.price,
            currency=self.currency,
            jurisdiction=self.jurisdiction,
        )


def read_labelled(path: Path) -> list[LabelledAd]:
    """Every line of a labelled JSONL file. Raises LabelError with the line's number and what to correct."""
    return list(_read(path, load_catalogue()))


def read_corpus(folder: Path = CORPUS, *, splits: Iterable[str] = ("train", "dev", "held")) -> list[LabelledAd]:
    """The project's own corpus, in the order of file names. `held` is for measuring, once a version is done."""
    wanted, catalogue = frozenset(splits), load_catalogue()
    return [ad for path in sorted(folder.glob("*.jsonl")) for ad in _read(path, catalogue) if ad.split in wanted]


def _read(path: Path, catalogue: Catalogue) -> Iterator[LabelledAd]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            place = f"{path.name}, line {number}"
            if len(line) > LONGEST_LINE:
                raise LabelError(f"{place}: longer than {LONGEST_LINE} bytes")
            try:
                ad = LabelledAd.model_validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"]))
                raise LabelError(f"{place}: {f'{where}: ' if where else ''}{first['msg']}") from error
            if unknown := [name for name in ad.signals or () if name not in catalogue]:
                raise LabelError(f"{place}: signals: no such signal: {', '.join(unknown)}")
            yield ad
