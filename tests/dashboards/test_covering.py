"""Contacts are shown to those whose role allows it, and covered for the others on every way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from desk_samples import feed_lines, receive
from desk_serving import copied
from hypothesis import given, settings
from hypothesis import strategies as st
from people_samples import Clock, add_people, desk_of, signed_in

from dashboards.people.covering import DOT, shown_line, shown_text
from dashboards.people.identity import RIGHTS, Right, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace

PHONE, MAIL = "202-555-0147", "quiet.fox@example.com"
SECRETS = (PHONE, MAIL, "2025550147", "quiet.fox")
ADDRESSES = (
    "/",
    "/search?q=pistol",
    "/search?q=lantern",
    "/listing/riverside/c1",
    "/seller/riverside/quietriver",
    "/seller/riverside/lanterns",
    "/api/v1/search?q=lantern",
    "/api/v1/listings/riverside/c1",
    "/api/v1/sellers/riverside/lanterns",
)


@pytest.fixture(scope="module")
def browsers(sample: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Role, TestClient]]:
    workspace = copied(sample, tmp_path_factory.mktemp("contacts") / "room")
    line = {**feed_lines()[0], "id": "c1", "title": f"Lantern, call {PHONE}"}
    line["description"] = f"No background check. Write to {MAIL} or call {PHONE}, cash only.\nMore available."
    line["seller"] = {"id": "lanterns", "name": f"Lanterns {PHONE}"}
    receive(workspace, [{**line, "notes": f"evenings {PHONE}"}])
    receive(workspace, [{**line, "notes": f"evenings {PHONE}", "price": 410}])
    add_people(workspace)
    with desk_of(workspace, Clock()) as client:
        yield {role: signed_in(client, role) for role in Role}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMINISTRATOR])
@pytest.mark.parametrize("address", ADDRESSES)
def test_contacts_are_covered_on_every_way(browsers: dict[Role, TestClient], role: Role, address: str) -> None:
    answer = browsers[role].get(address)
    assert answer.status_code == 200
    for secret in SECRETS:
        assert secret not in answer.text


@pytest.mark.parametrize("role", [Role.INVESTIGATOR, Role.SUPERVISOR])
def test_contacts_are_shown_to_those_who_work_with_them(browsers: dict[Role, TestClient], role: Role) -> None:
    for address in ("/listing/riverside/c1", "/api/v1/listings/riverside/c1", "/api/v1/search?q=lantern"):
        answer = browsers[role].get(address)
        assert PHONE in answer.text
        assert MAIL in answer.text


def test_marks_lie_on_their_words_in_a_covered_text(browsers: dict[Role, TestClient]) -> None:
    for role in (Role.VIEWER, Role.INVESTIGATOR):
        line = browsers[role].get("/api/v1/listings/riverside/c1").json()
        assert line["assessment"]["signals"]
        for signal in line["assessment"]["signals"]:
            assert line[signal["field"]][signal["start"] : signal["end"]] == signal["text"]


def test_a_search_for_a_contact_needs_the_right(browsers: dict[Role, TestClient]) -> None:
    for query in ("contact:202-555-0147", "lantern -contact:x", "(a OR contact:x) b"):
        assert browsers[Role.VIEWER].get("/search", params={"q": query}).status_code == 403
        assert browsers[Role.VIEWER].get("/api/v1/search", params={"q": query}).status_code == 403
    found = browsers[Role.INVESTIGATOR].get("/api/v1/search", params={"q": f"contact:{PHONE}"})
    assert found.json()["total"] == 1


def test_who_may_export_may_see() -> None:
    for role in Role:
        assert Right.EXPORT not in RIGHTS[role] or Right.CONTACTS in RIGHTS[role]


@settings(max_examples=60)
@given(st.text(max_size=40), st.text(max_size=40))
def test_a_covered_text_is_as_long_as_it_was(before: str, after: str) -> None:
    text = f"{before} {MAIL} {after}"
    covered = shown_text(text)
    assert len(covered) == len(text)
    assert MAIL not in covered or "@" in before + after
    assert all(new in (old, DOT) for old, new in zip(text, covered, strict=True))


@settings(max_examples=30)
@given(st.text(max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_what_was_read_as_a_contact_is_covered(text: str, one: int, other: int) -> None:
    start, end = min(one, other, len(text)), min(max(one, other), len(text))
    contact = {"kind": "phone", "value": "1", "field": "title", "start": start, "end": end}
    covered = shown_line({"title": text, "contacts": [contact]})
    assert covered["title"][start:end] == DOT * (end - start)
    assert covered["contacts"][0]["value"] == DOT * 8
