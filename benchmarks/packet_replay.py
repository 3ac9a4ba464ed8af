"""Does the replay show the listing's text? ReplayWeb.page, in a real browser, on packets of a demo crawl.

    python benchmarks/packet_replay.py [--packets 10] [--workspace DIR] [--player DIR]

ReplayWeb.page (AGPL) is an outside verifier only: `npm pack` fetches it into a temporary folder unless `--player` names
an unpacked copy; nothing of it is kept here. Without npm, or without Chromium, the benchmark says so and exits 5.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from packet_outside import crawl, places_of
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import sync_playwright

from pipelines.evidence import gather_dossier
from pipelines.packet.creation import create
from pipelines.packet.keys import SigningKey
from pipelines.store.database import Database

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Frame

PLAYER = "replaywebpage@2.5.3"
PAGE = """<!doctype html><meta charset="utf-8"><script src="ui.js"></script>
<replay-web-page style="height: 90vh" source="%s" url="%s" replayBase="./" embed="replayonly"></replay-web-page>"""
PATIENCE = 120_000  # milliseconds for one page


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def fetch_player(folder: Path) -> Path:
    if shutil.which("npm") is None:
        sys.exit(5)
    subprocess.run(["npm", "pack", PLAYER], cwd=folder, check=True, capture_output=True)
    [archive] = folder.glob("*.tgz")
    shutil.unpack_archive(archive, folder, filter="data")
    return folder / "package"


def shows(context: BrowserContext, address: str, words: str, picture: Path | None) -> bool:
    """Whether some frame inside the page comes to hold `words`."""
    page = context.new_page()
    page.goto(address)
    for _ in range(PATIENCE // 500):
        if any(words in read_text(frame) for frame in page.frames if frame != page.main_frame):
            if picture is not None:
                page.screenshot(path=picture)
            page.close()
            return True
        page.wait_for_timeout(500)
    page.close()
    return False


def read_text(frame: Frame) -> str:
    try:
        return " ".join(str(frame.evaluate("document.body ? document.body.innerText : ''")).split())
    except BrowserError:  # it is just going to another page
        return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=10)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--player", type=Path)
    parser.add_argument("--picture", type=Path, help="where to leave a picture of the first replay")
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit(5)
    good, bad = 0, []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        player = options.player or fetch_player(folder)
        root = folder / "root"
        root.mkdir()
        for file in ("ui.js", "sw.js"):
            (root / file).symlink_to(player.resolve() / file)
        workspace = options.workspace or crawl(folder)
        database = Database.open(f"sqlite:///{workspace / 'tracemark.db'}")
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
        Thread(target=server.serve_forever, daemon=True).start()
        key = SigningKey.generate()
        places = places_of(database, options.packets)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for number, (site, native_id) in enumerate(places):
                dossier = gather_dossier(database, site, native_id, vault=workspace / "vault", workspace="demo")
                create(dossier, folder / "packet.zip", key)
                with zipfile.ZipFile(folder / "packet.zip") as archive:
                    (root / f"{number}.wacz").write_bytes(archive.read("data/captures.wacz"))
                pages = [one for one in dossier.pages() if one.kind.value == "detail"]
                page = PAGE % (f"{number}.wacz", html.escape(pages[-1].url or "", quote=True))
                (root / f"{number}.html").write_text(page)
                words = " ".join(re.split(r"\s+", str(dossier.listing["title"])))
                context = browser.new_context()
                picture = options.picture if number == 0 else None
                if shows(context, f"http://127.0.0.1:{server.server_port}/{number}.html", words, picture):
                    good += 1
                else:
                    bad.append(f"{site}/{native_id}")
                context.close()
            browser.close()
        server.shutdown()
        database.close()
    for line in bad:
        print(f"not shown: {line}")
    figures = {"packets": len(places), "shown": good, "player": PLAYER}
    bars = {"shown_share": {"value": good / len(places), "bar": 1.0, "met": good == len(places)}}
    print(json.dumps({"bench": "packet_replay", "figures": figures, "bars": bars}))


if __name__ == "__main__":
    main()
