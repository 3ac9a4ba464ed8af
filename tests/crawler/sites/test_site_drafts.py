"""`tracemark site new`: a draft that reads well, holds together, and crawls."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from crawler.demo.clock import FixedClock
from crawler.demo.faults import FaultMode, FaultySite
from crawler.demo.marketplaces import Marketplaces
from crawler.sites.drafting import guess_index_pattern, guess_pattern
from crawler.sites.loading import load_site
from pipelines.workspace import write_workspace

if TYPE_CHECKING:
    from pathlib import Path

UNIT = {"operator": "Test Unit", "contact": "unit@example.org", "basis": "Test mandate"}


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines.cli", "--workspace", str(root), *arguments]
    environment = {**os.environ, "TRACEMARK_ALLOW_LOOPBACK": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_a_marketplace_is_drafted_from_two_pages(tmp_path: Path) -> None:
    root = tmp_path / "room"
    write_workspace(root, UNIT)
    out = root / "sites" / "tausch.yaml"
    with Marketplaces(clock=FixedClock(45), hosts={"tauschboerse": "127.0.0.1:0"}) as marketplaces:
        url = f"{marketplaces.urls['tauschboerse']}/anzeigen/seite/1"
        done = run(root, "site", "new", url, "--name", "tausch", "--out", str(out))
        assert done.returncode == 0, done.stderr
        again = run(root, "site", "new", url, "--name", "tausch", "--out", str(out))
        assert again.returncode == 2
    file = load_site(out).file
    assert re.search(file.links.listing or "", "http://x/anzeige/40561443.html")
    assert re.search(file.links.index or "", "http://x/anzeigen/seite/2")
    assert (file.currency, file.languages) == ("EUR", ["de"])
    assert not (root / "tracemark.db").exists(), "a look leaves nothing in the workspace"


@pytest.mark.parametrize(
    ("mode", "words"), [(FaultMode.DOWN, "connection was refused"), (FaultMode.LOGIN, "asks for a login")]
)
def test_a_page_that_cannot_be_looked_at_is_told(tmp_path: Path, mode: FaultMode, words: str) -> None:
    write_workspace(tmp_path / "room", UNIT)
    with FaultySite(mode=mode) as faulty:
        done = run(tmp_path / "room", "site", "new", faulty.url, "--name", "faulty", "--json")
    assert done.returncode == 2
    assert words in json.loads(done.stderr.splitlines()[-1])["error"]


@pytest.mark.parametrize(
    ("paths", "pattern"),
    [
        (["/item/1234", "/item/99"], r"/item/(?P<id>\d+)"),
        (["/item/1234-oak-chair", "/item/99-table"], r"/item/(?P<id>\d+)"),
        (["/ads/oak-chair-1234", "/ads/table-9911.html"], r"/ads/[^?#]*?(?P<id>\d{3,})"),
        (["/user/anna", "/user/bert"], "/user/(?P<id>[^/?#]+)"),
        (["/about", "/help"], None),
        ([], None),
    ],
)
def test_patterns_are_guessed_from_what_links_share(paths: list[str], pattern: str | None) -> None:
    found = guess_pattern([f"https://market.example{path}" for path in paths])
    assert found == pattern
    assert found is None or all(re.search(found, path) for path in paths)


@pytest.mark.parametrize(
    ("paths", "pattern"),
    [
        (["/?page=2", "/?page=3"], r"[?&](?:page)=\d+"),
        (["/list/seite/2"], r"/seite[/-]?\d+"),
        (["/c/garden", "/c/tools"], "/c/(?P<id>[^/?#]+)"),
        (["/c/garden"], None),
    ],
)
def test_pages_of_a_list_are_guessed_by_what_counts(paths: list[str], pattern: str | None) -> None:
    assert guess_index_pattern([f"https://market.example{path}" for path in paths]) == pattern
