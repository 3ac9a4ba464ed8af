"""Sellers over time on a made-up marketplace of known truth (benchmarks/marketplace): the figures are synthetic.

    python benchmarks/sellers.py --listings 200000 [--seed 7] [--keep FOLDER]

Loads prepared assessments of a quarter, a half and all of the listings into new workspaces, assesses the sellers in a
process of its own (its time and memory are what is printed) and compares with the truth: items and actors pair by pair,
each rule for each account, who needs review. Beside it in the same run: ads that are the same word for word, and
accounts with the same telephone, alone. Then, over a year of weeks, whose accounts are hot spots; and one new listing
comes in: how many rows that touches.

Exits 0 whether bars are met or not; ends with one JSON line.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import evolve
from marketplace.catalogue import POPULAR
from marketplace.loading import NOW, Loader
from marketplace.making import make_marketplace
from marketplace.models import DAYS, FIRST_DAY, Kind, moment
from marketplace.register import write_register
from marketplace.wording import write_ad
from measuring import (
    HONEST_KINDS,
    TRAFFICKER_KINDS,
    counter_shares,
    links_by_evidence,
    measure_actor_firings,
    measure_actors,
    measure_exact_text,
    measure_firings,
    measure_items,
    measure_same_phone,
    review_shares,
    share,
)

from classifiers.catalogue import load_catalogue
from pipelines.places import Places
from pipelines.sellers.desk import assess_sellers
from pipelines.sellers.export import item_lines, seller_lines
from pipelines.sellers.rates import read_observed
from pipelines.statistics.hotspots import find_hot_spots
from pipelines.statistics.offers import read_offers
from pipelines.statistics.routes import Routes
from pipelines.store.tables import captures, listings
from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from marketplace.models import Marketplace
    from measuring import Agreement

    from pipelines.store.database import Database

SPARED = (Kind.REPOSTER, Kind.OCCASIONAL, Kind.HOBBYIST, Kind.GOODS)


def build(folder: Path, size: int, seed: int) -> Marketplace:
    """A workspace in `folder` with the marketplace loaded and its register of licences imported."""
    market = make_marketplace(size, seed)
    write_workspace(folder, {"operator": "Benchmark", "contact": "bench@example.org", "basis": "made-up listings"})
    database = Workspace.read(folder, {}).open_database()
    try:
        Loader(database).load(market)
    finally:
        database.close()
    register = folder / "register.csv"
    write_register(market, register)
    given = ["licences", "import", str(register), "--date", f"{NOW:%Y-%m-%d}", "--workspace", str(folder)]
    subprocess.run([sys.executable, "-m", "pipelines.cli", *given], check=True, capture_output=True)
    return market


def assess(folder: Path) -> dict[str, Any]:
    """Seconds (by the clock, and of the processor) and memory (MB) of assessing every seller, in its own process."""
    done = subprocess.run(
        [sys.executable, __file__, "--assess", str(folder)], check=True, capture_output=True, text=True, env=os.environ
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def assess_here(folder: Path) -> None:
    """What that process does."""
    database = Workspace.read(folder, {}).open_database()
    begun, busy = time.perf_counter(), time.process_time()
    report = assess_sellers(database, now=lambda: NOW)
    seconds, processor = time.perf_counter() - begun, time.process_time() - busy
    database.close()
    found = {"seconds": seconds, "processor_seconds": processor, "peak_mb": _megabytes(), "sellers": report.assessed}
    print(json.dumps(found))


def add_one(database: Database, market: Marketplace) -> dict[str, Any]:
    """One new listing of a seller with links: rows written by the sellers' assessment, rows read, and its time."""
    person = max(market.people, key=lambda one: (len(one.accounts), one.kind is not Kind.SCAM, len(one.ads)))
    last = person.ads[-1]
    gun = evolve(next(ad.guns[0] for ad in person.ads if ad.guns), key="one-more", model=POPULAR[0], serial="QQQ777")
    with database.read() as connection:
        count = connection.scalar(sa.select(sa.func.count()).select_from(captures)) or 0
        # Not a day later than was seen there: that alone may settle whether others' bursts have ended.
        seen = connection.scalar(
            sa.select(sa.func.max(listings.c.last_seen)).where(listings.c.site == last.account.site)
        )
    day = ((seen or NOW).date() - FIRST_DAY).days
    ad = evolve(
        last, id="one-more", guns=(gun,), quantity=1, wanted=None, day=day, end=None, photos=(), voice="one-more"
    )
    Loader(database, captures=count).take([(day, ad, False)])
    statements = {"written": 0, "read": 0}

    def note(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            statements["written"] += max(cursor.rowcount, 0)
        else:
            statements["read"] += 1

    sa.event.listen(database.engine, "after_cursor_execute", note)
    begun = time.perf_counter()
    report = assess_sellers(database, now=lambda: NOW)
    seconds = time.perf_counter() - begun
    sa.event.remove(database.engine, "after_cursor_execute", note)
    return {
        "accounts_of_the_hand": len(person.accounts),
        "sellers_assessed": report.assessed,
        "rows_written": statements["written"],
        "queries": statements["read"],
        "seconds": round(seconds, 3),
    }


def hot_sellers(database: Database, market: Marketplace) -> dict[str, int]:
    """Accounts that are hot spots in any of 26 weeks, by what they are; how many weeks had none stands under `none`."""
    kinds = {f"{one.site}/{one.id}": person.kind.value for person in market.people for one in person.accounts}
    offers = list(read_offers(database, load_catalogue(), Routes.of(Places.shipped())))
    with database.read() as connection:
        observed = read_observed(connection)
    began = {site: moment(first).date() for site, first in market.observed_from.items()}
    hot: set[str] = set()
    quiet = 0
    for back in range(0, 26 * 14, 14):
        last = moment(DAYS - 30 - back).date()
        rows = find_hot_spots(offers, observed, began, last)["sellers"]
        found = {row["name"] for row in rows if row["hot"]}
        hot |= found
        quiet += not found
    return {**dict(sorted(Counter(kinds[name] for name in hot).items())), "none": quiet}


def compare(database: Database, market: Marketplace) -> dict[str, Any]:
    """All figures of quality."""
    lines = list(item_lines(database, None))
    sellers = {(line["site"], line["id"]): line for line in seller_lines(database, None)}
    actor_of = {place: line["actor"] for place, line in sellers.items()}
    texts = {ad.id: f"{one.title}\n{one.description}" for ad in market.ads() for one in (write_ad(ad),)}
    firings = measure_firings(market, sellers)
    shares = review_shares(market, sellers)
    dealers = [account for one in market.people if one.kind is Kind.DEALER for account in one.accounts]
    verified = [sellers[one.site, one.id]["licence"]["verified"] for one in dealers]
    return {
        "items": measure_items(market, lines),
        "items_without_reposters": measure_items(market, lines, frozenset(Kind) - {Kind.REPOSTER}),
        "items_of_dealers": measure_items(market, lines, frozenset({Kind.DEALER})),
        "exact_text_alone": measure_exact_text(market, texts),
        "actors": measure_actors(market, actor_of),
        "same_phone_alone": measure_same_phone(market),
        "linked_by": links_by_evidence(market, actor_of),
        "firings": firings,
        "hot_sellers": hot_sellers(database, market),
        "rules_of_actors": measure_actor_firings(market, sellers, actor_of),
        "review": shares,
        "honest_shapes": counter_shares(market, sellers),
        "honest_review": share(shares, HONEST_KINDS),
        "dealer_review": share(shares, [Kind.DEALER]),
        "others_review": share(shares, SPARED),
        "traffickers_review": share(shares, TRAFFICKER_KINDS),
        "dealers_verified": round(sum(verified) / len(verified), 4) if verified else None,
    }


def measure(largest: int, seed: int, folder: Path, sizes: Sequence[int] = ()) -> dict[str, Any]:
    """Figures and bars of one run over three sizes, or over those given; the last is the one compared."""
    sizes = sizes or (largest // 4, largest // 2, largest)
    timed, loaded = [], []
    for size in sizes:
        begun = time.perf_counter()
        market = build(folder / str(size), size, seed)
        loaded.append(time.perf_counter() - begun)
        timed.append(assess(folder / str(size)))
        row = timed[-1]
        spent = f"{row['seconds']:.1f} s ({row['processor_seconds']:.1f} s of the processor), {row['peak_mb']:.0f} MB"
        print(f"{size:>9} listings, loaded in {loaded[-1]:.0f} s: {row['sellers']} sellers in {spent}", flush=True)
    database = Workspace.read(folder / str(largest), {}).open_database()
    try:
        found = compare(database, market)
        one = add_one(database, market)
    finally:
        database.close()
    firings = found["firings"]
    figures: dict[str, Any] = {
        "synthetic": True,
        "seed": seed,
        "listings": list(sizes),
        "accounts": len(list(market.accounts)),
        "seconds": [round(row["seconds"], 2) for row in timed],
        "processor_seconds": [round(row["processor_seconds"], 2) for row in timed],
        "peak_mb": [round(row["peak_mb"]) for row in timed],
        "one_new_listing": one,
        **{name: value for name, value in found.items() if name != "firings"},
        "firings": {"right": firings.right, "wrong": firings.wrong, "open": firings.open, "faults": firings.faults},
        "windows_right": round(firings.windows_right / firings.windows, 4) if firings.windows else None,
    }
    figures = {name: value.to_json() if hasattr(value, "to_json") else value for name, value in figures.items()}
    show(figures, firings.examples)
    return {"bench": "sellers", "figures": figures, "bars": bars_of(figures, found, sizes, timed)}


def bars_of(
    figures: dict[str, Any], found: dict[str, Any], sizes: Sequence[int], timed: list[dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    items: Agreement = found["items"]
    actors: Agreement = found["actors"]
    firings = found["firings"]
    return {
        "items_f1": _bar(items.f1, 0.95, at_least=True),
        "actors_f1": _bar(actors.f1, 0.90, at_least=True),
        "actors_precision": _bar(actors.precision, 0.98, at_least=True),
        "firings_exact": _bar(firings.right / (firings.right + firings.wrong), 1.0, at_least=True),
        "honest_review": _bar(found["honest_review"], 0.01),
        "dealer_review": _bar(found["dealer_review"], 0.005),
        "growth_exponent": _bar(exponent(sizes, [row["processor_seconds"] for row in timed]), 1.1),
        "sellers_for_one_listing": _bar(
            figures["one_new_listing"]["sellers_assessed"], figures["one_new_listing"]["accounts_of_the_hand"]
        ),
    }


def exponent(sizes: Sequence[int], seconds: list[float]) -> float | None:
    """The slope of log seconds over log size, by least squares; None for one size.

    Of processor seconds: those by the clock grow with whatever else the machine does.
    """
    if len(sizes) == 1:
        return None
    across, up = [math.log(size) for size in sizes], [math.log(max(one, 1e-6)) for one in seconds]
    middle, height = sum(across) / len(across), sum(up) / len(up)
    rise = sum((x - middle) * (y - height) for x, y in zip(across, up, strict=True))
    return rise / sum((x - middle) ** 2 for x in across)


def show(figures: dict[str, Any], examples: tuple[str, ...]) -> None:
    """For a person, on standard output before the JSON line."""
    print("\nsynthetic: a made-up marketplace, its truth known\n")
    for name, row in _agreements(figures):
        rates = f"precision {row['precision']:.4f}  recall {row['recall']:.4f}  F1 {row['f1']:.4f}"
        print(f"{name:<26} {rates}  {row['pairs']} pairs")
    print(f"\naccounts linked, by what gives them away: {figures['linked_by']}")
    print(f"accounts that were hot spots in one of 26 weeks: {figures['hot_sellers']}")
    print("\nneed review, by kind of seller:")
    for name, row in figures["review"].items():
        people = f"{row['people_review']:>7.2%} of {row['people']:>6} people"
        print(f"  {name:<14} {row['review']:>7.2%} of {row['accounts']:>6} accounts  {people}")
    print("\nshapes of honest sellers, by the share of accounts that show them:")
    for name, kinds in sorted(figures["honest_shapes"].items()):
        print(f"  {name}: " + ", ".join(f"{kind} {value:.1%}" for kind, value in kinds.items()))
    rules = figures["firings"]
    print(f"\nrules: {rules['right']} as they must be, {rules['wrong']} not, {rules['open']} open to readings")
    for name, counts in rules["faults"].items():
        print(f"  {name}: {counts}")
    for line in examples[:10]:
        print(f"    {line}")
    print(f"fullest windows right: {figures['windows_right']}; one new listing: {figures['one_new_listing']}\n")


def _agreements(figures: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, value) for name, value in figures.items() if isinstance(value, dict) and "f1" in value)


def _bar(value: float | None, bar: float, *, at_least: bool = False) -> dict[str, Any]:
    met = value is not None and (value >= bar if at_least else value <= bar)
    return {"value": None if value is None else round(value, 5), "bar": bar, "met": met}


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the workspaces there, to look around in them")
    parser.add_argument("--assess", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.assess is not None:
        assess_here(options.assess)
        return
    if options.keep is not None:
        print(json.dumps(measure(options.listings, options.seed, options.keep)))
        return
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(measure(options.listings, options.seed, Path(name))))


if __name__ == "__main__":
    main()
