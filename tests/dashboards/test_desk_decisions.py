"""Decisions: in the store, the index and the custody log, once; and taken back."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from desk_samples import PISTOLS, feed_lines, receive
from desk_serving import visiting
from test_desk_screens import custody_of, page, text_of, token_of

from dashboards.decisions import UNDO_DEPTH
from dashboards.following import IndexFollower
from pipelines.composition import opened, opened_index
from pipelines.errors import PartMissing
from pipelines.store.custody import custody_rows
from pipelines.store.tables import decisions

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace


def shown_id(html: str) -> str:
    return re.search(r'name="id" value="([^"]*)"', html).group(1)


def decide(client: TestClient, decision: str, **values: str) -> str:
    """Decide the listing that triage shows; its id."""
    html = page(client, "/triage")
    named = {"site": "riverside", "id": shown_id(html), "decision": decision, "form_token": token_of(html)}
    answer = client.post("/decisions", data={**named, **values})
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith("/triage")
    return named["id"]


def count_found(client: TestClient, query: str) -> int:
    found: int = client.get("/api/v1/search", params={"q": query, "limit": 0}).json()["total"]
    return found


def wait_until_found(client: TestClient, query: str, count: int) -> None:
    for _ in range(100):
        if count_found(client, query) == count:
            return
        time.sleep(0.05)
    raise AssertionError(f"{query}: {count_found(client, query)} instead of {count}")


def stored(workspace: Workspace) -> list[tuple[str, str]]:
    with opened(workspace) as database, database.read() as connection:
        columns = decisions.select().order_by(decisions.c.id)
        return [(row.decision, row.reason) for row in connection.execute(columns)]


def test_a_decision_is_in_store_index_and_custody_log(workspace: Workspace) -> None:
    with visiting(workspace) as client:
        decided = decide(client, "relevant", chip="seen before", reason="  two  more like it ")
        wait_until_found(client, "decision:relevant", 1)
        assert f"1 of {len(PISTOLS) - 1} that need review" in text_of(page(client, "/triage"))
        assert shown_id(page(client, "/triage")) != decided
        assert "seen before; two more like it" in page(client, f"/listing/riverside/{decided}")
    assert stored(workspace) == [("relevant", "seen before; two more like it")]
    assert ("ana", "review") in custody_of(workspace, f"riverside/{decided}")


def test_the_index_has_what_was_decided_by_the_time_the_server_ends(workspace: Workspace) -> None:
    with visiting(workspace) as client:
        decided = decide(client, "unsure")
    with opened_index(workspace, read_only=True) as index, opened(workspace) as database, database.read() as connection:
        newest = connection.exec_driver_sql("SELECT max(sequence) FROM journal").scalar()
        assert index.position() == newest
    assert decided


def test_the_queue_is_in_the_order_of_the_scores(client: TestClient) -> None:
    scores = []
    for skip in range(len(PISTOLS)):
        html = page(client, f"/triage?skip={skip}")
        scores.append(max(float(one) for one in re.findall(r'<meter[^>]*value="([\d.]+)"', html)))
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) > 1
    assert "Nothing more waits" in page(client, f"/triage?skip={len(PISTOLS)}")


def test_the_last_twenty_can_be_taken_back_and_the_log_keeps_both(workspace: Workspace) -> None:
    with visiting(workspace) as client:
        first = shown_id(page(client, "/triage"))
        decided = [decide(client, "not_relevant") for _ in range(3)]
        assert decided[0] == first
        token = token_of(page(client, "/triage"))
        for _ in decided:
            assert client.post("/decisions/undo", data={"form_token": token}).status_code == 303
        assert client.post("/decisions/undo", data={"form_token": token}).status_code == 404
        assert shown_id(page(client, "/triage")) == first
        wait_until_found(client, "decision:not_relevant", 0)
    assert stored(workspace) == []
    with opened(workspace) as database, database.read() as connection:
        rows = [row for row in custody_rows(connection, subject=f"riverside/{first}") if row["action"] == "review"]
    assert [set(row["detail"]) & {"decision", "undone"} for row in rows] == [{"decision"}, {"undone"}]


def test_no_more_than_twenty_are_offered(client: TestClient) -> None:
    html = page(client, "/triage")
    named = {"site": "riverside", "id": "o1", "form_token": token_of(html)}
    for number in range(UNDO_DEPTH + 3):
        client.post("/decisions", data={**named, "decision": "unsure", "reason": f"look {number}"})
    assert f"{UNDO_DEPTH} can be taken back" in page(client, "/triage")


def test_the_same_decision_sent_twice_is_kept_once(client: TestClient, workspace: Workspace) -> None:
    html = page(client, "/triage")
    named = {"site": "riverside", "id": shown_id(html), "decision": "relevant", "form_token": token_of(html)}
    for _ in range(2):
        assert client.post("/decisions", data=named).status_code == 303
    assert len(stored(workspace)) == 1


@pytest.mark.parametrize(
    "values",
    [{"decision": "perhaps"}, {"id": "zz"}, {"reason": "x" * 3_000}, {"way": "shut"}, {"then": "//example.org"}],
)
def test_what_cannot_be_kept_is_refused(client: TestClient, workspace: Workspace, values: dict[str, str]) -> None:
    html = page(client, "/triage")
    named = {"site": "riverside", "id": "p1", "decision": "relevant", "form_token": token_of(html)}
    answer = client.post("/decisions", data={**named, **values})
    assert answer.status_code == 400
    assert "<title>Error: " in answer.text
    assert stored(workspace) == []


def test_a_listing_that_comes_in_joins_the_queue(client: TestClient, workspace: Workspace) -> None:
    before = shown_id(page(client, "/triage"))
    urgent = feed_lines()[1] | {"id": "fresh", "seller": None}
    urgent["description"] += " A lot of six."
    receive(workspace, [urgent])
    assert before != "fresh"
    assert shown_id(page(client, "/triage")) == "fresh"
    assert f"1 of {len(PISTOLS) + 1} that need review" in text_of(page(client, "/triage"))


def test_a_changed_listing_that_needs_no_review_any_more_leaves_the_queue(
    client: TestClient, workspace: Workspace
) -> None:
    receive(workspace, [feed_lines()[1] | {"id": "solo", "seller": None, "title": "Another 9mm pistol, new in box"}])
    assert f"1 of {len(PISTOLS) + 1} that need review" in text_of(page(client, "/triage"))
    receive(workspace, [{"id": "solo", "title": "Garden table", "description": "", "posted": "2026-11-19"}])
    assert f"1 of {len(PISTOLS)} that need review" in text_of(page(client, "/triage"))


def test_a_held_index_is_tried_again() -> None:
    calls = []

    def project() -> None:
        calls.append(len(calls))
        if len(calls) == 1:
            raise PartMissing("held")

    follower = IndexFollower(project, retry_seconds=0.05)
    follower.start()
    follower.wake()
    for _ in range(100):
        if len(calls) == 2:
            break
        time.sleep(0.05)
    follower.stop()
    assert calls == [0, 1]
