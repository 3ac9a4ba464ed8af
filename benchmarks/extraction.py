"""Extraction without selectors, beside extruct alone and trafilatura alone, over four sets of pages.

    python benchmarks/extraction.py [--pages DIR] [--rendered N] [--show-misses]

The sets: the three demo marketplaces, the example site files' pages, our recorded pages in other sites' markup, and,
with DIR, real pages that others saved (see own_pages.py for their form). A field that a page shows and that is read
otherwise, or not at all, costs recall; a value where the page shows none costs precision.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
import warnings
from importlib import import_module
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import extruct
from attrs import define, field
from own_pages import (
    ROOT,
    GoldPage,
    Values,
    read_example_pages,
    read_marketplaces,
    read_recorded_pages,
    read_saved_pages,
)

from crawler.extraction import extract_json
from crawler.extraction.structured import first, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAIN = ("title", "price", "description", "seller", "location", "posted", "contacts")
FURTHER = ("condition", "category", "quantity", "shipping", "updated", "joined", "licence", "id", "status")
LISTS = ("links", "listings")
SAVED_BARS = {"title": 0.90, "price": 0.90, "description": 0.90, "seller": 0.75, "location": 0.75, "posted": 0.75}
OWN_BARS = dict.fromkeys(MAIN[:3], 0.97) | dict.fromkeys(MAIN[3:], 0.90)
KIND_BAR = 0.95
BESIDE = ROOT.parent / "shared" / "data" / "pages"  # measured where it lies beside the checkout
START = 60  # characters of a saved page's description that must agree, letters and digits only


@define
class Score:
    """Right, given and wanted values of one field."""

    right: int = 0
    given: int = 0
    wanted: int = 0

    @property
    def figures(self) -> dict[str, float]:
        """Precision, recall, their harmonic mean, and on how many pages there is something to find."""
        return {
            "precision": round(self.right / self.given, 3) if self.given else 0.0,
            "recall": round(self.right / self.wanted, 3) if self.wanted else 0.0,
            "f1": round(2 * self.right / (self.given + self.wanted), 3) if self.given + self.wanted else 0.0,
            "pages": self.wanted,
        }


@define
class Reader:
    """One way of reading pages, with its scores on one set."""

    name: str
    read: Callable[[GoldPage], Values]
    scores: dict[str, Score] = field(factory=lambda: {name: Score() for name in (*MAIN, *FURTHER, *LISTS)})
    pages: int = 0
    kinds_right: int = 0
    seconds: float = 0.0

    def take(self, page: GoldPage) -> list[str]:
        """Read a page and score it; name what was wrong or missed."""
        started = time.perf_counter()
        values = self.read(page)
        self.seconds += time.perf_counter() - started
        self.pages += 1
        self.kinds_right += values.get("page") == page.kind
        wrong = [] if values.get("page") == page.kind else [f"kind {values.get('page')}"]
        for name, score in self.scores.items():
            if name not in page.gold:
                continue
            accepted, given = page.gold[name], values.get(name)
            right = given is not None and any(is_same(name, given, one, whole=page.whole) for one in accepted)
            score.wanted += bool(accepted)
            score.given += given is not None
            score.right += right
            wrong += [name] if not right and (accepted or given is not None) else []
        return wrong

    @property
    def figures(self) -> dict[str, Any]:
        """What there is to report."""
        return {
            "pages": self.pages,
            "page kind": round(self.kinds_right / max(1, self.pages), 3),
            "ms per page": round(1000 * self.seconds / max(1, self.pages), 1),
        } | {name: score.figures for name, score in self.scores.items() if score.wanted or score.given}


def fold(text: Any) -> str:
    return "".join(re.findall(r"[^\W_]+", str(text).casefold()))


def is_same(name: str, given: Any, accepted: Any, *, whole: bool) -> bool:
    same: bool
    if name == "price":
        same = abs(given[0] - accepted[0]) < 0.005 and given[1] == accepted[1]
    elif name in {"posted", "updated", "joined"}:
        same = str(given)[:10] == accepted
    elif name == "contacts":
        same = accepted in given
    elif name in {"quantity", *LISTS}:
        same = given == accepted
    elif name == "description" and not whole:
        same = fold(given).startswith(fold(accepted)[:START])
    elif name in {"seller", "location"} and not whole:
        same = is_near(given, accepted)
    else:
        same = fold(given) == fold(accepted)
    return same


def is_near(given: str, wanted: str) -> bool:
    """One holds all words of the other, and at least half as much."""
    ours, theirs = set(re.findall(r"[^\W_]+", given.casefold())), set(re.findall(r"[^\W_]+", wanted.casefold()))
    common = ours & theirs
    return bool(common) and common in (ours, theirs) and 2 * len(common) >= max(len(ours), len(theirs))


def read_ours(page: GoldPage) -> Values:
    report = extract_json(page.body, page.url, page.hints, page.now)
    price, seller = report["price"], report["seller"] or {}
    contacts = report["contacts"]
    written = sorted(report[one["field"]][one["start"] : one["end"]] for one in contacts)
    return {name: value for name, value in report.items() if value not in (None, [], "")} | {
        "price": (float(price["amount"]), price["currency"]) if price else None,
        "seller": seller.get("name"),
        "joined": seller.get("joined"),
        "licence": seller.get("licence"),
        "contacts": [sorted(one["value"] for one in contacts), written] if contacts else None,
        "listings": [_in_short(one) for one in report.get("listings", ())] or None,
    }


def _in_short(listing: Values) -> list[Any]:
    price = listing["price"] or {}
    return [listing["title"], price.get("amount"), price.get("currency")]


def read_by_extruct(page: GoldPage) -> Values:
    """What the page's own structured data says, taken as it is: a Product or Offer, else OpenGraph."""
    text = page.body.decode("utf-8", "replace")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = extruct.extract(text, syntaxes=["json-ld", "microdata", "opengraph"], uniform=True, errors="ignore")
    items = [item for syntax in ("json-ld", "microdata") for item in data.get(syntax, ())]
    item: Values = next(
        (one for one in items if str(one.get("@type")).lower() in {"product", "offer", "car", "vehicle"}), {}
    )
    graph = data["opengraph"][0] if data.get("opengraph") else {}
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


