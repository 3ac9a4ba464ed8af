"""Which rows the pages read: SQLite chooses by the indexes alone, and what it scans grows with what was seen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from desk_serving import copied, visiting
from test_desk_cases import send
from test_desk_screens import page
from test_desk_sellers import link_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace

GROWING = {
    "journal", "captures", "capture_listings", "versions", "listings", "sellers", "assessments", "items", "decisions",
    "item_listings", "status_changes", "pictures", "picture_captures", "actor_links", "seller_marks", "custody", "runs",
    "seller_assessments", "offer_features",
}  # fmt: skip
IN_ORDER = ("ORDER BY custody.sequence DESC", "ORDER BY decisions.id DESC", "ORDER BY runs.number DESC")
"""From the newest row on, and no further than the page needs."""
KEPT = {
    "(SELECT max(decisions.id)": "second opinions, counted every 20 seconds at most (dashboards/sampling.py)",
    "SELECT decisions.id, decisions.listing, decisions.at": "quality, kept where it is dear (dashboards/judgements.py)",
    "count(listings.assessment)": "counts of sites, from an index alone (dashboards/overview.py)",
}
"""What has to read all of them, and how it is kept from doing so for every page."""


@pytest.fixture(scope="module")
def asked(sample: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, list[Any]]]:
    """A desk whose once-a-while work is done, and the statements it asks from now on, each with its plan."""
    workspace = copied(sample, tmp_path_factory.mktemp("plans") / "room")
    link_accounts(workspace)
    found: list[tuple[str, str]] = []

    def note(connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "WITH", "UPDATE", "DELETE")) and not many:
            raw = connection.connection.dbapi_connection
            plan = raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            found.extend((row[3], statement) for row in plan)

    with visiting(workspace) as client:
        while "Being worked out" in page(client, "/"):
            time.sleep(0.02)
        page(client, "/triage")
        send(client, "/decisions", site="riverside", id="p1", decision="relevant")
        page(client, "/triage/audit")
        sa.event.listen(sa.engine.Engine, "before_cursor_execute", note)
        yield client, found
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    "path",
    [
        "/", "/triage", "/triage?order=uncertainty", "/triage?level=idle", "/triage/audit", "/triage/second",
        "/search?q=pistol", "/search?q=pistol&view=grid", "/listing/riverside/p1", "/seller/riverside/quietriver",
        "/decisions/together?site=riverside&id=quietriver", "/alerts/new?q=pistol", "/cases", "/sites",
        "/sites/riverside", "/quality", "/custody", "/custody?action=view", "/custody?actor=ana",
        "/custody?subject=riverside/p1", "/account", "/administration", "/api/v1/status", "/api/v1/runs",
        "/api/v1/listings/riverside/p1", "/api/v1/sellers/riverside/quietriver",
    ],
)  # fmt: skip
def test_no_page_reads_every_row_of_what_grows(asked: tuple[TestClient, list[Any]], path: str) -> None:
    client, found = asked
    found.clear()
    assert client.get(path).status_code == 200
    assert found
    scanned = [
        (step, statement)
        for step, statement in found
        if step.startswith("SCAN")
        and step.split()[1] in GROWING
        and not any(words in statement for words in IN_ORDER)
        and not any(words in statement for words in KEPT)
    ]
    assert scanned == []
