# ruff: noqa: INP001 -- a script, not a package
"""Makes the README's pictures of a running server: `python docs/screenshots.py http://127.0.0.1:8000 docs/pictures`.

Each is a PNG, 1280 wide, light, of what a newcomer sees first, reduced to a palette so that it stays under 250 kB.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import click
from PIL import Image
from playwright.sync_api import Page, sync_playwright

WIDTH, HEIGHT = 1280, 860
LARGEST = 250_000
PALETTES = (256, 128, 64)


@click.command()
@click.argument("address")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--chromium", default="/usr/bin/chromium", show_default=True, help="The browser to take them with.")
def take(address: str, folder: Path, chromium: str) -> None:
    """Write triage.png and listing.png of the server at ADDRESS into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(base_url=address, viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        open_triage(page)
        save(page, folder / "triage.png")
        page.get_by_role("link", name="Whole listing").click()
        save(page, folder / "listing.png")
        browser.close()


def open_triage(page: Page) -> None:
    """Open the listing of the queue's first ten that has the most signals for and against to show."""
    best, most = 0, -1
    for skip in range(10):
        page.goto(f"/triage?skip={skip}")
        if not page.locator("form.decide").count():
            break
        shown = page.locator("a.mark").count() + page.locator(".signals .against, .signals li.against").count()
        if shown > most:
            best, most = skip, shown
    if most < 0:
        raise click.ClickException("nothing waits for a decision there: run `tracemark demo` first")
    page.goto(f"/triage?skip={best}")


def save(page: Page, path: Path) -> None:
    """Write what the window shows, as small as it goes without losing words."""
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        for colours in PALETTES:
            packed = io.BytesIO()
            reduced = picture.convert("RGB").quantize(
                colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
            )
            reduced.save(packed, "PNG", optimize=True)
            if packed.tell() <= LARGEST:
                break
        else:
            raise click.ClickException(f"{path.name} is {packed.tell()} bytes, more than {LARGEST}")
    path.write_bytes(packed.getvalue())
    click.echo(f"{path}: {packed.tell()} bytes, {colours} colours", err=True)


if __name__ == "__main__":
    sys.exit(take())
