"""Replays the whole history by a set of rules beside what stands; writes nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipelines.replay.comparison import compare
from pipelines.sellers.export import assess_all, end_of, seller_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import sqlalchemy as sa

    from pipelines.models import JsonObject
    from pipelines.replay.comparison import SellerChange
    from pipelines.sellers.rules import SellerRules
    from pipelines.store.database import Database

LEVELS = ("none", "idle", "review")


def replay(
    database: Database, rules: SellerRules, standing: SellerRules, *, as_of: date | None = None, key: bytes = b""
) -> JsonObject:
    """What `rules` say of every seller beside what stands (docs/schema/replay.json), those at review first.

    What stands is what was kept at the last assessment; for a day, what the rules in use (`standing`) say of the
    history up to it. `key` is the workspace's, under which serial numbers are hashed.
    """
    levels: dict[str, Counter[str]] = {"before": Counter(), "now": Counter()}
    rule_counts: dict[str, Counter[str]] = {}
    found: list[tuple[SellerChange, dict[str, str]]] = []
    before = {(line["site"], line["id"]): line for line in _before(database, standing, as_of, key)}
    looked_at = 0
    with database.read() as connection:
        for line, days in _now(connection, rules, as_of, key):
            old = before.get((line["site"], line["id"]))
            if old is None:
                continue
            looked_at += 1
            levels["before"][old["review"]] += 1
            levels["now"][line["review"]] += 1
            change = compare(old, line)
            if change is None:
                continue
            found.append((change, days))
            for one in change.rules:
                rule_counts.setdefault(one.rule, Counter())[one.word] += 1
    found.sort(key=lambda pair: (-LEVELS.index(pair[0].now), pair[0].site, pair[0].id or ""))
    return {
        "as_of": None if as_of is None else as_of.isoformat(),
        "rules": rules.sha256,
        "sellers": looked_at,
        "changed": len(found),
        "review": {side: {level: counts[level] for level in LEVELS} for side, counts in levels.items()},
        "by_rule": {name: dict(sorted(counts.items())) for name, counts in sorted(rule_counts.items())},
        "changes": [change.to_json(days) for change, days in found],
    }


def _before(database: Database, standing: SellerRules, as_of: date | None, key: bytes) -> Iterator[JsonObject]:
    if as_of is None:
        yield from seller_lines(database, None, key=key)
        return
    with database.read() as connection:
        for line, _ in _now(connection, standing, as_of, key):
            yield line


def _now(
    connection: sa.Connection, rules: SellerRules, as_of: date | None, key: bytes
) -> Iterator[tuple[JsonObject, dict[str, str]]]:
    """Each seller's line by `rules`, and the first days of the items of its hand."""
    end = None if as_of is None else end_of(as_of)
    for found in assess_all(connection, end, rules, key):
        days = {item.id: item.offered.date().isoformat() for item in found.items}
        for account in found.accounts:
            yield account.to_json(), days
