"""What waits for a decision, near duplicates as one: read once, then kept up with the store's journal."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import frozen

from dashboards.levels import shown_level
from dashboards.wording import SCORES
from pipelines.journal import last_change
from pipelines.store.tables import (
    assessments,
    decisions,
    item_listings,
    journal,
    listings,
    seller_assessments,
    versions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from pipelines.store.database import Database

LEVELS = ("review", "idle")
_BATCH = 500
_MOST_LEARNT = 5_000
"""The newest decisions that novelty is measured against."""
_FEWEST_WORDS = 8
"""Shorter texts are alike by chance."""
_WORDS = re.compile(r"\w+")


class Order(StrEnum):
    """In which order listings are given."""

    SCORE = "score"  # the highest score first
    UNCERTAINTY = "uncertainty"  # the highest score nearest to a half first
    NOVELTY = "novelty"  # those first whose signals were decided on least often


@frozen(kw_only=True)
class Waiting:
    """Where a listing stands in the queue: `number` of `total`, from 1; `group` are its near duplicates and itself."""

    row: int
    number: int
    total: int
    group: tuple[int, ...]


@frozen(kw_only=True)
class _Entry:
    level: str
    score: float
    first_seen: datetime
    signals: frozenset[str]
    keys: tuple[str, ...]  # what it shares with near duplicates


class TriageQueue:
    """Undecided listings by level. A listing's level is the higher of its own and its seller's.

    Near duplicates are those whose words are the same but for punctuation and case, on whichever site, and those that
    offer one and the same item; they stand together as one, where the first of them stands.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._sequence = -1
        self._entries: dict[int, _Entry] = {}
        self._orders: dict[tuple[str, Order], list[tuple[int, ...]]] = {}

    def count(self, level: str) -> int:
        """How many wait, near duplicates as one."""
        return len(self._groups(level, Order.SCORE))

    def first(
        self, level: str, *, order: Order = Order.SCORE, skip: int = 0, without: Mapping[int, object] | None = None
    ) -> Waiting | None:
        """The first that waits and is not among `without`, or the one after `skip` others; None at the end."""
        groups = self._groups(level, order)
        free = [number for number, group in enumerate(groups) if not (without and any(row in without for row in group))]
        return _waiting(groups, free[skip]) if 0 <= skip < len(free) else None

    def find(self, level: str, row: int, *, order: Order = Order.SCORE) -> Waiting | None:
        """Where a listing stands; None where it does not wait at this level."""
        groups = self._groups(level, order)
        number = next((number for number, group in enumerate(groups) if row in group), None)
        return None if number is None else _waiting(groups, number)

    def beside(
        self, level: str, number: int, *, order: Order = Order.SCORE, without: Mapping[int, object] | None = None
    ) -> tuple[int | None, int | None]:
        """The rows shown before and after what stands at `number`, leaving out those among `without`."""
        groups = self._groups(level, order)

        def free(span: Sequence[tuple[int, ...]]) -> int | None:
            return next((group[0] for group in span if not (without and any(row in without for row in group))), None)

        return free(groups[: number - 1][::-1]), free(groups[number:])

    def most_urgent(self, level: str, most: int) -> list[int]:
        """The rows of the first `most`."""
        return [group[0] for group in self._groups(level, Order.SCORE)[:most]]

    def new(self, level: str, since: datetime) -> list[int]:
        """The rows of those first seen after `since`, the newest first, near duplicates as one."""
        groups = self._groups(level, Order.SCORE)
        with self._lock:
            seen = {group[0]: min(self._entries[row].first_seen for row in group) for group in groups}
        return sorted((row for row, at in seen.items() if at > since), key=lambda row: (seen[row], row), reverse=True)

    def _groups(self, level: str, order: Order) -> list[tuple[int, ...]]:
        with self._lock, self._database.read() as connection:
            self._follow(connection)
            if (level, order) not in self._orders:
                place = self._place(connection, order)
                rows = [row for row, entry in self._entries.items() if entry.level == level]
                self._orders[level, order] = _together(sorted(rows, key=place), self._entries)
            return self._orders[level, order]

    def _place(self, connection: sa.Connection, order: Order) -> Callable[[int], tuple[float, int]]:
        entries = self._entries
        if order is Order.UNCERTAINTY:
            return lambda row: (abs(entries[row].score - 0.5), row)
        if order is Order.NOVELTY:
            known = _decided_signals(connection)
            return lambda row: (known[entries[row].signals] - entries[row].score, row)
        return lambda row: (-entries[row].score, row)

    def _follow(self, connection: sa.Connection) -> None:
        newest = last_change(connection)
        if newest == self._sequence:
            return
        orders, self._orders = self._orders, {}
        if self._sequence < 0 or newest < self._sequence:
            self._entries = dict(_read(connection, None))
        else:
            # Without DISTINCT, for which SQLite would read the whole journal in the order of listings.
            query = sa.select(journal.c.listing).where(journal.c.sequence > self._sequence)
            changed = list(dict.fromkeys(connection.scalars(query)))
            gone: set[int] = set()
            for start in range(0, len(changed), _BATCH):
                part = changed[start : start + _BATCH]
                gone.update(row for row in part if self._entries.pop(row, None) is not None)
                self._entries |= _read(connection, part)
            if not any(row in self._entries for row in changed):
                # Nothing came and nothing changed but that some were decided: the others stand as they stood.
                # But for what novelty is measured against.
                left = {key: _without(groups, gone) for key, groups in orders.items() if key[1] is not Order.NOVELTY}
                self._orders = {key: groups for key, groups in left.items() if groups is not None}
        self._sequence = newest


