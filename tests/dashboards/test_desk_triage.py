"""Triage: near duplicates as one, orders, leases, opinions given blind, many at once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from desk_samples import PISTOLS, WORDING, feed_lines, receive
from desk_serving import visiting
from test_desk_decisions import shown_id, stored
from test_desk_screens import custody_of, page, text_of, token_of

from dashboards.leases import LENGTH, Leases
from dashboards.queue import Order, TriageQueue
from pipelines.composition import opened
from pipelines.store.custody import custody_rows

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace


def send(client: TestClient, address: str, status: int = 303, **values: str | list[str]) -> str:
    answer = client.post(address, data={"form_token": token_of(page(client, "/triage/audit")), **values})
    assert answer.status_code == status, answer.text[:500]
    return answer.headers.get("location", "")


def copies(number: int) -> list[dict[str, object]]:
    """One offer, worded alike but for case and marks, by as many accounts."""
    same = feed_lines()[1]
    return [
        {**same, "id": f"copy{at}", "title": f"{same['title']}{'!' * at}", "seller": {"id": f"copier{at}"}}
        for at in range(number)
    ]


def test_near_duplicates_are_one_and_are_decided_and_taken_back_as_one(
    client: TestClient, workspace: Workspace
) -> None:
    receive(workspace, copies(3))
    html = page(client, "/triage?item=riverside/copy1")
    assert f"of {len(PISTOLS)} that need review" in text_of(html)
    assert "3 near duplicates: decided together with this one" in text_of(html)
    also = re.findall(r'name="also" value="([^"]+)"', html)
    first = re.search(r'name="id" value="([^"]*)"', html).group(1)
    send(client, "/decisions", site="riverside", id=first, decision="relevant", also=also)
    assert stored(workspace) == [("relevant", "")] * 4
    assert "and 3 more are relevant" in text_of(page(client, "/triage"))
    assert "1 can be taken back" in text_of(page(client, "/triage"))
    send(client, "/decisions/undo")
    assert stored(workspace) == []
    assert [what for _, what in custody_of(workspace, "riverside/copy1")].count("review") == 2


def test_one_of_near_duplicates_can_be_decided_alone(client: TestClient, workspace: Workspace) -> None:
    receive(workspace, copies(2))
    send(client, "/decisions", site="riverside", id="copy0", decision="unsure", also=["riverside/copy1"], alone="true")
    assert len(stored(workspace)) == 1


def test_uncertain_and_novel_ones_can_come_first(workspace: Workspace) -> None:
    odd = feed_lines()[1] | {"id": "odd", "seller": None, "title": "Odd 9mm pistol, new in box, a lot of six"}
    receive(workspace, [odd])
    with opened(workspace) as database:
        queue = TriageQueue(database)
        orders = {}
        for order in Order:
            waiting = [queue.first("review", order=order, skip=skip) for skip in range(queue.count("review"))]
            orders[order] = [one.row for one in waiting if one is not None]
    assert len({tuple(rows) for rows in orders.values()}) >= 2
    assert all(sorted(rows) == sorted(orders[Order.SCORE]) for rows in orders.values())
    with visiting(workspace) as client:
        decided = shown_id(page(client, "/triage?order=novelty"))
        send(client, "/decisions", site="riverside", id=decided, decision="relevant")
        following = shown_id(page(client, "/triage?order=novelty"))
        lines = {
            line["id"]: line for line in [*feed_lines(), {"id": "odd", "title": "", "description": "a lot of six"}]
        }
        assert signals_in(lines[following]) != signals_in(lines[decided])


def signals_in(line: dict[str, str]) -> set[str]:
    return {phrase for phrase in WORDING if phrase in f"{line['title']} {line['description']}".lower()}


def test_two_people_never_share_an_item(workspace: Workspace) -> None:
    seen: dict[str, list[str]] = {}
    with visiting(workspace, "ana") as ana, visiting(workspace, "ben") as ben:
        for name, client in (("ana", ana), ("ben", ben), ("ana", ana)):
            seen.setdefault(name, []).append(shown_id(page(client, "/triage")))
        assert seen["ana"][0] == seen["ana"][1] != seen["ben"][0]
        html = page(ben, f"/triage?item=riverside/{seen['ana'][0]}")
        assert "ana has this listing open" in text_of(html)
        assert 'class="decide"' not in html
        send(ana, "/decisions", site="riverside", id=seen["ana"][0], decision="unsure")
        assert shown_id(page(ana, "/triage")) not in seen["ben"]


def test_a_lease_ends_after_ten_minutes(workspace: Workspace) -> None:
    now = [datetime(2026, 11, 20, 9, 0, tzinfo=UTC)]
    with opened(workspace) as database:
        leases = Leases(database, lambda: now[0])
        assert leases.take("ana", [1, 2]) is None
        assert leases.take("ben", [2, 3]) == "ana"
        assert set(leases.held_by_others("ben")) == {1, 2}
        now[0] += LENGTH + timedelta(seconds=1)
        assert leases.take("ben", [2, 3]) is None
        for row in (4, 5, 6):
            now[0] += timedelta(seconds=1)
            assert leases.take("ben", [row]) is None
        assert set(leases.held_by_others("ana")) == {4, 5, 6}


def test_a_lease_from_before_the_clock_was_set_back_keeps_nobody_away(workspace: Workspace) -> None:
    now = [datetime(2026, 11, 20, 9, 0, tzinfo=UTC)]
    with opened(workspace) as database:
        leases = Leases(database, lambda: now[0])
        assert leases.take("ana", [1]) is None
        now[0] -= timedelta(days=1)
        assert leases.held_by_others("ben") == {}
        assert leases.take("ben", [1]) is None


def test_a_second_opinion_is_asked_for_without_score_signal_or_verdict(workspace: Workspace) -> None:
    with visiting(workspace, "ana") as client:
        send(client, "/decisions", site="riverside", id="p1", decision="relevant", reason="plainly offered")
        assert "Nothing is left" in page(client, "/triage/second")
    with visiting(workspace, "ben") as client:
        html = page(client, "/triage/second")
        assert shown_id(html) == "p1"
        main = html.partition("<main")[2].partition("</main>")[0].replace('name="decision" value="relevant"', "")
        told = text_of(main).replace("Relevant", "", 1).replace("Not relevant", "", 1)
        for word in ("no check", "no_check", "score", "signal", "plainly offered", "ana", "needs review", "<meter"):
            assert word not in main, word
        assert "is relevant" not in told
        assert not re.search(r"\b0\.\d\d", main)
        where = re.search(r'name="then" value="([^"]+)"', html).group(1)
        sent = {"site": "riverside", "id": "p1", "decision": "not_relevant", "way": "second", "then": where}
        assert send(client, "/decisions", **sent).startswith("/triage/second")
        assert "Nothing is left" in page(client, "/triage/second")
        assert "1 disagreements to settle" in text_of(page(client, "/quality"))
        settled = {"site": "riverside", "id": "p1", "decision": "relevant", "reason": "talked over"}
        send(client, "/quality/settle", **settled)
        assert "0 disagreements to settle" in text_of(page(client, "/quality"))


def test_the_audit_draws_from_every_level_and_is_judged_blind(client: TestClient) -> None:
    ids = set()
    for _ in range(5):
        html = page(client, "/triage/audit")
        assert "signal" not in html.partition("<main")[2].partition("</main>")[0]
        ids.add(shown_id(html)[0])
        send(client, "/decisions", site="riverside", id=shown_id(html), decision="not_relevant", way="audit")
    assert ids <= set("por")
    assert "34 left of the audit sample" in text_of(page(client, "/quality"))


def test_all_of_a_seller_are_decided_in_one_act(client: TestClient, workspace: Workspace) -> None:
    html = page(client, "/decisions/together?site=riverside&id=quietriver")
    assert f"{len(PISTOLS)} undecided listings" in text_of(html)
    assert html.count("/listing/riverside/p") == 5
    named = {"site": "riverside", "id": "quietriver", "decision": "relevant", "chip": "seen before"}
    send(client, "/decisions/together", 400, count="3", **named)
    assert stored(workspace) == []
    send(client, "/decisions/together", count=str(len(PISTOLS)), **named)
    assert stored(workspace) == [("relevant", "seen before")] * len(PISTOLS)
    assert "Nothing waits" in page(client, "/triage")
    send(client, "/decisions/undo")
    assert stored(workspace) == []


def test_an_undo_sent_twice_takes_back_one(client: TestClient, workspace: Workspace) -> None:
    for name in ("p1", "p2"):
        send(client, "/decisions", site="riverside", id=name, decision="unsure")
    number = re.search(r'name="number" value="(\d+)"', page(client, "/triage")).group(1)
    assert "p2" in send(client, "/decisions/undo", number=number)
    send(client, "/decisions/undo", 404, number=number)
    assert len(stored(workspace)) == 1


@pytest.mark.parametrize("then", ["https://example.org/", "//example.org", "/\\example.org", "/api/v1/status"])
def test_a_form_leads_only_to_our_own_screens(client: TestClient, workspace: Workspace, then: str) -> None:
    send(client, "/decisions", 400, site="riverside", id="p1", decision="unsure", then=then)
    assert stored(workspace) == []


def test_a_page_fetched_ahead_is_logged_as_such(client: TestClient, workspace: Workspace) -> None:
    client.get("/triage?item=riverside/p2", headers={"X-Tracemark-Ahead": "1"})
    with opened(workspace) as database, database.read() as connection:
        rows = list(custody_rows(connection, subject="riverside/p2"))
    assert rows[-1]["detail"]["ahead"] is True
