"""How long after a key the next listing of triage stands painted: `python benchmarks/triage.py ADDRESS`.

Asks a running desk (`make demo`) in a real browser and skips with `j`, which shows the next listing as a decision does
and changes nothing. A reader takes at least a second over a listing, in which the next is fetched: so does this.
"""

from __future__ import annotations

import json
import statistics
import sys

import click
from playwright.sync_api import sync_playwright

BAR = 100.0  # ms: below it a step is felt as immediate (Miller 1968; Card, Robertson and Mackinlay 1991)
MEASURE = """() => new Promise((resolve) => {
  const began = performance.now(), before = document.querySelector("main h1");
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
  const look = () => {
    if (document.querySelector("main h1") !== before) requestAnimationFrame(() => resolve(performance.now() - began));
    else requestAnimationFrame(look);
  };
  look();
})"""


@click.command()
@click.argument("address", default="http://127.0.0.1:8000")
@click.option("--steps", default=25, show_default=True)
@click.option("--pause", default=1.0, show_default=True, help="Seconds that a reader takes.")
@click.option("--chromium", default="/usr/bin/chromium", show_default=True)
def bench(address: str, steps: int, pause: float, chromium: str) -> None:
    """Skip STEPS listings at ADDRESS and print how long each took to stand there."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(base_url=address, viewport={"width": 1280, "height": 900})
        page.goto("/triage?level=idle")
        found = []
        for _ in range(steps):
            page.wait_for_timeout(1000 * pause)
            if not page.locator("a[data-key=j]").count():
                break
            found.append(page.evaluate(MEASURE))
        browser.close()
    if len(found) < 2:
        raise click.ClickException("too few listings wait there: run `make demo` first")
    p95 = statistics.quantiles(found, n=20, method="inclusive")[-1]
    figures = {"steps": len(found), "p50_ms": round(statistics.median(found), 1), "p95_ms": round(p95, 1)}
    bars = {"next_listing_p95_ms": {"value": figures["p95_ms"], "bar": BAR, "met": p95 <= BAR}}
    print(json.dumps({"bench": "triage", "figures": figures, "bars": bars}))


if __name__ == "__main__":
    sys.exit(bench())