def read_by_trafilatura(page: GoldPage) -> Values:
    trafilatura: Any = import_module("trafilatura")  # a rival in the dev group, not a dependency
    found = trafilatura.bare_extraction(page.body.decode("utf-8", "replace"), with_metadata=True)
    values = found if isinstance(found, dict) else found.as_dict() if found else {}
    return {
        "title": values.get("title"),
        "description": values.get("text"),
        "seller": values.get("author"),
        "posted": values.get("date"),
    }


def measure(name: str, pages: Iterable[GoldPage], *, show: bool) -> list[Reader]:
    readers = [Reader("tracemark", read_ours), Reader("extruct alone", read_by_extruct)]
    if find_spec("trafilatura"):
        readers.append(Reader("trafilatura alone", read_by_trafilatura))
    for page in pages:
        wrong, *_ = [reader.take(page) for reader in readers]
        if wrong and show:
            print(f"{name} {page.name}: {', '.join(wrong)}")
    if readers[0].pages:
        print_table(name, readers)
    return readers


def print_table(name: str, readers: list[Reader]) -> None:
    """Print precision, recall and F1 of ours by field, and the F1 of the others beside it."""
    ours, *others = (reader.figures for reader in readers)
    speeds = ", ".join(f"{reader.name} {reader.figures['ms per page']}" for reader in readers)
    print(f"\n{name}: {ours['pages']} pages, page kind right {ours['page kind']:.2f}; ms a page: {speeds}")
    print(f"  {'field':12} precision  recall     F1  pages " + " ".join(f"{one.name:>18}" for one in readers[1:]))
    for field_name in (*MAIN, *FURTHER, *LISTS):
        if field_name in ours and ours[field_name]["pages"]:
            score = ours[field_name]
            line = f"{score['precision']:9.3f} {score['recall']:7.3f} {score['f1']:6.3f} {score['pages']:6}"
            beside = " ".join(f"{other.get(field_name, {}).get('f1', 0.0):18.3f}" for other in others)
            print(f"  {field_name:12} {line} {beside}")


def own_bars(readers: list[Reader]) -> dict[str, Any]:
    """Hold the three marketplaces and the example sites together to their bars."""
    bars: dict[str, Any] = {}
    for name, bar in OWN_BARS.items():
        scores = [reader.scores[name] for reader in readers]
        both = sum(one.given + one.wanted for one in scores)
        value = round(2 * sum(one.right for one in scores) / both, 3) if both else 0.0
        bars[f"own {name}"] = {"value": value, "bar": bar, "met": value >= bar}
    return bars


def saved_bars(reader: Reader) -> dict[str, Any]:
    figures = reader.figures
    values = {name: figures[name]["f1"] for name in SAVED_BARS} | {"page kind": figures["page kind"]}
    bars = SAVED_BARS | {"page kind": KIND_BAR}
    return {name: {"value": values[name], "bar": bar, "met": values[name] >= bar} for name, bar in bars.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=BESIDE, help="folder with HTML files and gold.jsonl")
    parser.add_argument("--rendered", type=int, default=40, help="pages of the marketplace that needs a browser")
    parser.add_argument("--show-misses", action="store_true", help="name file and field of every miss (no content)")
    arguments = parser.parse_args()
    sets: dict[str, list[GoldPage]] = {}
    examples = (("example sites", page) for page in read_example_pages())
    recorded = (("recorded pages", page) for page in read_recorded_pages())
    saved = (("saved pages", page) for page in (read_saved_pages(arguments.pages) if arguments.pages.is_dir() else ()))
    for name, page in chain(read_marketplaces(arguments.rendered), examples, recorded, saved):
        sets.setdefault(name, []).append(page)
    measured = {name: measure(name, pages, show=arguments.show_misses) for name, pages in sets.items()}
    figures = {name: {one.name: one.figures for one in readers} for name, readers in measured.items()}
    bars = own_bars([readers[0] for name, readers in measured.items() if name not in {"recorded pages", "saved pages"}])
    if "saved pages" in measured:
        bars |= saved_bars(measured["saved pages"][0])
    print(json.dumps({"bench": "extraction", "figures": figures, "bars": bars}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
