"""Strings that try to be something else, through every field and every page of the desk in a real browser.

    python benchmarks/hostile.py [--strings FOLDER] [--most N] [--each 20]

Reads every string of the folder (text files by the line, JSON lists; `data/hostile` beside the repository), puts
`--each` of them together into every field of a listing that a seller can write, and opens every listing, seller and
list page in Chromium. Says how many scripts ran, how many addresses outside were asked for, and how often the page's
policy was violated: a violation means that a text became markup. Exits 0 whether bars are met or not; ends with one
JSON line.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "dashboards"))

import sqlalchemy as sa
from desk_serving import serving
from hostile_samples import hostile_workspace
from playwright.sync_api import sync_playwright

from pipelines.composition import opened
from pipelines.store.tables import listings

if TYPE_CHECKING:
    from collections.abc import Iterable

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event => window.violations.push(event.violatedDirective));
"""
STATE = """() => ({
  ran: window.ran !== undefined,
  violations: window.violations.length,
  foreign: document.querySelectorAll("main :is(script, iframe, object, embed, style, link, video, base)").length,
})"""
LONGEST = 3_900
FOLDER = Path(__file__).parents[2] / "shared" / "data" / "hostile"


def read_strings(folder: Path) -> list[str]:
    """Every string of the folder's files."""
    found: dict[str, None] = {}
    for file in sorted(folder.glob("*.txt")):
        found.update(dict.fromkeys(line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()))
    for file in sorted(folder.glob("*.json")):
        for one in json.loads(file.read_text(encoding="utf-8")):
            found[one["payload"] if isinstance(one, dict) else one] = None
    return [text for text in found if text]


def pack(strings: Iterable[str], each: int) -> list[str]:
    """The strings, up to `each` of them in one text, and no text longer than a feed takes as a title."""
    packed: list[list[str]] = [[]]
    for text in strings:
        if len(packed[-1]) == each or sum(map(len, packed[-1])) + len(packed[-1]) + len(text) > LONGEST:
            packed.append([])
        packed[-1].append(text)
    return [" ".join(texts) for texts in packed if texts]


def visit(address: str, paths: list[str]) -> dict[str, Any]:
    """What happened in the browser over all the pages."""
    figures = {"pages": 0, "ran": 0, "dialogs": 0, "violations": 0, "foreign_elements": 0, "not_answered": 0}
    outside: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.add_init_script(WATCH)
        page.on("request", lambda one: outside.append(one.url) if not one.url.startswith(f"{address}/") else None)
        page.on("dialog", lambda one: (figures.update(dialogs=figures["dialogs"] + 1), one.dismiss()))
        for path in paths:
            answer = page.goto(f"{address}{path}", wait_until="load")
            state = page.evaluate(STATE)
            figures["pages"] += 1
            figures["ran"] += state["ran"]
            figures["violations"] += state["violations"]
            figures["foreign_elements"] += state["foreign"]
            figures["not_answered"] += answer is None or answer.status != 200
        browser.close()
    return {**figures, "asked_outside": len(outside), "outside": outside[:5]}


def main() -> None:
    """Make, serve, visit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strings", type=Path, default=FOLDER)
    parser.add_argument("--most", type=int, default=1_000_000)
    parser.add_argument("--each", type=int, default=20)
    options = parser.parse_args()
    strings = read_strings(options.strings)[: options.most]
    texts = pack(strings, options.each)
    with tempfile.TemporaryDirectory() as made:
        workspace = hostile_workspace(Path(made) / "room", texts)
        paths = ["/", "/triage", "/sites", "/quality", "/custody", "/administration"]
        paths += [f"/search?page={number}" for number in range(1, len(texts) // 25 + 2)]
        with opened(workspace) as database, database.read() as connection:
            taken = list(connection.scalars(sa.select(listings.c.native_id).order_by(listings.c.id)))
        for one in taken:
            paths += [f"/listing?site=hostile&id={one}", f"/seller?site=hostile&id={one}"]
        with serving(workspace) as address:
            figures = visit(address, paths)
    # A line that the feed refuses (and sets aside, with its reason) is nowhere to be shown.
    figures = {"strings": len(strings), "listings": len(taken), "set_aside": len(texts) - len(taken), **figures}
    print(json.dumps(figures, indent=1))
    zero = ("ran", "dialogs", "violations", "foreign_elements", "asked_outside", "not_answered")
    bars = {name: {"value": figures[name], "bar": 0, "met": figures[name] == 0} for name in zero}
    print(json.dumps({"bench": "hostile", "figures": figures, "bars": bars}))


if __name__ == "__main__":
    main()
