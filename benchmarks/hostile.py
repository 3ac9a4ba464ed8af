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
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "dashboards"))

from conftest import serving
from hostile_samples import hostile_workspace, together
from playwright.sync_api import sync_playwright

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event => window.violations.push(event.violatedDirective));
"""
STATE = """() => ({
  ran: window.ran !== undefined,
  violations: window.violations.length,
  foreign: document.querySelectorAll("main :is(script, iframe, object, embed, style, link, video, base)").length,
})"""
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
    texts = together(strings, options.each)
    with tempfile.TemporaryDirectory() as made:
        workspace = hostile_workspace(Path(made) / "room", texts)
        paths = ["/", "/triage", "/sites", "/quality", "/custody", "/administration"]
        paths += [f"/search?page={number}" for number in range(1, len(texts) // 25 + 2)]
        for number in range(len(texts)):
            paths += [f"/listing?site=hostile&id=h{number}", f"/seller?site=hostile&id=h{number}"]
        with serving(workspace) as address:
            figures = visit(address, paths)
    figures = {"strings": len(strings), "listings": len(texts), **figures}
    print(json.dumps(figures, indent=1))
    zero = ("ran", "dialogs", "violations", "foreign_elements", "asked_outside", "not_answered")
    bars = {name: {"value": figures[name], "bar": 0, "met": figures[name] == 0} for name in zero}
    print(json.dumps({"bench": "hostile", "figures": figures, "bars": bars}))


if __name__ == "__main__":
    main()
