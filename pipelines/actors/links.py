"""Links between accounts, renewed where an account changed: it, and those that share something with it."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import define, field

from pipelines.actors.evidence import MOST_SHARING, Both, Profile, Shared, holds, name_cores, weigh
from pipelines.actors.groups import Pair, pair
from pipelines.actors.marks import LINKING, ContactUse
from pipelines.sellers.wording import sketch_likeness
from pipelines.store.replacing import replace_rows
from pipelines.store.tables import sellers
from pipelines.store.tables.linking import actor_links, offer_features, seller_marks
from pipelines.store.tables.registers import licences

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pipelines.actors.evidence import Reason

ALIKE_TEXT = 0.55
"""Least share of equal numbers of two sketches: near duplicates with up to a fifth of the words exchanged."""
NEAR_IMAGE = 8  # bits of 64
_MOST_IN = 400
_LIMIT = MOST_SHARING + 2

_Holder = tuple[int, int | None, int | None]
"""An account, a listing of it that shows the mark, and the mark's detail."""


def renew_links(connection: sa.Connection, changed: Collection[int]) -> set[int]:
    """Weigh again every pair that a change may touch; the accounts whose links were looked at.

    A thing that one account more shows is worth less between the others, so that theirs are weighed again too.
    """
    held = _holders(connection, changed)
    looked_at = {row for holders in held.values() for row, _, _ in holders[:_LIMIT]} | set(changed)
    if looked_at > set(changed):
        held = _holders(connection, looked_at)
    shared = {mark: holders for mark, holders in held.items() if len(holders) <= MOST_SHARING}
    found = _weigh_pairs(connection, shared, looked_at)
    rows = [
        {
            "one": one,
            "other": other,
            "weight": round(sum(reason.weight for reason in reasons), 4),
            "holds": holds(reasons),
            "reasons": [reason.to_json() for reason in reasons],
        }
        for (one, other), reasons in sorted(found.items())
    ]
    replace_rows(connection, actor_links, _between(connection, looked_at), rows)
    return looked_at


def _holders(connection: sa.Connection, rows: Collection[int]) -> dict[tuple[str, int], list[_Holder]]:
    """Who holds each mark that one of `rows` shares with another: all of them, or of a common one the first few."""
    one = seller_marks.c
    found: dict[tuple[str, int], list[_Holder]] = {}
    for part in _parts(sorted(rows)):
        mine = sa.select(one.kind, one.value).where(one.seller.in_(part), one.kind.in_(LINKING)).distinct().subquery()
        few = seller_marks.alias("few")
        counted = sa.select(
            mine.c.kind,
            mine.c.value,
            sa.select(sa.func.count())
            .select_from(
                sa.select(sa.literal(1))
                .select_from(few)
                .where(few.c.kind == mine.c.kind, few.c.value == mine.c.value)
                .limit(_LIMIT)
                .correlate(mine)
                .subquery()
            )
            .scalar_subquery()
            .label("holders"),
        )
        for kind, values, common in _by_kind(connection.execute(counted)):
            for some in _parts([value for value in values if (kind, value) not in found]):
                query = sa.select(one.value, one.seller, one.listing, one.detail).where(
                    one.kind == kind, one.value.in_(some)
                )
                for value, seller, listing, detail in connection.execute(query.order_by(one.value, one.seller)):
                    found.setdefault((kind, value), []).append((seller, listing, detail))
            for value in common:
                if (kind, value) not in found:
                    first = sa.select(one.seller, one.listing, one.detail).where(one.kind == kind, one.value == value)
                    rows_of_it = connection.execute(first.order_by(one.seller).limit(_LIMIT))
                    found[kind, value] = [(row.seller, row.listing, row.detail) for row in rows_of_it]
    return found


def _by_kind(rows: Iterable[Any]) -> Iterator[tuple[str, list[int], list[int]]]:
    kinds: dict[str, tuple[list[int], list[int]]] = {}
    for kind, value, holders in rows:
        if holders > 1:
            kinds.setdefault(kind, ([], []))[holders >= _LIMIT].append(value)
    for kind, (few, common) in sorted(kinds.items()):
        yield kind, sorted(few), sorted(common)


@define
class _Reading:
    """What is compared of the accounts looked at, read in a few statements."""

    profiles: dict[int, Profile] = field(factory=dict)
    sketches: dict[int, bytes] = field(factory=dict)
    dealers_phones: set[int] = field(factory=set)


