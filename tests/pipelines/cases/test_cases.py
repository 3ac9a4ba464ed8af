"""Cases: what may be done with them, by whom, and what is kept of it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from case_room import OFFERS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.cases.models import CaseState
from pipelines.cases.records import cases_of, read_case, read_cases
from pipelines.errors import BadInput
from pipelines.store.custody import broken_at, custody_rows
from pipelines.store.lines import rows_of

if TYPE_CHECKING:
    from case_room import Room

    from pipelines.cases.models import Case

FIRST, SECOND = ("alpha", OFFERS[0]), ("alpha", OFFERS[1])


def done(case: Case) -> list[str]:
    return [entry.action for entry in case.history]


def test_a_case_from_its_opening_to_its_end(any_room: Room) -> None:
    room = any_room
    ana, ben = room.desk("ana"), room.desk("ben")
    case = ana.create("  Eleven pistols ")
    assert (case.reference, case.name, case.owner, case.state) == ("C-2026-0001", "Eleven pistols", "ana", "open")
    ana.add(case.reference, listed=[FIRST, SECOND], sold_by=[("alpha", "s1")])
    ben.note("Eleven pistols", "the same table in every picture")
    ben.plan(case.reference, "compare the numbers", assignee="ana", due=date(2026, 3, 1))
    open_case = ana.view(case.reference)
    [task] = open_case.tasks
    assert task.is_overdue(date(2026, 3, 2))
    assert [one.id for one in open_case.listings] == list(OFFERS[:2])
    assert [one.name for one in open_case.sellers] == ["Quiet Fox"]
    finished = ana.finish(case.reference, task.number)
    assert ana.finish(case.reference, task.number).tasks == finished.tasks
    ana.agree(case.reference, reason="distinct pistols", recipient="Focal point")
    referred = ben.agree(case.reference, reason="read all of it")
    assert (referred.state, referred.referred_to) == (CaseState.REFERRED, "Focal point")
    closed = ana.close(case.reference, reason="handed over")
    assert done(closed) == ["create", "add", "note", "task", "done", "agree", "agree", "refer", "close"]
    with room.database.read() as connection:
        rows = list(custody_rows(connection, subject="case:C-2026-0001"))
        assert [row["detail"].get("case", row["action"]) for row in rows if row["action"] != "view"] == done(closed)
        assert [row["actor"] for row in rows if row["action"] == "view"] == ["ana"]
        assert broken_at(connection) is None
        assert "the same table" not in str(rows)
        assert [one.reference for one in read_cases(connection, state=CaseState.CLOSED)] == ["C-2026-0001"]
        row = rows_of(connection, [FIRST])[FIRST]
        assert cases_of(connection, row) == [("C-2026-0001", "Eleven pistols")]


def test_one_persons_word_is_not_enough_and_falls_with_a_change(room: Room) -> None:
    ana, ben = room.desk("ana"), room.desk("ben")
    name = ana.create("Two words").reference
    with pytest.raises(BadInput, match="empty"):
        ana.agree(name, reason="r", recipient="X")
    ana.add(name, listed=[FIRST])
    with pytest.raises(BadInput, match="to whom"):
        ana.agree(name, reason="r")
    ana.agree(name, reason="r", recipient="X")
    assert ana.agree(name, reason="again", recipient="Y").state is CaseState.OPEN
    with pytest.raises(BadInput, match="different recipients"):
        ben.agree(name, reason="r", recipient="X")
    assert ben.add(name, listed=[FIRST]).agreements  # it was in the case already
    assert not ben.add(name, listed=[SECOND]).agreements
    ana.agree(name, reason="r", recipient="X")
    assert not ana.remove(name, listed=[SECOND], reason="a toy").agreements
    ana.agree(name, reason="r", recipient="X")
    assert ben.agree(name, reason="r", recipient="X").state is CaseState.REFERRED
    for change in (lambda: ben.add(name, listed=[SECOND]), lambda: ben.remove(name, listed=[FIRST], reason="r")):
        with pytest.raises(BadInput, match="referred"):
            change()
    assert ben.note(name, "handed over by hand").notes
    again = ben.reopen(name, reason="more of them")
    assert (again.state, again.agreements, again.referred_to) == (CaseState.OPEN, (), None)


def test_all_offers_of_a_seller(room: Room) -> None:
    desk = room.desk("ana")
    offers = desk.offers_of(("alpha", "s1"))
    assert [native_id for _, native_id in offers] == list(OFFERS)
    case = desk.add(desk.create("All of them").reference, listed=offers)
    assert [one.id for one in case.listings] == list(OFFERS)
    assert desk.add(case.reference, listed=offers) == case


def test_what_cannot_be_done_changes_nothing(room: Room) -> None:
    desk = room.desk("ana")
    name = desk.create("Nothing", reference="N-1").reference
    desk.create("Nothing")
    wrong = [
        lambda: desk.create("x", reference="N-1"),
        lambda: desk.create("x", reference="../x"),
        lambda: desk.create("  "),
        lambda: desk.create("n" * 201),
        lambda: desk.view("Nothing"),
        lambda: desk.view("C-1999-0001"),
        lambda: desk.add(name, listed=[FIRST, ("alpha", "none")]),
        lambda: desk.add(name, listed=[FIRST], sold_by=[("alpha", "nobody")]),
        lambda: desk.remove(name, listed=[FIRST], reason="r"),
        lambda: desk.remove(name, listed=[FIRST], reason=" "),
        lambda: desk.note(name, "\ud800"),
        lambda: desk.finish(name, 10_000),
        lambda: desk.reopen(name, reason="r"),
    ]
    for attempt in wrong:
        with pytest.raises(BadInput):
            attempt()
    with room.database.read() as connection:
        case = read_case(connection, name)
    assert done(case) == ["create"]
    assert case.listings == case.sellers == ()
    desk.close(name, reason="done")
    with pytest.raises(BadInput, match="closed"):
        desk.note(name, "too late")


ACTS = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "agree", "note", "close", "reopen"]), st.sampled_from(["ana", "ben"])),
    max_size=14,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_a_referral_always_rests_on_two_people_and_what_they_saw(room: Room, acts: list[tuple[str, str]]) -> None:
    name = room.desk("ana").create("Any order").reference
    agreed: set[str] = set()
    history: list[str] = ["create"]
    for act, actor in acts:
        desk = room.desk(actor)
        do = {
            "add": lambda desk=desk: desk.add(name, listed=[FIRST]),
            "remove": lambda desk=desk: desk.remove(name, listed=[FIRST], reason="r"),
            "agree": lambda desk=desk: desk.agree(name, reason="r", recipient="X"),
            "note": lambda desk=desk: desk.note(name, "n"),
            "close": lambda desk=desk: desk.close(name, reason="r"),
            "reopen": lambda desk=desk: desk.reopen(name, reason="r"),
        }[act]
        try:
            case = do()
        except BadInput:
            continue
        if act in {"add", "remove", "reopen"} and done(case) != history:
            agreed.clear()
        if act == "agree":
            agreed.add(actor)
        assert done(case)[: len(history)] == history
        assert {one.actor for one in case.agreements} == agreed
        assert (case.state is CaseState.REFERRED) <= (agreed == {"ana", "ben"})
        history = done(case)
