"""Sellers assessed where something changed: what they show of themselves, links, actors, items, windows, signals."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import evolve, frozen

from pipelines.actors.links import renew_links
from pipelines.actors.marks import MADE_BY, renew_marks
from pipelines.actors.members import members_of, read_members, renew_members
from pipelines.history import note_changes
from pipelines.journal import last_change
from pipelines.sellers.actors import actor_json
from pipelines.sellers.assessment import item_json
from pipelines.sellers.history import read_histories
from pipelines.sellers.rates import USUAL, read_norms, read_observed, renew_norms, silent_sellers
from pipelines.sellers.round import Round, stock_pictures
from pipelines.sellers.rules import SellerRules
from pipelines.store.replacing import replace_rows
from pipelines.store.tables import item_listings, items, journal, listings, seller_assessments, sellers
from pipelines.store.tables.linking import actors, offer_features

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from pipelines.sellers.assessment import SellerAssessment
    from pipelines.sellers.items import Item
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
        known = Round.open(connection, rules, secret=key, now=now())
        changed = _changed_sellers(connection, known.made_by, known.days)
        usual = known.norms
    if not changed:
        return SellersReport(assessed=0, review={})
    for part in _parts(changed):
        with database.write() as connection:
            renew_marks(connection, list(read_histories(connection, part, where=known.where)), key)
    with database.write() as connection:
        actor_of, moved = renew_members(connection, renew_links(connection, changed))
    with database.read() as connection:
        hands = list(_hands(connection, set(changed) | moved, actor_of))
        known = evolve(known, observed=read_observed(connection))
    review = _assess_hands(database, known, hands)
    with database.write() as connection:
        renew_norms(connection, now())
    with database.read() as connection:
        known = evolve(known, norms=read_norms(connection))
        told = sorted(known.norms.keys() - {site for site, one in usual.items() if one.silent_high is not None})
        over = {row for site in told for row in silent_sellers(connection, site, known.norms[site])}
        hands = list(_hands(connection, over, {}))
    review |= _assess_hands(database, known, hands)
    return SellersReport(assessed=len(review), review=dict(Counter(review.values())))


def _assess_hands(
    database: Database, known: Round, hands: Sequence[tuple[list[int], str | None]]
) -> dict[tuple[str, str | None], str]:
    """Assess some hands and keep what was found, batch by batch; the level of each account."""
    review: dict[tuple[str, str | None], str] = {}
    for batch in _batches(hands):
        with database.write() as connection:
            found = _assess(known.on(connection), batch)
            _keep(connection, found, known)
        for _, one in found:
            review |= {(account.history.site, account.history.id): account.review for account in one.accounts}
    return review


def _assess(one: Round, batch: Sequence[tuple[list[int], str | None]]) -> list[tuple[list[int], Assessed]]:
    wanted = [row for rows, _ in batch for row in rows]
    histories = dict(zip(wanted, read_histories(one.connection, wanted, where=one.where), strict=True))
    common = stock_pictures(one.connection, [offer for history in histories.values() for offer in history.offers])
    sharers = one.templates(list(histories.values()))
    return [(rows, one.assess([histories[row] for row in rows], actor, common, sharers)) for rows, actor in batch]


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
    # Sketches and marks of another version cannot be compared with those of this one.
    found.update(connection.scalars(sa.select(offer_features.c.seller).where(offer_features.c.algorithm != MADE_BY)))
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
    connection: sa.Connection,
    found: Sequence[tuple[list[int], Assessed]],
    one: Round,
) -> None:
    pairs = [pair for rows, assessed in found for pair in zip(rows, assessed.accounts, strict=True)]
    rows = [row for row, _ in pairs]
    query = sa.select(seller_assessments.c.seller, seller_assessments.c.review)
    before = dict(connection.execute(query.where(seller_assessments.c.seller.in_(rows))).all())
    _replace_items(connection, pairs, [item for _, assessed in found for item in assessed.items])
    moved = [row for row, account in pairs if before.get(row, "none") != account.review]
    if moved:
        note_changes(connection, connection.scalars(sa.select(listings.c.id).where(listings.c.seller.in_(moved))).all())
    sequence = last_change(connection)
    connection.execute(sa.delete(seller_assessments).where(seller_assessments.c.seller.in_(rows)))
    values = [
        {
            "seller": row,
            "at": one.now,
            "sequence": sequence,
            "rules": one.made_by,
            "due": account.due,
            "review": account.review,
            "body": account.to_json(one.norms.get(account.history.site, USUAL)),
            "firearms": account.counted.firearms,
            "observed_days": account.counted.observed_days,
            "fresh": account.counted.new,
            "total": account.counted.total,
            "silent": account.counted.silent,
        }
        for row, account in pairs
    ]
    connection.execute(sa.insert(seller_assessments), values)
    for members, assessed in found:
        if assessed.actor is not None and assessed.actor.actor is not None:
            body = actor_json(connection, assessed.actor, members)
            row = {"id": assessed.actor.actor, "at": one.now, "review": assessed.actor.review, "body": body}
            replace_rows(connection, actors, [actors.c.id == row["id"]], [row])


def _replace_items(
    connection: sa.Connection, pairs: Sequence[tuple[int, SellerAssessment]], found: Sequence[Item]
) -> None:
    of = {(account.history.site, account.history.id): row for row, account in pairs}
    values = [
        {"id": item.id, "seller": of[item.offers[0].site, item.offers[0].seller], "body": item_json(item)}
        for item in found
    ]
    links = sorted({(item.id, offer.row) for item in found for offer in item.offers})
    rows = [row for row, _ in pairs]
    old = connection.scalars(sa.select(items.c.id).where(items.c.seller.in_(rows))).all()
    now = {item.id for item in found}
    gone = sorted(set(old) - now)
    for at in range(0, len(gone), _MOST_IN):
        connection.execute(sa.delete(item_listings).where(item_listings.c.item.in_(gone[at : at + _MOST_IN])))
    known = sorted({*old, *now})
    parts = [known[at : at + _MOST_IN] for at in range(0, len(known), _MOST_IN)]
    replace_rows(connection, items, [items.c.id.in_(part) for part in parts], values)
    held = [{"item": item, "listing": row} for item, row in links]
    replace_rows(connection, item_listings, [item_listings.c.item.in_(part) for part in parts], held)


def _parts(rows: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH]
