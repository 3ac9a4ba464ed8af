"""What every test shares."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from postgres import PostgresServer

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, for as long as this run (or worker) lasts."""
    from postgres import PostgresServer  # noqa: PLC0415 -- only where it is asked for

    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store: a test that asks for it runs on both kinds of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.emptied()


DEAR = ("test_demo.py", "pipelines/index", "crawler/crawl", "crawler/workers", "crawler/watch", "dashboards")
"""What takes longest, which begins first: what is begun last keeps the other workers waiting."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist's own, which reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep each file's tests on one worker, and all that needs Elasticsearch, so that what is dear is made once."""
    order: dict[pytest.Item, int] = {}
    for item in items:
        path = item.path.relative_to(HERE).as_posix()
        item.add_marker(pytest.mark.xdist_group("index" if path.startswith("pipelines/index/") else path))
        order[item] = next((at for at, dear in enumerate(DEAR) if path.startswith(dear)), len(DEAR))
    items.sort(key=order.__getitem__)


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
