"""Every route with every role, as the one table says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from desk_serving import copied
from fastapi import FastAPI
from people_samples import Clock, add_people, browser_of, desk_of, signed_in, token_on

from dashboards.people.access import ACCESS, NoRoute, RouteRights, served
from dashboards.people.identity import RIGHTS, Right, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx2 import Response
    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace

NOBODY = "nobody"
FILLED = {"{site}": "riverside", "{native_id:path}": "p1", "{id:path}": "p1", "{id}": "1", "{way}": "second"}


@pytest.fixture(scope="module")
def browsers(sample: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, TestClient]]:
    workspace = copied(sample, tmp_path_factory.mktemp("access") / "room")
    add_people(workspace)
    with desk_of(workspace, Clock()) as client:
        yield {NOBODY: client, **{role.value: signed_in(client, role) for role in Role}}


def ask(browser: TestClient, key: str, *, token: str = "") -> Response:
    method, _, path = key.partition(" ")
    for name, value in FILLED.items():
        path = path.replace(name, value)
    path = "/".join("zz" if part.startswith("{") else part for part in path.split("/"))
    if method == "GET":
        return browser.get(path)
    if "/api/" in path:
        return browser.request(method, path, json={})
    return browser.request(method, path, data={"form_token": token})


def is_refused(answer: Response) -> bool:
    to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    return answer.status_code in (401, 403) or to_sign_in


@pytest.fixture(scope="module")
def tokens(browsers: dict[str, TestClient]) -> dict[str, str]:
    """Of each browser: the token that its forms carry."""
    return {who: token_on(browser, "/sign-in") for who, browser in browsers.items()}


@pytest.mark.parametrize("key", sorted(set(ACCESS) - {"POST /sign-out"}))
def test_every_route_asks_every_role_for_its_right(
    browsers: dict[str, TestClient], tokens: dict[str, str], key: str
) -> None:
    right = ACCESS[key]
    for who, browser in browsers.items():
        allowed = right is None or (who != NOBODY and right in RIGHTS[Role(who)])
        assert is_refused(ask(browser, key, token=tokens[who])) is not allowed, who


def test_the_table_is_the_policy() -> None:
    assert {role for role in Role if Right.CONTACTS in RIGHTS[role]} == {Role.INVESTIGATOR, Role.SUPERVISOR}
    assert {role for role in Role if Right.ADMINISTER in RIGHTS[role]} == {Role.ADMINISTRATOR}
    signing_in = {"GET /sign-in", "POST /sign-in", "POST /sign-in/provider", "GET /sign-in/back"}
    assert {key for key, right in ACCESS.items() if right is None} == signing_in
    for key, right in ACCESS.items():
        if key.startswith(("POST", "PUT", "PATCH", "DELETE")):
            assert right is not Right.READ, key


def test_a_route_without_an_entry_is_not_served() -> None:
    application = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    application.add_api_route("/new", lambda: "x", methods=["GET", "DELETE"])
    with pytest.raises(LookupError, match="DELETE /new, GET /new"):
        RouteRights.over(application.routes)


def test_what_the_table_does_not_know_is_not_handed_on(browsers: dict[str, TestClient]) -> None:
    rights = RouteRights.over(browsers[NOBODY].app.routes)
    assert rights.needed("GET", "/nothing/here") == NoRoute(404)
    assert rights.needed("DELETE", "/triage") == NoRoute(405)
    assert rights.needed("GET", "/listing/a/b/c") is Right.READ
    for browser in (browsers[NOBODY], browsers["viewer"]):
        assert browser.get("/nothing/here").status_code == 404
        assert browser.request("DELETE", "/triage").status_code == 405
        assert browser.get("/triage/").status_code in (303, 403, 404)


def test_every_route_has_one_entry(browsers: dict[str, TestClient]) -> None:
    assert {f"{method} {path}" for method, path in served(browsers[NOBODY].app.routes)} == set(ACCESS)


def test_no_body_grows_without_end(browsers: dict[str, TestClient]) -> None:
    viewer = browser_of(browsers["viewer"])
    assert viewer.post("/sign-in", content=b"x" * 2_000_001).status_code == 413
    chunks = (b"a" * 100_000 for _ in range(21))
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert viewer.post("/sign-in", content=chunks, headers=kind).status_code in (400, 413)
