"""What can be asked for by name, and how each answer is held in the columns of an index."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from attrs import frozen

from pipelines.index.columns import BANDS


class FieldKind(StrEnum):
    """How a field's values are compared."""

    TEXT = "text"  # words in any of their forms
    WORDS = "words"  # folded words, no stems: names and models
    KEYWORD = "keyword"  # the whole value, folded
    NUMBER = "number"
    DAY = "day"


@frozen(kw_only=True)
class SearchField:
    """One name of the query language.

    `low_column` and `high_column` are compared with the lower and the upper bound of a range (`seen` is a span of days,
    so they differ); `values` is the closed set of answers, where there is one.
    """

    name: str
    kind: FieldKind
    meaning: str
    bare_weight: float = 0.0  # weight for a word without a field; 0: not searched
    low_column: str = ""
    high_column: str = ""
    values: tuple[str, ...] = ()


FIELDS = {
    field.name: field
    for field in (
        SearchField(name="title", kind=FieldKind.TEXT, meaning="words of the title", bare_weight=2.0),
        SearchField(name="description", kind=FieldKind.TEXT, meaning="words of the description", bare_weight=1.0),
        SearchField(name="make", kind=FieldKind.WORDS, meaning="maker of an item", bare_weight=1.5),
        SearchField(name="model", kind=FieldKind.WORDS, meaning="model of an item", bare_weight=1.5),
        SearchField(name="calibre", kind=FieldKind.WORDS, meaning="calibre of an item"),
        SearchField(name="seller", kind=FieldKind.WORDS, meaning="seller's name or id", bare_weight=1.0),
        SearchField(name="location", kind=FieldKind.WORDS, meaning="words of the place", bare_weight=1.0),
        SearchField(name="site", kind=FieldKind.KEYWORD, meaning="site the listing is on"),
        SearchField(name="signal", kind=FieldKind.KEYWORD, meaning="observed signal"),
        SearchField(name="class", kind=FieldKind.KEYWORD, meaning="class of an item"),
        SearchField(name="listing", kind=FieldKind.KEYWORD, meaning="one listing, as SITE/ID"),
        SearchField(name="account", kind=FieldKind.KEYWORD, meaning="one seller's account, as SITE/ID"),
        SearchField(name="item", kind=FieldKind.KEYWORD, meaning="listings of one item, by its id"),
        SearchField(name="contact", kind=FieldKind.KEYWORD, meaning="phone, e-mail or handle, as read"),
        SearchField(
            name="score",
            kind=FieldKind.NUMBER,
            meaning="the highest of its scores, 0 to 1",
            low_column="score",
            high_column="score",
        ),
        SearchField(name="band", kind=FieldKind.KEYWORD, meaning="its score's fifth", values=BANDS),
        SearchField(name="state", kind=FieldKind.KEYWORD, meaning="state or country the place is in, as US-TX"),
        SearchField(name="country", kind=FieldKind.KEYWORD, meaning="country code"),
        SearchField(name="language", kind=FieldKind.KEYWORD, meaning="language code"),
        SearchField(
            name="status",
            kind=FieldKind.KEYWORD,
            meaning="where the listing stands",
            values=("active", "sold", "removed", "gone"),
        ),
        SearchField(
            name="review",
            kind=FieldKind.KEYWORD,
            meaning="level given by the machine",
            values=("none", "idle", "review"),
        ),
        SearchField(name="decision", kind=FieldKind.KEYWORD, meaning="what a person decided, or none"),
        SearchField(
            name="price", kind=FieldKind.NUMBER, meaning="amount as stated", low_column="price", high_column="price"
        ),
        SearchField(
            name="posted",
            kind=FieldKind.DAY,
            meaning="day it was posted",
            low_column="posted_day",
            high_column="posted_day",
        ),
        SearchField(
            name="first",
            kind=FieldKind.DAY,
            meaning="day it was first seen",
            low_column="first_day",
            high_column="first_day",
        ),
        SearchField(
            name="seen", kind=FieldKind.DAY, meaning="day it was seen", low_column="seen_day", high_column="first_day"
        ),
    )
}

RANGED = (FieldKind.NUMBER, FieldKind.DAY)
_EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Days since 1 January 1970."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """The day of a day number."""
    return _EPOCH + timedelta(days=number)


def period(text: str) -> tuple[int, int]:
    """First and last day number of `2026`, `2026-03` or `2026-03-01`. ValueError where it is none of them."""
    parts = text.split("-")
    if [len(part) for part in parts] not in ([4], [4, 2], [4, 2, 2]) or not all(
        part.isascii() and part.isdigit() for part in parts
    ):
        raise ValueError(text)
    year = int(parts[0])
    month = int(parts[1]) if len(parts) > 1 else None
    if len(parts) == 3:
        day = day_number(date(year, int(parts[1]), int(parts[2])))
        return day, day
    first = date(year, month or 1, 1)
    last_month = month or 12
    following = date(year + last_month // 12, last_month % 12 + 1, 1) if (year, last_month) != (9999, 12) else date.max
    return day_number(first), day_number(following) - 1


def number(text: str) -> float:
    """A plain decimal number, or ValueError."""
    if not text.isascii() or not text.replace(".", "", 1).isdigit():
        raise ValueError(text)
    return float(text)
