"""What every test shares."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from playwright.sync_api import Browser
    from postgres import PostgresServer

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, for as long as this run (or worker) lasts."""
    from postgres import PostgresServer  # noqa: PLC0415 -- only where it is asked for

    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser, for as long as this run (or worker) lasts: Playwright can be started once in a thread."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- only where it is asked for

    from crawler.browser import require_chromium  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=require_chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store: a test that asks for it runs on both kinds of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.emptied()


DEAR = ("test_demo.py", "pipelines/index", "crawler/crawl", "crawler/workers", "crawler/watch", "dashboards")
"""What takes longest, which begins first: what is begun last keeps the other workers waiting."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what is dear (`make test` hands whole files to its workers, in this order)."""
    places = {item: item.path.relative_to(HERE).as_posix() for item in items}
    items.sort(key=lambda item: next((at for at, dear in enumerate(DEAR) if places[item].startswith(dear)), len(DEAR)))


MAY_BE_SKIPPED = ("pipelines/index/test_index_cluster.py",)
"""Tests too dear for every run. Whatever else is skipped wants a part of this machine, and that is a failure."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that did not run held nothing: let its skip count as a failure."""
    report = yield
    if report.skipped and item.path.relative_to(HERE).as_posix() not in MAY_BE_SKIPPED:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and must run: {report.longrepr}"
    return report
