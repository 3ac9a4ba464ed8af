"""Sellers assessed where something changed: what they show of themselves, links, actors, items, windows, signals."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.actors.links import renew_links
from pipelines.actors.marks import renew_marks
from pipelines.actors.members import members_of, read_members, renew_members
from pipelines.history import note_changes
from pipelines.journal import last_change
from pipelines.sellers.actors import actor_json
from pipelines.sellers.assessment import item_json
from pipelines.sellers.history import read_histories
from pipelines.sellers.rates import USUAL, read_norms, renew_norms
from pipelines.sellers.round import Round, last_seen_days
from pipelines.sellers.rules import SellerRules
from pipelines.store.replacing import replace_rows
from pipelines.store.tables import item_listings, items, journal, listings, seller_assessments, sellers
from pipelines.store.tables.linking import actors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from pipelines.sellers.rates import Norms
    from pipelines.sellers.round import Assessed
    from pipelines.store.database import Database

_MOST_IN = 400
_BATCH = 100
"""Sellers in one transaction: the others who write wait for as long as it takes to assess them."""


@frozen(kw_only=True)
class SellersReport:
    """How many sellers were assessed, by review level."""

    assessed: int
    review: Mapping[str, int]


def assess_sellers(
    database: Database, *, now: Callable[[], datetime], rules: SellerRules | None = None, key: bytes = b""
) -> SellersReport:
    """Assess every seller whose listings, links, rules or registers changed since the last time; touches no other.

    Without `rules`, by the shipped ones. `key` is the workspace's, under which serial numbers are hashed.

    What is read and what is written is one transaction, so that a listing that comes in meanwhile is not missed.
    """
    rules = rules or SellerRules.shipped()
    with database.read() as connection:
        made_by = Round.open(connection, rules, secret=key, now=now()).made_by
        changed = _changed_sellers(connection, made_by, last_seen_days(connection))
    if not changed:
        return SellersReport(assessed=0, review={})
    for part in _parts(changed):
        with database.write() as connection:
            renew_marks(connection, list(read_histories(connection, part)), key)
    with database.write() as connection:
        known, moved = renew_members(connection, renew_links(connection, changed))
    review: Counter[str] = Counter()
    with database.read() as connection:
        hands = list(_hands(connection, set(changed) | moved, known))
    for batch in _batches(hands):
        with database.write() as connection:
            one = Round.open(connection, rules, secret=key, now=now())
            norms = read_norms(connection)
            for rows, actor in batch:
                found = one.assess(list(read_histories(connection, rows, where=one.where)), actor)
                _keep(connection, rows, found, one, norms)
                review.update(account.review for account in found.accounts)
    with database.write() as connection:
        renew_norms(connection, now())
    return SellersReport(assessed=sum(review.values()), review=dict(review))


def _changed_sellers(connection: sa.Connection, made_by: str, days: Mapping[str, datetime]) -> list[int]:
    later = sa.exists().where(journal.c.listing == listings.c.id, journal.c.sequence > seller_assessments.c.sequence)
    query = (
        sa.select(listings.c.seller)
        .outerjoin(seller_assessments, seller_assessments.c.seller == listings.c.seller)
        .where(
            listings.c.seller.is_not(None),
            listings.c.assessment.is_not(None),
            sa.or_(seller_assessments.c.seller.is_(None), seller_assessments.c.rules != made_by, later),
        )
        .distinct()
    )
    found = {row for row in connection.scalars(query) if row is not None}
    found.update(connection.scalars(sa.select(seller_assessments.c.seller).where(seller_assessments.c.sequence == 0)))
    waiting = (
        sa.select(seller_assessments.c.seller, seller_assessments.c.due, sellers.c.site)
        .join(sellers, sellers.c.id == seller_assessments.c.seller)
        .where(seller_assessments.c.due.is_not(None))
    )
    found.update(row.seller for row in connection.execute(waiting) if row.site in days and row.due <= days[row.site])
    return sorted(found)


def _hands(
    connection: sa.Connection, rows: set[int], known: Mapping[int, str]
) -> Iterator[tuple[list[int], str | None]]:
    """The accounts to assess, those of one actor together, each once."""
    actor_of = {**read_members(connection, rows), **{row: known[row] for row in rows if row in known}}
    groups = members_of(connection, set(actor_of.values()))
    done: set[int] = set()
    for row in sorted(rows):
        if row not in done:
            actor = actor_of.get(row)
            group = groups.get(actor, [row]) if actor is not None else [row]
            done.update(group)
            yield group, actor


def _batches(hands: Sequence[tuple[list[int], str | None]]) -> Iterator[list[tuple[list[int], str | None]]]:
    batch: list[tuple[list[int], str | None]] = []
    for hand in hands:
        if batch and sum(len(rows) for rows, _ in batch) + len(hand[0]) > _BATCH:
            yield batch
            batch = []
        batch.append(hand)
    if batch:
        yield batch


def _keep(
    connection: sa.Connection, rows: Sequence[int], found: Assessed, one: Round, norms: Mapping[str, Norms]
) -> None:
    query = sa.select(seller_assessments.c.seller, seller_assessments.c.review)
    before = dict(connection.execute(query.where(seller_assessments.c.seller.in_(rows))).all())
    _replace_items(connection, rows, found)
    pairs = list(zip(rows, found.accounts, strict=True))
    moved = [row for row, account in pairs if before.get(row, "none") != account.review]
    note_changes(connection, connection.scalars(sa.select(listings.c.id).where(listings.c.seller.in_(moved))).all())
    connection.execute(sa.delete(seller_assessments).where(seller_assessments.c.seller.in_(rows)))
    sequence = last_change(connection)
    connection.execute(
        sa.insert(seller_assessments),
        [
            {
                "seller": row,
                "at": one.now,
                "sequence": sequence,
                "rules": one.made_by,
                "due": account.due,
                "review": account.review,
                "body": account.to_json(norms.get(account.history.site, USUAL)),
                "firearms": account.counted.firearms,
                "observed_days": account.counted.observed_days,
                "fresh": account.counted.new,
                "total": account.counted.total,
            }
            for row, account in pairs
        ],
    )
    if found.actor is not None and found.actor.actor is not None:
        body = actor_json(connection, found.actor, rows)
        connection.execute(sa.delete(actors).where(actors.c.id == found.actor.actor))
        values = {"id": found.actor.actor, "at": one.now, "review": found.actor.review, "body": body}
        connection.execute(sa.insert(actors).values(values))


def _replace_items(connection: sa.Connection, rows: Sequence[int], found: Assessed) -> None:
    of = {(account.history.site, account.history.id): row for row, account in zip(rows, found.accounts, strict=True)}
    values = [
        {"id": item.id, "seller": of[item.offers[0].site, item.offers[0].seller], "body": item_json(item)}
        for item in found.items
    ]
    links = {(item.id, offer.row) for item in found.items for offer in item.offers}
    old = connection.scalars(sa.select(items.c.id).where(items.c.seller.in_(rows))).all()
    known = sorted({*old, *(item.id for item in found.items)})
    parts = [known[at : at + _MOST_IN] for at in range(0, len(known), _MOST_IN)]
    gone = sorted(set(old) - {item.id for item in found.items})
    for at in range(0, len(gone), _MOST_IN):
        connection.execute(sa.delete(item_listings).where(item_listings.c.item.in_(gone[at : at + _MOST_IN])))
    replace_rows(connection, items, [items.c.id.in_(part) for part in parts], values)
    held = [{"item": item, "listing": row} for item, row in sorted(links)]
    replace_rows(connection, item_listings, [item_listings.c.item.in_(part) for part in parts], held)


def _parts(rows: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH]
