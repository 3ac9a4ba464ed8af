"""Extraction without selectors: on our own sites, and on saved pages beside extruct and trafilatura alone.

    python benchmarks/extraction.py [--pages DIR]

Our own sites are the three demo marketplaces and the pages of the example site files (see own_pages.py).

DIR holds HTML files and `gold.jsonl`, one line a page: file, page (detail or index), title, price, currency,
description_start, seller, location, posted; null where the page does not show it; `title_alt`, `price_alt`
[amount, currency] where another reading is as good. A field with `<field>_raw` and no value is left out.
A value that is given where gold has none counts against precision.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
import warnings
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import extruct
from attrs import define, field
from own_pages import OwnPage, read_own_pages

from crawler.extraction import ExtractionHints, extract_json
from crawler.extraction.structured import first, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BARS = {"title": 0.90, "price": 0.90, "description": 0.90, "seller": 0.75, "location": 0.75, "posted": 0.75}
OWN_BARS = {
    "title": 0.97,
    "price": 0.97,
    "description": 0.97,
    "seller": 0.90,
    "location": 0.90,
    "posted": 0.90,
    "contacts": 0.90,
}
KIND_BAR = 0.95
START = 60  # characters of a description's start that must agree, letters and digits only

Values = dict[str, Any]


@define
class Score:
    """Right, wrong and missed values of one field."""

    right: int = 0
    given: int = 0
    wanted: int = 0

    @property
    def precision(self) -> float:
        return self.right / self.given if self.given else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.wanted if self.wanted else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.given + self.wanted) if self.given + self.wanted else 0.0


@define
class Reader:
    """One way of reading a page, with its scores."""

    name: str
    read: Callable[[bytes], Values]
    scores: dict[str, Score] = field(factory=lambda: {name: Score() for name in BARS})
    kinds_right: int = 0
    seconds: float = 0.0


@define
class Own:
    """One of our own sites, with its scores."""

    name: str
    pages: int = 0
    kinds_right: int = 0
    scores: dict[str, Score] = field(factory=lambda: {name: Score() for name in OWN_BARS})


def fold(text: str) -> str:
    return "".join(re.findall(r"[^\W_]+", text.casefold()))


def is_same(name: str, given: Any, gold: Values) -> bool:
    if name == "price":
        wanted = [(gold["price"], gold["currency"]), *([tuple(gold["price_alt"])] if gold.get("price_alt") else [])]
        return any(bool(abs(given[0] - amount) < 0.005) and given[1] == currency for amount, currency in wanted)
    if name == "description":
        wanted_start = fold(gold["description_start"])[:START]
        return bool(fold(given).startswith(wanted_start))
    if name == "posted":
        return bool(str(given)[:10] == gold["posted"])
    if name == "title":
        return fold(given) in {fold(gold["title"]), fold(gold.get("title_alt") or gold["title"])}
    return is_near(given, gold[name])


def is_near(given: str, wanted: str) -> bool:
    """One holds all words of the other, and at least half as much."""
    ours, theirs = set(re.findall(r"[^\W_]+", given.casefold())), set(re.findall(r"[^\W_]+", wanted.casefold()))
    common = ours & theirs
    return bool(common) and common in (ours, theirs) and 2 * len(common) >= max(len(ours), len(theirs))


def gold_value(name: str, gold: Values) -> Any:
    return gold["description_start"] if name == "description" else gold[name]


def score_page(reader: Reader, body: bytes, gold: Values) -> None:
    started = time.perf_counter()
    values = reader.read(body)
    reader.seconds += time.perf_counter() - started
    reader.kinds_right += values.get("page") == gold["page"]
    if gold["page"] != "detail":
        return
    for name, score in reader.scores.items():
        wanted, given = gold_value(name, gold), values.get(name)
        if wanted is None and f"{name}_raw" in gold:
            continue
        score.wanted += wanted is not None
        score.given += given is not None
        score.right += given is not None and wanted is not None and is_same(name, given, gold)


def read_ours(body: bytes) -> Values:
    report = extract_json(body, None, ExtractionHints(), NOW)
    price, seller = report["price"], report["seller"]
    return report | {
        "price": (float(price["amount"]), price["currency"]) if price else None,
        "seller": seller["name"] if seller else None,
    }


def read_by_extruct(body: bytes) -> Values:
    """What the page's own structured data says, taken as it is: a Product or Offer, else OpenGraph."""
    text = body.decode("utf-8", "replace")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = extruct.extract(text, syntaxes=["json-ld", "microdata", "opengraph"], uniform=True, errors="ignore")
    items = [item for syntax in ("json-ld", "microdata") for item in data[syntax]]
    item: Values = next(
        (one for one in items if str(one.get("@type")).lower() in {"product", "offer", "car", "vehicle"}), {}
    )
    graph = data["opengraph"][0] if data["opengraph"] else {}
    offer = first(item, "offers") or item
    amount = text_of(offer, "price") or text_of(offer, "lowPrice") or text_of(graph, "product:price:amount")
    currency = text_of(offer, "priceCurrency") or text_of(graph, "product:price:currency")
    address = first(offer, "availableAtOrFrom", "address") or first(offer, "seller", "address")
    posted = text_of(item, "datePosted") or text_of(item, "datePublished")
    return {
        "page": "detail" if item else None,
        "title": text_of(item, "name") or text_of(graph, "og:title"),
        "price": (float(amount), currency) if amount and re.fullmatch(r"\d+(?:\.\d+)?", amount) else None,
        "description": text_of(item, "description") or text_of(graph, "og:description"),
        "seller": text_of(offer, "seller") or text_of(item, "author"),
        "location": text_of(address, "addressLocality") if address else None,
        "posted": posted[:10] if posted else None,
    }


