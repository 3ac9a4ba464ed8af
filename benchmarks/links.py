"""How telling each kind of link is, on made-up marketplaces of known truth that no bar is measured on: synthetic.

    python benchmarks/links.py [--listings 10000] [--seeds 31 32 33]

For each kind of evidence that `pipelines/actors/evidence.py` weighs: in how many pairs of accounts of one hand it
stands, in how many of strangers, and the likelihood ratio of that (natural logarithm, half a pair added on both sides).
Contacts, pictures, texts and serial numbers are held against all pairs of accounts; names and places, which are only
looked at beside one of them, against the pairs that share one. Beside each stands the weight that the code gives it.

Ends with one JSON line; there is no bar: the marketplaces are ours, and so is what they can say.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from marketplace.loading import NOW
from marketplace.truth import actors_of
from sellers import build

from pipelines.sellers.desk import assess_sellers
from pipelines.store.tables import sellers as accounts
from pipelines.store.tables.linking import actor_links
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SEEDS = (31, 32, 33)
WEIGHTS = {
    "contact": 5.0,
    "contact, passed on": 4.5,
    "contact, in few listings or a dealer's": 2.5,
    "one picture": 3.0,
    "pictures": 6.0,
    "one text": 2.5,
    "texts": 4.5,
    "serial number": 2.0,
    "same name": 2.5,
    "names alike": 1.5,
    "same town": 0.5,
    "same state or country": 0.25,
    "elsewhere": -2.0,
}
BESIDE = frozenset({"same name", "names alike", "same town", "same state or country", "elsewhere"})


def name_reason(reason: Mapping[str, Any]) -> str:
    """The kind of evidence of a kept reason, by its words."""
    kind, words = reason["kind"], reason["words"]
    if kind == "contact":
        if "given out again" in words:
            return "contact, passed on"
        return "contact, in few listings or a dealer's" if "in few of" in words or "dealer's" in words else "contact"
    if kind in ("image", "text"):
        name = {"image": "picture", "text": "text"}[kind]
        return f"one {name}" if words.startswith("one ") else f"{name}s"
    if kind == "name":
        return "same name" if words == "the same name" else "names alike"
    if kind == "place":
        return {"the same stated place": "same town", "the same state or country": "same state or country"}.get(
            words, "elsewhere"
        )
    return "serial number"


def count_links(size: int, seed: int) -> Iterator[tuple[str, bool]]:
    """(kind of evidence, whether the two are one hand) for each reason of each pair; `pair` for each pair compared."""
    with tempfile.TemporaryDirectory() as name:
        market = build(Path(name) / "room", size, seed)
        database = Workspace.read(Path(name) / "room", {}).open_database()
        assess_sellers(database, now=lambda: NOW)
        person = actors_of(market)
        with database.read() as connection:
            rows = connection.execute(sa.select(accounts.c.id, accounts.c.site, accounts.c.native_id))
            whose = {row.id: person[row.site, row.native_id] for row in rows if (row.site, row.native_id) in person}
            links = connection.execute(sa.select(actor_links.c.one, actor_links.c.other, actor_links.c.reasons)).all()
        database.close()
        sizes = Counter(whose.values())
        yield from (("all", True) for count in sizes.values() for _ in range(math.comb(count, 2)))
        yield f"{math.comb(len(whose), 2)}", False
        for one, other, reasons in links:
            if one in whose and other in whose:
                same = whose[one] == whose[other]
                yield "pair", same
                yield from ((kind, same) for kind in {name_reason(reason) for reason in reasons})


def measure(size: int, seeds: list[int]) -> dict[str, Any]:
    """Counts over all seeds, and the ratio of each kind."""
    same: Counter[str] = Counter()
    strange: Counter[str] = Counter()
    every = 0
    for seed in seeds:
        for kind, one_hand in count_links(size, seed):
            if kind.isdecimal():
                every += int(kind)
            else:
                (same if one_hand else strange)[kind] += 1
    strangers = every - same["all"]
    figures: dict[str, Any] = {
        "synthetic": True, "seeds": seeds, "listings": size, "pairs_of_one_hand": same["all"],
        "pairs_of_strangers": strangers, "compared": {"one_hand": same["pair"], "strangers": strange["pair"]},
    }  # fmt: skip
    print(f"{'evidence':<42}{'one hand':>10}{'strangers':>10}{'ln ratio':>10}{'weight':>8}")
    for kind, weight in WEIGHTS.items():
        of, beside = (same["pair"], strange["pair"]) if kind in BESIDE else (same["all"], strangers)
        ratio = math.log((same[kind] + 0.5) / (of + 1)) - math.log((strange[kind] + 0.5) / (beside + 1))
        figures[kind] = {"one_hand": same[kind], "strangers": strange[kind], "ln_ratio": round(ratio, 1)}
        print(f"{kind:<42}{same[kind]:>10}{strange[kind]:>10}{ratio:>10.1f}{weight:>8.2f}")
    return {"bench": "links", "figures": figures, "bars": {}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    options = parser.parse_args()
    print(json.dumps(measure(options.listings, options.seeds)))


if __name__ == "__main__":
    main()