def _weigh_pairs(
    connection: sa.Connection, shared: dict[tuple[str, int], list[_Holder]], looked_at: Collection[int]
) -> dict[Pair, list[Reason]]:
    reading = _read(connection, shared)
    pairs: dict[Pair, Shared] = {}
    for (kind, value), holders in shared.items():
        if kind == "contact" and value in reading.dealers_phones:
            continue
        inside = [holder for holder in holders if holder[0] in looked_at]
        for one, other in combinations(sorted(inside), 2):
            if one[0] != other[0]:
                _add(pairs, kind, one, other, len(holders), reading)
    found = {}
    for both, evidence in pairs.items():
        reasons = weigh(reading.profiles[both[0]], reading.profiles[both[1]], evidence)
        if reasons:
            found[both] = reasons
    return found


def _add(pairs: dict[Pair, Shared], kind: str, one: _Holder, other: _Holder, sharing: int, reading: _Reading) -> None:
    rows = tuple(row for row in (one[1], other[1]) if row is not None)
    if kind == "image":
        ours, theirs = one[2] or 0, other[2] or 0
        if ((ours ^ theirs) & (2**64 - 1)).bit_count() > NEAR_IMAGE:
            return
        images = pairs.setdefault(pair(one[0], other[0]), Shared()).images
        images[ours] = (max(sharing, images.get(ours, (0,))[0]), rows)
    elif kind == "text":
        if len(rows) < 2 or sketch_likeness(reading.sketches[rows[0]], reading.sketches[rows[1]]) < ALIKE_TEXT:
            return
        texts = pairs.setdefault(pair(one[0], other[0]), Shared()).texts
        texts[rows[0], rows[1]] = max(sharing, texts.get((rows[0], rows[1]), 0))
    elif kind == "contact":
        both = Both.of(ContactUse.unpack(one[2] or 0), ContactUse.unpack(other[2] or 0), sharing, rows)
        pairs.setdefault(pair(one[0], other[0]), Shared()).contacts.append(both)
    else:
        pairs.setdefault(pair(one[0], other[0]), Shared()).serials.append((sharing, rows))


def _read(connection: sa.Connection, shared: dict[tuple[str, int], list[_Holder]]) -> _Reading:
    reading = _Reading()
    rows = sorted({row for holders in shared.values() for row, _, _ in holders})
    places: dict[int, dict[str, set[int]]] = {}
    for part in _parts(rows):
        query = sa.select(seller_marks.c.seller, seller_marks.c.kind, seller_marks.c.value)
        query = query.where(seller_marks.c.seller.in_(part), seller_marks.c.kind.in_(("place", "town", "dealer")))
        for seller, kind, value in connection.execute(query):
            places.setdefault(seller, {}).setdefault(kind, set()).add(value)
        for row in connection.execute(sa.select(sellers).where(sellers.c.id.in_(part))):
            stated = places.get(row.id, {})
            reading.profiles[row.id] = Profile(
                row=row.id,
                site=row.site,
                names=name_cores(row.native_id, row.name),
                places=frozenset(stated.get("place", ())),
                towns=frozenset(stated.get("town", ())),
                deals="dealer" in stated,
            )
    shown = sorted(
        {row for (kind, _), held in shared.items() if kind == "text" for _, row, _ in held if row is not None}
    )
    for part in _parts(shown):
        sketched = sa.select(offer_features.c.listing, offer_features.c.sketch)
        for row in connection.execute(sketched.where(offer_features.c.listing.in_(part))):
            reading.sketches[row.listing] = row.sketch
    for part in _parts(sorted({value for kind, value in shared if kind == "contact"})):
        chosen = sa.select(licences.c.phone_mark).where(licences.c.phone_mark.in_(part))
        reading.dealers_phones.update(mark for mark in connection.scalars(chosen) if mark is not None)
    return reading


def _between(connection: sa.Connection, rows: Collection[int]) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions for the links of which both ends were looked at: an account's other links have not changed."""
    kept = set(rows)
    for part in _parts(sorted(rows)):
        query = sa.select(actor_links.c.one, actor_links.c.other).where(actor_links.c.one.in_(part))
        held: dict[int, list[int]] = {}
        for one, other in connection.execute(query):
            if other in kept:
                held.setdefault(one, []).append(other)
        for one, others in held.items():
            yield sa.and_(actor_links.c.one == one, actor_links.c.other.in_(others))


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _MOST_IN):
        yield values[start : start + _MOST_IN]