def read_by_trafilatura(body: bytes) -> Values:
    trafilatura: Any = import_module("trafilatura")  # a rival for comparison, not a dependency
    found = trafilatura.bare_extraction(body.decode("utf-8", "replace"), with_metadata=True)
    values = found if isinstance(found, dict) else found.as_dict() if found else {}
    return {
        "title": values.get("title"),
        "description": values.get("text"),
        "seller": values.get("author"),
        "posted": values.get("date"),
    }


def score_own_page(own: Own, page: OwnPage) -> list[str]:
    """Score a page of our own, whole descriptions and all; name what was missed."""
    report = extract_json(page.body, page.url, page.hints, page.now)
    price, seller = report["price"], report["seller"]
    values = report | {
        "price": (float(price["amount"]), price["currency"]) if price else None,
        "seller": seller["name"] if seller else None,
        "contacts": sorted(one["value"] for one in report["contacts"]) or None,
    }
    own.pages += 1
    own.kinds_right += values["page"] == page.gold["page"]
    missed = []
    for name, score in own.scores.items():
        wanted, given = page.gold[name], values[name]
        right = given is not None and wanted is not None and is_same_own(name, given, page.gold)
        score.wanted += wanted is not None
        score.given += given is not None
        score.right += right
        missed += [name] if not right and (wanted is not None or given is not None) else []
    return missed


def is_same_own(name: str, given: Any, gold: Values) -> bool:
    if name in {"description", "location"}:
        return fold(given) == fold(gold[name])
    if name in {"contacts", "seller"}:
        return bool(given == gold[name])
    return is_same(name, given, gold)


def measure_own_sites(rendered: int, *, show_misses: bool) -> dict[str, Own]:
    sites: dict[str, Own] = {}
    for name, page in read_own_pages(rendered):
        own = sites.setdefault(name, Own(name))
        missed = score_own_page(own, page)
        if missed and show_misses:
            print(f"{name}: {page.url}", ", ".join(missed))
    return sites


