"""Accounts: who gets in, how long, and what ends it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from desk_serving import copied, visiting
from people_samples import (
    NAMES,
    PASSWORDS,
    Clock,
    add_people,
    browser_of,
    desk_of,
    sign_in,
    signed_in,
    token_on,
)

from dashboards.people.identity import Role
from dashboards.people.limits import Limiter
from dashboards.people.passwords import check_password, new_password
from dashboards.screens.account import _inside
from pipelines.cli import root
from pipelines.composition import opened
from pipelines.errors import BadInput
from pipelines.store.tables import custody, failed_sign_ins, people, sign_ins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace

ANA = PASSWORDS[Role.INVESTIGATOR]


@pytest.fixture(scope="module")
def peopled(sample: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = copied(sample, tmp_path_factory.mktemp("peopled") / "room")
    add_people(workspace)
    return workspace


@pytest.fixture
def room(peopled: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copied(peopled, tmp_path_factory.mktemp("peopled") / "room")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(room: Workspace, clock: Clock) -> Iterator[TestClient]:
    with desk_of(room, clock) as client:
        yield client


def log_of(workspace: Workspace, subject: str) -> list[tuple[str, str, dict[str, object]]]:
    with opened(workspace) as database, database.read() as connection:
        query = sa.select(custody).where(custody.c.subject == subject).order_by(custody.c.sequence)
        return [(row.actor, row.action, row.detail) for row in connection.execute(query)]


def test_signing_in_leads_to_where_one_wanted_to_go(desk: TestClient, room: Workspace) -> None:
    asked = desk.get("/listing/riverside/p1?check=1")
    assert asked.status_code == 303
    assert asked.headers["location"] == "/sign-in?next=%2Flisting%2Friverside%2Fp1%3Fcheck%3D1"
    answer = sign_in(desk, "ines", ANA, next="/listing/riverside/p1", matter="Case  17 ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/listing/riverside/p1")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    page = desk.get("/listing/riverside/p1")
    assert page.status_code == 200
    assert "ines</a>, investigator" in page.text
    assert log_of(room, "riverside/p1")[-1] == (
        "ines", "view", {"by": "listing page", "checked": 0, "matter": "Case 17"},
    )  # fmt: skip
    assert log_of(room, "person:ines")[-1][1] == "sign-in"


def test_a_wrong_pair_is_refused_in_the_same_words(desk: TestClient) -> None:
    told = set()
    for name, password in (("ines", "wrong and long enough"), ("nobody", ANA), ("", ANA)):
        answer = sign_in(desk, name, password)
        assert answer.status_code in (400, 403)
        told.update(re.findall(r"<p><b>([^<]+)", answer.text))
    assert told == {"The name or the password is not right."}
    assert desk.get("/").status_code == 303


def test_signing_in_gives_a_new_secret_and_ends_the_one_before(desk: TestClient) -> None:
    sign_in(desk, "ines", ANA)
    before = desk.cookies["tracemark_sign_in"]
    sign_in(desk, "ines", ANA)
    assert desk.cookies["tracemark_sign_in"] != before
    thief = browser_of(desk)
    thief.cookies.set("tracemark_sign_in", before)
    assert thief.get("/").status_code == 303


def test_a_form_is_tied_to_the_sign_in_it_was_shown_in(desk: TestClient) -> None:
    before = token_on(desk, "/sign-in")
    sign_in(desk, "ines", ANA)
    data = {"site": "riverside", "id": "p1", "decision": "relevant", "item": "riverside/p1"}
    assert desk.post("/decisions/undo", data={**data, "form_token": before}).status_code == 403
    assert desk.post("/decisions/undo", data={**data, "form_token": token_on(desk, "/account")}).status_code == 404


def test_a_sign_in_ends_when_idle_and_after_its_day(desk: TestClient, clock: Clock) -> None:
    sign_in(desk, "ines", ANA)
    clock.pass_by(minutes=59)
    assert desk.get("/").status_code == 200
    clock.pass_by(minutes=59)
    assert desk.get("/").status_code == 200
    clock.pass_by(minutes=61)
    assert desk.get("/").status_code == 303
    sign_in(desk, "ines", ANA)
    for _ in range(13):
        clock.pass_by(minutes=55)
        assert desk.get("/").status_code == 200
    clock.pass_by(minutes=55)
    assert desk.get("/").status_code == 303


def test_signing_out_ends_it_at_the_server(desk: TestClient) -> None:
    sign_in(desk, "ines", ANA)
    held = desk.cookies["tracemark_sign_in"]
    assert desk.post("/sign-out", data={"form_token": token_on(desk, "/account")}).status_code == 303
    desk.cookies.set("tracemark_sign_in", held)
    assert desk.get("/").status_code == 303


def test_another_password_ends_every_sign_in_and_token(desk: TestClient) -> None:
    here, there = signed_in(desk, Role.INVESTIGATOR), signed_in(desk, Role.INVESTIGATOR)
    made = here.post(
        "/account/tokens", data={"form_token": token_on(here, "/account"), "matter": "nightly list", "days": "7"}
    )
    token = re.search(r"tracemark_[\w-]{43}", made.text)
    assert token
    bearer = {"authorization": f"Bearer {token[0]}"}
    assert browser_of(desk).get("/api/v1/status", headers=bearer).status_code == 200
    form = {"form_token": token_on(here, "/account"), "current": ANA}
    fresh = "another quiet river bank"
    wrong = here.post("/account/password", data={**form, "current": "x", "password": fresh, "again": fresh})
    assert wrong.status_code == 403
    typed = here.post("/account/password", data={**form, "password": fresh, "again": "otherwise typed"})
    assert typed.status_code == 400
    assert there.get("/").status_code == 200
    assert here.post("/account/password", data={**form, "password": fresh, "again": fresh}).status_code == 303
    assert [one.get("/").status_code for one in (here, there)] == [303, 303]
    assert browser_of(desk).get("/api/v1/status", headers=bearer).status_code == 401
    assert sign_in(browser_of(desk), "ines", ANA).status_code == 403
    assert sign_in(browser_of(desk), "ines", fresh).status_code == 303


def test_a_token_acts_for_its_person_in_the_api_alone_until_it_ends(
    desk: TestClient, room: Workspace, clock: Clock
) -> None:
    viewer = signed_in(desk, Role.VIEWER)
    made = viewer.post(
        "/account/tokens", data={"form_token": token_on(viewer, "/account"), "matter": "weekly figures", "days": "1"}
    )
    token = re.search(r"tracemark_[\w-]{43}", made.text)
    assert token
    assert token[0] not in viewer.get("/account").text
    program = browser_of(desk)
    program.headers["authorization"] = f"bearer {token[0]}"
    assert program.get("/api/v1/sellers/riverside/quietriver").status_code == 200
    assert log_of(room, "seller:riverside/quietriver")[-1] == (
        "vera",
        "view",
        {"by": "api", "matter": "weekly figures"},
    )
    body = {"site": "riverside", "id": "p1", "decision": "relevant"}
    assert program.post("/api/v1/decisions", json=body).status_code == 403
    assert program.get("/").status_code == 303
    clock.pass_by(hours=24)
    refused = program.get("/api/v1/status")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")


def test_guessing_is_slowed_down_for_a_while(desk: TestClient, room: Workspace, clock: Clock) -> None:
    for _ in range(5):
        assert sign_in(desk, "ines", "guess after guess").status_code == 403
    assert sign_in(desk, "ines", ANA).status_code == 429
    assert sign_in(desk, "vera", PASSWORDS[Role.VIEWER]).status_code == 303
    clock.pass_by(minutes=16)
    assert sign_in(browser_of(desk), "ines", ANA).status_code == 303
    assert [detail.get("failed") for _, _, detail in log_of(room, "person:ines")].count("sign-in") == 5
    with opened(room) as database, database.read() as connection:
        assert connection.execute(sa.select(failed_sign_ins)).all() == []


def test_many_names_from_one_address_are_slowed_down_too(desk: TestClient, room: Workspace, clock: Clock) -> None:
    failed = [{"at": clock(), "name_digest": f"{number:064d}", "address": "testclient"} for number in range(20)]
    with opened(room) as database, database.write() as connection:
        connection.execute(sa.insert(failed_sign_ins), failed[:19])
    assert sign_in(desk, "vera", "guess after guess").status_code == 403
    assert sign_in(desk, "vera", PASSWORDS[Role.VIEWER]).status_code == 429


def test_what_was_typed_as_a_name_is_written_nowhere(desk: TestClient, room: Workspace) -> None:
    sign_in(desk, "my secret passphrase", "x")
    database = (room.root / "tracemark.db").read_bytes() + (room.root / "tracemark.db-wal").read_bytes()
    assert b"my secret passphrase" not in database


def test_neither_password_nor_secret_nor_token_is_kept(desk: TestClient, room: Workspace) -> None:
    sign_in(desk, "ines", ANA)
    kept = (room.root / "tracemark.db").read_bytes() + (room.root / "tracemark.db-wal").read_bytes()
    assert ANA.encode() not in kept
    assert desk.cookies["tracemark_sign_in"].encode() not in kept
    with opened(room) as database, database.read() as connection:
        assert connection.scalar(sa.select(people.c.password).limit(1)).startswith("$argon2id$")


def test_a_temporary_password_opens_nothing_but_its_change(desk: TestClient, room: Workspace) -> None:
    run(room, "password", "ines", "--password-stdin", "--temporary", given="temporary words here\n")
    assert sign_in(desk, "ines", "temporary words here").status_code == 303
    assert desk.get("/triage").headers["location"] == "/account"
    assert desk.get("/api/v1/search").status_code == 403
    fresh = "chosen by myself alone"
    form = {"form_token": token_on(desk, "/account"), "current": "temporary words here"}
    assert desk.post("/account/password", data={**form, "password": fresh, "again": fresh}).status_code == 303
    sign_in(desk, "ines", fresh)
    assert desk.get("/triage").status_code == 200


def test_without_accounts_the_desk_is_one_persons_and_says_so(workspace: Workspace) -> None:
    with visiting(workspace) as client:
        assert "ana</a> (no accounts: whoever sits at this machine)" in client.get("/").text
        assert "This desk has no accounts" in client.get("/account").text
        add_people(workspace)
        assert client.get("/").status_code == 303
        assert client.get("/api/v1/status").status_code == 401


@pytest.mark.parametrize(
    ("wanted", "leads"),
    [
        ("/search?q=a%20b#x", "/search?q=a%20b#x"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example", "/"),
        ("http://elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: b", "/"),
        ("http://[", "/"),
        ("", "/"),
    ],
)
def test_signing_in_leads_nowhere_else(wanted: str, leads: str) -> None:
    assert _inside(wanted) == leads


def run(workspace: Workspace, *arguments: str, given: str = "", code: int = 0) -> str:
    made = CliRunner().invoke(root, ["people", *arguments, "--workspace", str(workspace.root)], input=given)
    if code:
        assert made.exception is not None
        assert getattr(made.exception, "exit_code", made.exit_code) == code
        return str(made.exception)
    assert made.exit_code == 0, (made.output, made.exception)
    return made.output


def test_accounts_are_managed_from_the_command_line(workspace: Workspace) -> None:
    assert "every right" in run(workspace, "list")
    good = "quiet river, long bank\n"
    assert (
        run(workspace, "add", "ana", "--role", "administrator", "--password-stdin", given=good)
        == "ana: administrator\n"
    )
    run(workspace, "add", "ben", "--role", "viewer", "--password-stdin", given=good)
    assert "already" in run(workspace, "add", "ben", "--role", "viewer", "--password-stdin", given=good, code=2)
    assert "no name" in run(workspace, "add", "Ben!", "--role", "viewer", "--password-stdin", given=good, code=2)
    assert "not taken" in run(workspace, "add", "cyd", "--role", "viewer", "--password-stdin", given="short\n", code=2)
    assert "no terminal" in run(workspace, "add", "cyd", "--role", "viewer", given=good, code=2)
    assert "no account" in run(workspace, "role", "cyd", "viewer", code=2)
    assert "only administrator" in run(workspace, "role", "ana", "viewer", code=2)
    assert "only administrator" in run(workspace, "disable", "ana", code=2)
    assert run(workspace, "role", "ben", "supervisor") == "ben: supervisor\n"
    assert run(workspace, "disable", "ben") == "ben: supervisor (disabled)\n"
    assert [one["disabled"] is None for one in json.loads(run(workspace, "list", "--json"))] == [True, False]
    run(workspace, "enable", "ben")
    changes = [detail["change"] for _, _, detail in log_of(workspace, "person:ben")]
    assert changes == ["added", "role", "disabled", "enabled"]


def test_disabling_ends_every_sign_in_and_a_role_holds_at_once(desk: TestClient, room: Workspace) -> None:
    viewer, investigator = signed_in(desk, Role.VIEWER), signed_in(desk, Role.INVESTIGATOR)
    assert viewer.get("/triage").status_code == 403
    run(room, "role", NAMES[Role.VIEWER], "investigator")
    assert viewer.get("/triage").status_code == 200
    run(room, "disable", "ines")
    assert investigator.get("/").status_code == 303
    assert sign_in(investigator, "ines", ANA).status_code == 403
    with opened(room) as database, database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(sign_ins)) == 1


@pytest.mark.parametrize("password", ["short", "x" * 300, "aaaaaaaaaaaaaa", "my name is ines, hello"])
def test_a_poor_password_is_not_taken(password: str) -> None:
    with pytest.raises(BadInput):
        check_password(password, "ines")


def test_a_made_password_is_taken() -> None:
    check_password(new_password(), "ines")


def test_the_api_is_asked_so_often_and_no_more() -> None:
    time = [0.0]
    limiter = Limiter(60, lambda: time[0])
    assert [limiter.wait("a") for _ in range(22)] == [0] * 20 + [1, 1]
    assert limiter.wait("b") == 0
    time[0] += 2.0
    assert [limiter.wait("a") for _ in range(3)] == [0, 0, 1]
