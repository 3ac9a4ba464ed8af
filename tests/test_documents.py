"""The documents: what is written from code is current, and no link or page leads nowhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from command_parsing import parse
from lxml import html
from ruamel.yaml import YAML

from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAPERS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly from a copy."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(DOCS, folder / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", folder)
    done = subprocess.run(
        [str(Path(sys.executable).parent / "zensical"), "build", "--strict"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return folder / "site"


def test_what_is_written_from_code_is_current(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(DOCS / "reference.py"), str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "reference").iterdir()}
    assert written.keys() == kept.keys()
    assert [name for name in sorted(written) if written[name] != kept[name]] == [], "run: make reference"


def test_every_link_of_the_site_leads_somewhere_in_it(site: Path) -> None:
    pages = {path: html.parse(path) for path in sorted(site.rglob("*.html")) if path.name != "404.html"}
    assert len(pages) > 25
    anchors = {path: set(page.xpath("//@id | //a/@name")) for path, page in pages.items()}
    lost = []
    for path, page in pages.items():
        for link in page.xpath("//@href | //img/@src | //script/@src"):
            to = urlsplit(link)
            if to.scheme or to.netloc:
                continue
            target = (path.parent / unquote(to.path)).resolve() if to.path else path
            if target.is_dir():
                target /= "index.html"
            if not target.is_file() or (to.fragment and target in pages and to.fragment not in anchors[target]):
                lost.append(f"{path.relative_to(site)}: {link}")
    assert lost == []


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        page = html.parse(path)
        loaded = page.xpath("//script/@src | //img/@src | //link[@rel!='canonical']/@href | //iframe/@src")
        assert [one for one in loaded if urlsplit(one).netloc] == [], path
    for path in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", path.read_text(encoding="utf-8")), path


def test_the_navigation_names_pages_that_are_there_once_each() -> None:
    named = list(_pages(YAML(typ="safe", pure=True).load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    assert len(named) == len(set(named))
    there = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert set(named) <= there


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_every_command_of_a_page_is_one_that_is_taken(path: Path) -> None:
    lines = re.findall(
        r"^(?: {4,}|\$ |)((?:TRACEMARK_\w+=\S+ )?tracemark .*)$", path.read_text(encoding="utf-8"), re.MULTILINE
    )
    for line in lines:
        typed = re.sub(r"  +\S.*$", "", line)
        if not re.search(r"[…|\[]|\b[A-Z]{4,}\b(?!=)|\bID\b", re.sub(r"^TRACEMARK_\S+ ", "", typed)):
            parse(typed)


def test_the_first_site_of_the_guide_holds_together(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / "first-site.md").read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "harbor.yaml"
    path.write_text("".join(blocks), encoding="utf-8")
    assert load_site(path).file.site == "harbor"


@pytest.mark.parametrize("name", PAPERS)
def test_every_link_of_a_paper_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", (ROOT / name).read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def _pages(entries: list[object]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, dict):
            for value in entry.values():
                yield from _pages(value if isinstance(value, list) else [value])
        else:
            yield str(entry)