def report_own_sites(sites: dict[str, Own]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Print a table of F1 by site and field; figures, and bars over all sites together."""
    fields = list(OWN_BARS)
    print(f"\nour own sites, F1   {'pages':>6} {'kind':>6} " + " ".join(f"{name:>11}" for name in fields))
    figures: dict[str, Any] = {}
    for own in sites.values():
        f1 = {name: round(score.f1, 3) for name, score in own.scores.items()}
        kind = own.kinds_right / own.pages
        print(f"  {own.name:18}{own.pages:6} {kind:6.2f} " + " ".join(f"{f1[name]:11.3f}" for name in fields))
        figures[own.name] = f1 | {"page kind": round(kind, 3), "pages": own.pages}
    bars: dict[str, Any] = {}
    for name, bar in OWN_BARS.items():
        scores = [own.scores[name] for own in sites.values()]
        both = sum(one.given + one.wanted for one in scores)
        value = round(2 * sum(one.right for one in scores) / both, 3) if both else 0.0
        bars[f"own {name}"] = {"value": value, "bar": bar, "met": value >= bar}
    return figures, bars


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, help="folder with HTML files and gold.jsonl")
    parser.add_argument("--rendered", type=int, default=40, help="pages of the marketplace that needs a browser")
    parser.add_argument("--show-misses", action="store_true", help="name file and field of every miss (no content)")
    arguments = parser.parse_args()
    figures, bars = report_own_sites(measure_own_sites(arguments.rendered, show_misses=arguments.show_misses))
    if arguments.pages:
        saved, saved_bars = measure_saved_pages(arguments.pages, show=arguments.show_misses)
        figures, bars = figures | saved, bars | saved_bars
    print(json.dumps({"bench": "extraction", "figures": figures, "bars": bars}))
    return 0


def measure_saved_pages(pages: Path, *, show: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    golds = [json.loads(line) for line in (pages / "gold.jsonl").read_text(encoding="utf-8").splitlines()]
    readers = [Reader("tracemark", read_ours), Reader("extruct alone", read_by_extruct)]
    if find_spec("trafilatura"):
        readers.append(Reader("trafilatura alone", read_by_trafilatura))
    for gold in golds:
        body = (pages / gold["file"]).read_bytes()
        for reader in readers:
            before = {name: score.right for name, score in reader.scores.items()}
            score_page(reader, body, gold)
            if show and reader is readers[0]:
                show_misses(reader, before, gold)
    figures = {reader.name: summarise(reader, len(golds)) for reader in readers}
    print_table(figures)
    ours = figures["tracemark"]
    bars = {name: {"value": ours[name]["f1"], "bar": bar, "met": ours[name]["f1"] >= bar} for name, bar in BARS.items()}
    bars["page kind"] = {"value": ours["page kind"], "bar": KIND_BAR, "met": ours["page kind"] >= KIND_BAR}
    return figures, bars


def show_misses(reader: Reader, before: dict[str, int], gold: Values) -> None:
    missed = [
        name
        for name, score in reader.scores.items()
        if gold["page"] == "detail" and gold_value(name, gold) is not None and score.right == before[name]
    ]
    if missed:
        print(gold["file"], ", ".join(missed))


def summarise(reader: Reader, pages: int) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: {
            "precision": round(score.precision, 3),
            "recall": round(score.recall, 3),
            "f1": round(score.f1, 3),
            "pages": score.wanted,
        }
        for name, score in reader.scores.items()
    }
    return fields | {
        "page kind": round(reader.kinds_right / pages, 3),
        "pages": pages,
        "ms per page": round(1000 * reader.seconds / pages, 1),
    }


def print_table(figures: dict[str, dict[str, Any]]) -> None:
    for name, figure in figures.items():
        print(f"\n{name}: page kind right {figure['page kind']:.2f}, {figure['ms per page']} ms a page")
        print(f"  {'field':12} precision  recall    F1  pages")
        for field_name in BARS:
            score = figure[field_name]
            line = f"{score['precision']:9.2f} {score['recall']:7.2f} {score['f1']:5.2f} {score['pages']:6}"
            print(f"  {field_name:12} {line}")


if __name__ == "__main__":
    sys.exit(main())
