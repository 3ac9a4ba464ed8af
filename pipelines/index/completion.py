"""What a query being typed may go on with: names of fields, and values that are there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.index.analysis import fold
from pipelines.index.columns import SUGGESTED
from pipelines.index.fields import FIELDS, RANGED
from pipelines.index.parser import QUOTES, is_whole_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.index.port import Index

_TYPED = re.compile(
    rf"(?:(?P<field>[^\W\d]\w*):)?(?:[{QUOTES}](?P<quoted>[^{QUOTES}]*)|(?P<plain>[^\s(){QUOTES}:]*))\Z"
)


@frozen(kw_only=True)
class Completion:
    """Code points `start:end` of the query may become `text`; `count` is how many listings have the value."""

    start: int
    end: int
    text: str
    meaning: str = ""
    count: int | None = None


def complete(index: Index, query: str, at: int | None = None, limit: int = 10) -> tuple[Completion, ...]:
    """At most `limit` ways to go on where the cursor stands (the end without `at`), the most frequent first.

    A value that needs them comes in quotation marks. Nothing is offered for free text: any word may be searched.
    """
    end = len(query) if at is None else max(0, min(at, len(query)))
    before = query[:end]
    start = _start(before)
    typed = _TYPED.match(before, start)
    if typed is None:
        return ()
    name = typed["field"]
    written = typed["quoted"] if typed["quoted"] is not None else typed["plain"]
    if name is None:
        offers = _fields(written, start, end) if typed["quoted"] is None else iter(())
    else:
        offers = _values(index, name.lower(), written, typed.end("field") + 1, end, limit)
    return tuple(offer for offer, _ in zip(offers, range(limit), strict=False))


def _start(before: str) -> int:
    """Where the condition under the cursor begins: after the last space, parenthesis or minus outside quotes."""
    start, inside = 0, False
    for at, character in enumerate(before):
        if character in QUOTES:
            inside = not inside
        elif not inside and (character.isspace() or character in "()" or (character in "-–−" and at == start)):
            start = at + 1
    return start


def _fields(written: str, start: int, end: int) -> Iterator[Completion]:
    prefix = fold(written)
    for field in FIELDS.values():
        if prefix and field.name.startswith(prefix):
            yield Completion(start=start, end=end, text=f"{field.name}:", meaning=field.meaning)


def _values(index: Index, name: str, written: str, start: int, end: int, limit: int) -> Iterator[Completion]:
    field = FIELDS.get(name)
    if field is None or field.kind in RANGED:
        return
    if field.values:
        for value in field.values:
            if value.startswith(fold(written)):
                yield Completion(start=start, end=end, text=value)
    elif name in SUGGESTED:
        for found in index.suggest(written, name, limit):
            text = found.value if is_whole_value(found.value) else _quoted(found.value)
            yield Completion(start=start, end=end, text=text, count=found.count)


def _quoted(value: str) -> str:
    return '"' + "".join(" " if character in QUOTES else character for character in value) + '"'
