"""The columns of an index: the one table from which both engines make their schema and every document its values."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class ColumnKind(StrEnum):
    """What a column holds and how it is looked into."""

    TOKENS = "tokens"  # space-separated tokens with positions; scored
    STEMS = "stems"  # space-separated tokens without positions; scored
    KEYWORD = "keyword"  # whole values, folded, several a document; counted
    LABEL = "label"  # `folded<SEPARATOR>as written`: counted and suggested, never searched as such
    INTEGER = "integer"
    FLOAT = "float"


@frozen(kw_only=True, slots=True)
class Column:
    """A name of the index's schema."""

    name: str
    kind: ColumnKind


ABSENT = "∅"  # stands in empty scored columns, so that both engines count the same documents and lengths
GAP = "¦"  # between two values of one column, so that no phrase runs over both
LABEL_SEPARATOR = "\x1f"
VECTOR_LENGTH = 384
NO_PRICE_LAST = 1e300  # where a document has no value, it comes last in either direction
NO_DAY_LAST = 2**40
BANDS = ("0.0-0.2", "0.2-0.4", "0.4-0.6", "0.6-0.8", "0.8-1.0")  # of the highest score, lower end included

_NAMES = {
    ColumnKind.TOKENS: ("title", "description", "make", "model", "calibre", "seller", "location"),
    ColumnKind.STEMS: ("title_stem", "description_stem"),
    ColumnKind.KEYWORD: (
        "key",
        "site",
        "signal",
        "class",
        "country",
        "language",
        "status",
        "review",
        "decision",
        "seller_id",
        "contact",
        "band",
        "state",
    ),
    ColumnKind.LABEL: (
        "make_label",
        "model_label",
        "calibre_label",
        "seller_label",
        "country_label",
        "location_label",
    ),
    ColumnKind.INTEGER: (
        "sequence",
        "tie",
        "posted_day",
        "posted_month",
        "posted_last",
        "posted_first",
        "first_day",
        "first_month",
        "seen_day",
        "seen_month",
        "seen_at",
    ),
    ColumnKind.FLOAT: ("price", "price_low", "price_high", "score"),
}
COLUMNS = {name: Column(name=name, kind=kind) for kind, names in _NAMES.items() for name in names}

FACETS = {
    "site": "site",
    "signal": "signal",
    "review": "review",
    "band": "band",
    "class": "class",
    "make": "make_label",
    "calibre": "calibre_label",
    "seller": "seller_label",
    "country": "country_label",
    "state": "state",
    "language": "language",
    "status": "status",
    "decision": "decision",
}
SUGGESTED = {**FACETS, "model": "model_label", "location": "location_label", "contact": "contact"}


def label(folded: str, written: str) -> str:
    """A label's value: sorted and found by its folded form, shown as written."""
    return f"{folded}{LABEL_SEPARATOR}{written}"


def shown(value: str) -> str:
    """What a person sees of a counted value."""
    return value.rpartition(LABEL_SEPARATOR)[2]
