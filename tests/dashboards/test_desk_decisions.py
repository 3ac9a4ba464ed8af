"""Decisions: in the store, the index and the custody log, once; and taken back."""

from __future__ import annotations

import re
import time
from itertools import product
from typing import TYPE_CHECKING

import pytest
from desk_samples import PISTOLS, feed_lines, receive
from desk_serving import visiting
from test_desk_screens import custody_of, page, text_of, token_of

from dashboards.decisions import UNDO_DEPTH, DecisionDesk
from dashboards.following import IndexFollower
from dashboards.levels import read_lines
from dashboards.queue import Order, TriageQueue
from dashboards.sampling import draw_audit
from pipelines.composition import opened, opened_index, utc_now
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


def test_a_queue_that_is_kept_up_stands_as_one_that_is_read_anew(workspace: Workspace) -> None:
    """Decided whole or in part, alone or as near duplicates, and taken back."""
    same = {"description": "One and the same words, at some length, of a private sale, no background check, cash only."}
    receive(workspace, [feed_lines()[n] | same | {"id": f"s{n}", "title": "A 9mm pistol"} for n in range(4)])
    with opened(workspace) as database:
        desk = DecisionDesk(database=database, now=utc_now, changed=lambda: None)
        kept = TriageQueue(database)

        def orders(queue: TriageQueue) -> list[list[tuple[int, ...]]]:
            found = []
            for level, order in product(("review", "idle"), Order):
                asked = [queue.first(level, order=order, skip=skip) for skip in range(queue.count(level))]
                found.append([one.group for one in asked if one])
            return found

        assert orders(kept) == orders(TriageQueue(database))
        assert max(len(group) for group in orders(kept)[0]) >= 4
        for number, ids in enumerate((["p3"], ["s1"], ["p5", "p7"], [], ["s0", "s2", "s3"], [])):
            if ids:
                desk.decide("ana", [("riverside", one) for one in ids], "unsure", f"{number}")
            else:
                desk.undo("ana")
            assert orders(kept) == orders(TriageQueue(database)), ids


@pytest.mark.parametrize("month", [24_323, 24_324])
def test_the_audit_sample_is_the_first_of_each_level_by_chance(
    sample: Workspace, monkeypatch: pytest.MonkeyPatch, month: int
) -> None:
    sizes = {"review": 4, "idle": 30, "none": 6}
    monkeypatch.setattr("dashboards.sampling.AUDIT_SIZES", sizes)
    rows = list(range(1, 40))
    with opened(sample) as database, database.read() as connection:
        drawn = draw_audit(connection, month)
        levels = dict(zip(rows, (one["level"] for one in read_lines(connection, rows)), strict=True))
    by_chance = sorted(rows, key=lambda row: ((row + month) * 2_654_435_761 % 2**32, row))
    wanted = {row for level, size in sizes.items() for row in [one for one in by_chance if levels[one] == level][:size]}
    assert drawn == [row for row in by_chance if row in wanted]
    assert len(wanted) >= 10


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
