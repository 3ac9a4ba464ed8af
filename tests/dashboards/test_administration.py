"""Administration: accounts, sign-ins and keys managed in the browser, and the custody log read by the page."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from attrs import evolve
from click.testing import CliRunner
from desk_serving import copied
from people_samples import Clock, add_people, browser_of, desk_of, sign_in, signed_in, token_on
from starlette.testclient import TestClient

from dashboards.administration import read_origins
from dashboards.application import create_application
from dashboards.people.identity import Role
from pipelines.cli import root
from pipelines.composition import opened, utc_now
from pipelines.retention.policy import find_due
from pipelines.settings import Retention, SettingOrigin
from pipelines.store.tables import custody
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def room(sample: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = copied(sample, tmp_path_factory.mktemp("administration") / "room")
    add_people(workspace)
    return workspace


@pytest.fixture(scope="module")
def desk(room: Workspace) -> Iterator[TestClient]:
    with desk_of(room, Clock()) as client:
        yield client


@pytest.fixture(scope="module")
def adam(desk: TestClient) -> TestClient:
    return signed_in(desk, Role.ADMINISTRATOR, matter="Quarterly check")


def post(browser: TestClient, path: str, **fields: str) -> tuple[int, str]:
    answer = browser.post(path, data={"form_token": token_on(browser, "/administration"), **fields})
    return answer.status_code, answer.text


def test_a_person_is_added_signs_in_and_chooses_a_password(desk: TestClient, adam: TestClient) -> None:
    status, page = post(adam, "/administration/people", name="nina", role="viewer")
    assert status == 200
    handed = re.search(r'shown this once: <code class="breaks">([^<]+)', page)
    assert handed
    assert handed[1] not in adam.get("/administration").text
    nina = browser_of(desk)
    assert sign_in(nina, "nina", handed[1]).status_code == 303
    assert nina.get("/search").headers["location"] == "/account"


def test_mistakes_are_told_on_the_page(adam: TestClient) -> None:
    for path, fields, words in (
        ("/administration/people", {"name": "adam", "role": "viewer"}, "already"),
        ("/administration/people", {"name": "No Name!", "role": "viewer"}, "no name"),
        ("/administration/role", {"name": "adam", "role": "viewer"}, "only administrator"),
        ("/administration/disable", {"name": "vera", "typed": "ver"}, "type that name"),
        ("/administration/disable", {"name": "adam", "typed": "adam"}, "only administrator"),
        ("/administration/enable", {"name": "zz"}, "no account"),
        ("/administration/password", {"name": "zz"}, "no account"),
    ):
        status, page = post(adam, path, **fields)
        assert status == 400, path
        assert words in page
        assert "<title>Error: " in page


def test_somebody_is_disabled_enabled_and_ended(desk: TestClient, adam: TestClient) -> None:
    vera = signed_in(desk, Role.VIEWER)
    digest = re.search(r'name="sign_in" value="([0-9a-f]{64})"', vera.get("/account").text)
    assert digest
    assert post(adam, "/administration/end", sign_in=digest[1])[0] == 303
    assert vera.get("/").status_code == 303
    vera = signed_in(desk, Role.VIEWER)
    assert post(adam, "/administration/disable", name="vera", typed="vera")[0] == 303
    assert vera.get("/").status_code == 303
    assert post(adam, "/administration/enable", name="vera")[0] == 303
    assert signed_in(desk, Role.VIEWER).get("/").status_code == 200


def test_nobody_ends_what_is_not_theirs(desk: TestClient) -> None:
    ines, sven = signed_in(desk, Role.INVESTIGATOR), signed_in(desk, Role.SUPERVISOR)
    digest = re.search(r'name="sign_in" value="([0-9a-f]{64})"', ines.get("/account").text)
    assert digest
    sven.post("/account/end", data={"form_token": token_on(sven, "/account"), "sign_in": digest[1]})
    assert ines.get("/").status_code == 200
    ines.post("/account/end", data={"form_token": token_on(ines, "/account"), "sign_in": digest[1]})
    assert ines.get("/").status_code == 303


def test_settings_keys_and_roles_are_shown_as_they_are(adam: TestClient, room: Workspace) -> None:
    page = adam.get("/administration").text
    for one in room.origins:
        assert f">{one.name}<" in page
    assert "No rule of retention is set" in page
    assert re.search(r'sealed by the key <code class="hash">[0-9a-f]{64}', page)
    assert "<td>yes</td><td>yes</td><td>yes</td><td>yes</td>" in page


def test_the_checks_are_those_of_the_doctor(adam: TestClient, room: Workspace) -> None:
    told = CliRunner().invoke(root, ["doctor", "--json", "--workspace", str(room.root)]).output
    rows = re.findall(
        r'<th scope="row">(\w+)</th><td><span class="state \w+">(\w+)</span></td>\s*'
        r'<td class="breaks" dir="auto">(.*?)</td><td class="breaks" dir="auto">(.*?)</td>',
        adam.get("/administration/checks").text,
    )
    shown = [tuple(unescape(cell) for cell in row) for row in rows]
    assert shown == [(one["id"], one["state"], one["found"], one["fix"] or "–") for one in json.loads(told)["checks"]]
    assert len(shown) >= 10


def test_what_retention_would_delete_is_said_beforehand(sample: Workspace, tmp_path: Path) -> None:
    workspace = copied(sample, tmp_path / "room")
    file = workspace.root / "tracemark.toml"
    file.write_text(f"{file.read_text()}\n[retention]\nordinary = 30\nflagged = 400\n")
    later = Clock(utc_now() + timedelta(days=60))
    with TestClient(create_application(Workspace.read(workspace.root, {}), actor="ana", now=later)) as client:
        shown = re.sub(r"<[^>]+>", "", client.get("/administration/checks", headers={"host": "127.0.0.1"}).text)
    told = re.findall(r"(\d+) (ordinary|flagged) listings, older than (\d+) days", shown)
    with opened(workspace) as database, database.read() as connection:
        due = find_due(connection, Retention(ordinary=30, flagged=400), later())
    assert told == [(str(len(due.listings["ordinary"])), "ordinary", "30")]
    assert len(due.listings["ordinary"]) >= 10


def test_the_password_of_a_database_is_not_shown(room: Workspace) -> None:
    origin = SettingOrigin(name="store.url", value="postgresql://desk:hidden@db.example.com/x", origin="file")
    shown = read_origins(evolve(room, origins=(origin,)))[0]
    assert shown.value == "postgresql://desk:***@db.example.com/x"


def test_the_log_is_read_by_the_page_narrowed_and_checked(adam: TestClient, room: Workspace) -> None:
    numbers: list[int] = []
    address: str | None = "/custody?action=assess"
    adam.get("/search?q=pistol")
    first = adam.get("/custody").text
    assert "matter Quarterly check" in first
    address = "/custody"
    while address:
        page = adam.get(address).text
        numbers += [int(one) for one in re.findall(r'<th scope="row" class="number">(\d+)', page)]
        older = re.search(r'href="(/custody\?[^"]+)">Older', page)
        address = older[1].replace("&amp;", "&") if older else None
    assert numbers == sorted(set(numbers), reverse=True)
    assert numbers[-1] == 1
    assert "every row follows" in adam.get("/custody?check=1").text
    only = adam.get("/custody", params={"actor": "adam", "action": "view", "subject": "search"}).text
    assert len(re.findall(r'<th scope="row" class="number">', only)) == 1
    assert "No row is like that" in adam.get("/custody?actor=zz").text


def test_a_changed_row_is_found(sample: Workspace, tmp_path_factory: pytest.TempPathFactory) -> None:
    workspace = copied(sample, tmp_path_factory.mktemp("broken") / "room")
    with opened(workspace) as database, database.write() as connection:
        connection.execute(sa.update(custody).where(custody.c.sequence == 3).values(actor="somebody else"))
    with desk_of(workspace, Clock()) as client:
        assert "Row 3 does not follow" in client.get("/custody?check=1").text