def _waiting(groups: Sequence[tuple[int, ...]], number: int) -> Waiting:
    return Waiting(row=groups[number][0], number=number + 1, total=len(groups), group=groups[number])


def _read(connection: sa.Connection, rows: Sequence[int] | None) -> Iterator[tuple[int, _Entry]]:
    decided = sa.select(decisions.c.id).where(decisions.c.listing == listings.c.id).exists()
    own = assessments.c.body["review"].as_string()
    query = (
        sa.select(
            listings.c.id,
            listings.c.first_seen,
            assessments.c.body,
            seller_assessments.c.review,
            versions.c.content["title"].as_string().label("title"),
            versions.c.content["description"].as_string().label("description"),
        )
        .join(assessments, assessments.c.id == listings.c.assessment)
        .join(versions, versions.c.id == listings.c.version)
        .outerjoin(seller_assessments, seller_assessments.c.seller == listings.c.seller)
        .where(~decided, sa.or_(own.in_(LEVELS), seller_assessments.c.review.in_(LEVELS)))
        .order_by(listings.c.id)
    )
    if rows is not None:
        query = query.where(listings.c.id.in_(rows))
    found = connection.execute(query)
    while part := found.fetchmany(_BATCH):
        items = _single_items(connection, [row.id for row in part])
        for row in part:
            level, _ = shown_level(row.body["review"], row.review)
            if level in LEVELS:
                yield row.id, _entry(row, level, items.get(row.id))


def _entry(row: Any, level: str, item: str | None) -> _Entry:
    words = _WORDS.findall(f"{row.title} {row.description or ''}".casefold())
    same = hashlib.sha256(" ".join(words).encode("utf-8", "replace")).hexdigest()
    return _Entry(
        level=level,
        score=max((row.body["scores"].get(name, 0.0) for name in SCORES), default=0.0),
        first_seen=row.first_seen,
        signals=frozenset(one["name"] for one in row.body["signals"]),
        keys=(
            f"words {same}" if len(words) >= _FEWEST_WORDS else f"listing {row.id}",
            *([] if item is None else [f"item {item}"]),
        ),
    )


def _single_items(connection: sa.Connection, rows: Sequence[int]) -> dict[int, str]:
    """The item of each of these listings that offers one item and no more."""
    query = sa.select(item_listings.c.listing, sa.func.min(item_listings.c.item)).group_by(item_listings.c.listing)
    query = query.where(item_listings.c.listing.in_(rows)).having(sa.func.count() == 1)
    return {row[0]: row[1] for row in connection.execute(query)}


def _without(groups: Sequence[tuple[int, ...]], gone: AbstractSet[int]) -> list[tuple[int, ...]] | None:
    """The groups but those that are gone; None where one is gone in part, for the rest may be alike no more."""
    kept = []
    for group in groups:
        leaving = sum(row in gone for row in group)
        if 0 < leaving < len(group):
            return None
        if not leaving:
            kept.append(group)
    return kept


def _together(ordered: Sequence[int], entries: Mapping[int, _Entry]) -> list[tuple[int, ...]]:
    """Rows that share a key, directly or by others, as one group, each in the place of its first."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while (above := parent.setdefault(key, key)) != key:
            parent[key] = parent[above]
            key = above
        return key

    for row in ordered:
        first, *others = entries[row].keys
        for key in others:
            parent[root(key)] = root(first)
    groups: dict[str, list[int]] = {}
    for row in ordered:
        groups.setdefault(root(entries[row].keys[0]), []).append(row)
    return [tuple(group) for group in groups.values()]


def _decided_signals(connection: sa.Connection) -> Counter[frozenset[str]]:
    """How often each set of signals was decided on."""
    query = (
        sa.select(assessments.c.body["signals"])
        .join(listings, listings.c.assessment == assessments.c.id)
        .join(decisions, decisions.c.listing == listings.c.id)
        .order_by(decisions.c.id.desc())
        .limit(_MOST_LEARNT)
    )
    return Counter(frozenset(one["name"] for one in signals) for signals in connection.scalars(query))
