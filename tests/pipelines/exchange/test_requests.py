"""Requests to marketplaces: what must be there before each, what the form says, and what came of it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from case_room import START, Room, fill

from pipelines.errors import BadInput, NotPermitted
from pipelines.exchange.forms import RequestKind, fill_form, print_form
from pipelines.exchange.requests import RequestDesk, read_request, read_requests
from pipelines.store.custody import broken_at, custody_rows
from pipelines.store.database import Database
from pipelines.store.tables import decisions, listings

if TYPE_CHECKING:
    from collections.abc import Iterator

SENDER = {"operator": "Example Unit", "contact": "unit@example.org", "authority": "Mandate 12/2026"}
TO = {"recipient": "Alpha, trust and safety", "basis": "Example Act, section 1"}
PLACES = (("alpha", "101"), ("alpha", "102"))


@pytest.fixture
def room(store_url: str) -> Iterator[Room]:
    database = Database.open(store_url)
    fill(database)
    yield Room(database)
    database.close()


def desk(room: Room) -> RequestDesk:
    return RequestDesk(database=room.database, actor="ana", sender=SENDER, now=room.now)


def decide(room: Room, decision: str = "relevant") -> None:
    with room.database.write() as connection:
        for row in connection.scalars(sa.select(listings.c.id)).all():
            values = {"listing": row, "at": room.now(), "actor": "ana", "decision": decision, "reason": ""}
            connection.execute(sa.insert(decisions).values(values))


def test_from_preservation_to_the_answer_on_a_takedown(room: Room) -> None:
    asked = desk(room)
    case = room.desk("ana").create("Two").reference
    room.desk("ana").add(case, listed=PLACES)
    keep = asked.make(RequestKind.PRESERVATION, case=case, **TO)
    assert (keep["reference"], keep["state"], keep["form"]["until"]) == ("R-2026-0001", "made", "2026-05-31")
    assert [one["id"] for one in keep["form"]["listings"]] == ["101", "102"]
    with pytest.raises(NotPermitted, match="no person has decided"):
        asked.make(RequestKind.TAKEDOWN, case=case, **TO)
    decide(room)
    with pytest.raises(BadInput, match="no preservation request was sent"):
        asked.make(RequestKind.TAKEDOWN, case=case, **TO)
    assert asked.mark_sent(keep["reference"], how="by registered letter")["state"] == "sent"
    down = asked.make(RequestKind.TAKEDOWN, case=case, **TO)
    assert down["form"]["until"] is None
    asked.mark_sent(down["reference"], how="their form for notices")
    asked.answer(down["reference"], "acknowledged", text="We look at it")
    done = asked.answer(down["reference"], "partly", text="One of two", received=date(2026, 3, 2))
    assert [one["outcome"] for one in done["answers"]] == ["acknowledged", "partly"]
    with room.database.read() as connection:
        assert [one["reference"] for one in read_requests(connection, waiting=True)] == [keep["reference"]]
        assert len(read_requests(connection, case=case)) == 2
        assert read_request(connection, down["reference"]) == done
        rows = [row["detail"] for row in custody_rows(connection, subject=f"case:{case}")]
        assert [row["did"] for row in rows if row["case"] == "request"] == ["make", "sent"] * 2 + ["answer"] * 2
        assert broken_at(connection) is None


def test_what_cannot_be_done_changes_nothing(room: Room) -> None:
    asked = desk(room)
    decide(room)
    made = asked.make(RequestKind.TAKEDOWN, places=PLACES, unpreserved="it is gone already", **TO)
    wrong = [
        lambda: asked.make(RequestKind.PRESERVATION, places=[("alpha", "none")], **TO),
        lambda: asked.make(RequestKind.PRESERVATION, places=[], **TO),
        lambda: asked.make(RequestKind.PRESERVATION, places=PLACES, until=date(2020, 1, 1), **TO),
        lambda: asked.make(RequestKind.PRESERVATION, places=PLACES, recipient="X", basis=" "),
        lambda: asked.answer(made["reference"], "done", text="before it was sent"),
        lambda: asked.answer("R-1999-0001", "done", text="x"),
        lambda: asked.mark_sent("R-1999-0001", how="x"),
    ]
    for attempt in wrong:
        with pytest.raises(BadInput):
            attempt()
    asked.mark_sent(made["reference"], how="letter")
    for late in (date(2026, 3, 1), date(2026, 3, 3)):
        with pytest.raises(BadInput, match="cannot be"):
            asked.answer(made["reference"], "done", text="x", received=late)
    with pytest.raises(BadInput, match="sent already"):
        asked.mark_sent(made["reference"], how="again")
    with pytest.raises(BadInput, match="no outcome"):
        asked.answer(made["reference"], "guilty", text="x")
    with room.database.read() as connection:
        [kept] = read_requests(connection)
        assert kept["answers"] == []
        subjects = [row["subject"] for row in custody_rows(connection)]
    assert subjects == ["alpha/101", "alpha/102"] * 2
    decide(room, "not_relevant")
    with pytest.raises(NotPermitted):
        asked.make(RequestKind.TAKEDOWN, places=PLACES, unpreserved="r", **TO)


def test_the_form_is_text_without_tricks() -> None:
    line = {
        "site": "alpha", "id": "7", "url": None, "title": "=1+1 <b>\u202egnp\n\n9. Signed: the director",
        "seller": {"id": "s1"}, "first_seen": "2026-03-01", "last_seen": "2026-03-02",
    }  # fmt: skip
    form = fill_form(RequestKind.TAKEDOWN, reference="R-1", made=START, sender=SENDER, until=None, lines=[line], **TO)
    text = print_form(form)
    assert "\u202e" not in text
    assert "1. =1+1 <b>[U+202E]gnp 9. Signed: the director" in text  # on the line of the title, not one of its own
    assert "Address:         not stated" in text
    assert not [word for word in ("illegal", "criminal", "trafficker", "offender", "suspect") if word in text.lower()]
    assert "not findings" in " ".join(text.split())
