"""The JSON API: the screens' answers, typed, and errors as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from desk_samples import PISTOLS

from dashboards.people.access import ACCESS

if TYPE_CHECKING:
    from starlette.testclient import TestClient


def test_openapi_names_every_path(reader: TestClient) -> None:
    document = reader.get("/api/v1/openapi.json").json()
    served = {key.partition(" ")[2].replace(":path", "") for key in ACCESS if " /api/" in key}
    assert set(document["paths"]) == served - {"/api/v1/openapi.json"}
    for path in document["paths"].values():
        for operation in path.values():
            assert {"400", "401", "403", "404", "429", "503"} <= set(operation["responses"])


def test_search_gives_the_contract(reader: TestClient) -> None:
    found = reader.get("/api/v1/search", params={"q": "glock", "limit": 2}).json()
    assert found["total"] == 3
    assert len(found["hits"]) == 2
    hit = found["hits"][0]
    span = hit["highlights"]["title"][0]
    assert hit["title"][span["start"] : span["end"]] == "Glock"
    assert hit["assessment"]["class"] == "firearm_handgun"
    signal = hit["assessment"]["signals"][0]
    assert hit[signal["field"]][signal["start"] : signal["end"]] == signal["text"]
    rest = reader.get("/api/v1/search", params={"q": "glock", "limit": 2, "cursor": found["cursor"]}).json()
    assert len(rest["hits"]) == 1
    assert rest["cursor"] is None


def test_a_listing_a_seller_the_runs_and_the_status(reader: TestClient) -> None:
    listing = reader.get("/api/v1/listings/riverside/p1").json()
    assert (listing["level"], len(listing["versions"]), len(listing["captures"])) == ("review", 1, 1)
    seller = reader.get("/api/v1/sellers/riverside/quietriver").json()
    assert seller["review"] == "review"
    assert len(seller["listings"]) == len(PISTOLS)
    assert reader.get("/api/v1/runs").json()[0]["found"]["listings"] == 39
    status = reader.get("/api/v1/status").json()
    assert (status["listings"], status["to_decide"]) == (39, len(PISTOLS))


def test_a_decision_is_kept(client: TestClient) -> None:
    body = {"site": "riverside", "id": "p1", "decision": "relevant", "reason": "seen"}
    answer = client.post("/api/v1/decisions", json=body)
    assert answer.status_code == 201
    assert answer.json() | body == answer.json()
    assert client.get("/api/v1/listings/riverside/p1").json()["decisions"][0]["decision"] == "relevant"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/search?q=glock+AND", 400),
        ("GET", "/api/v1/search?limit=5000", 400),
        ("GET", "/api/v1/search?sort=best", 400),
        ("GET", "/api/v1/search?cursor=zz", 400),
        ("GET", "/api/v1/listings/riverside/zz", 404),
        ("GET", "/api/v1/sellers/riverside/zz", 404),
        ("GET", "/api/v1/no", 404),
        ("POST", "/api/v1/status", 405),
    ],
)
def test_errors_are_json(reader: TestClient, method: str, path: str, status: int) -> None:
    answer = reader.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "hint", "details"}


@pytest.mark.parametrize(
    "body",
    [
        {"site": "riverside", "id": "p1", "decision": "perhaps"},
        {"site": "riverside", "id": "p1", "decision": "relevant", "by": "me"},
        {"site": "riverside", "decision": "relevant"},
        {"site": "riverside", "id": "p1", "decision": "relevant", "reason": "x" * 2_001},
        [],
    ],
)
def test_a_wrong_body_is_told_with_its_path(reader: TestClient, body: object) -> None:
    answer = reader.post("/api/v1/decisions", json=body)
    assert answer.status_code == 400
    assert answer.json()["details"]


def test_work_is_done_through_it(client: TestClient) -> None:
    made = client.post("/api/v1/cases", json={"name": "Quiet River"})
    assert made.status_code == 201
    reference = made.json()["reference"]
    body = {"listings": [{"site": "riverside", "id": "p1"}], "sellers": [{"site": "riverside", "id": "quietriver"}]}
    added = client.post(f"/api/v1/cases/{reference}/members", json=body).json()
    assert [one["id"] for one in added["listings"]] == ["p1"]
    client.post(f"/api/v1/cases/{reference}/notes", json={"text": "Looked at."})
    client.post(f"/api/v1/cases/{reference}/tasks", json={"text": "Ask the site.", "due": "2026-12-01"})
    case = client.get(f"/api/v1/cases/{reference}").json()
    assert (case["notes"][0]["text"], case["tasks"][0]["due"]) == ("Looked at.", "2026-12-01")
    assert client.get("/api/v1/cases").json()[0]["reference"] == reference
    packet = client.post("/api/v1/packets", json={"site": "riverside", "id": "p1"})
    assert packet.content.startswith(b"PK")
    client.post("/api/v1/decisions", json={"site": "riverside", "id": "p1", "decision": "unsure"})
    assert client.post("/api/v1/decisions/undo", json={}).json()["decision"] == "unsure"
    assert client.post("/api/v1/decisions/undo", json={}).status_code == 404
    assert client.get("/api/v1/cases/none").status_code == 404


def test_lists_are_exported_and_every_export_is_in_the_log(client: TestClient) -> None:
    lines = client.get("/api/v1/export/listings", params={"q": "glock"}).text.splitlines()
    assert {json.loads(line)["id"] for line in lines} == {"p0", "p1", "p6"}
    assert len(client.get("/api/v1/export/items").text.splitlines()) == len(PISTOLS) + 6
    assert "quietriver" in client.get("/api/v1/export/sellers").text
    assert client.get("/api/v1/export/listings", params={"q": "a AND"}).status_code == 400
    log = client.get("/api/v1/custody", params={"action": "export"}).json()
    assert [(one["actor"], one["subject"]) for one in log["rows"]] == [
        ("ana", "export:sellers"),
        ("ana", "export:items"),
        ("ana", "export:listings"),
    ]


def test_it_says_who_asks_and_manages_people(client: TestClient) -> None:
    me = client.get("/api/v1/me").json()
    assert (me["name"], me["role"]) == ("ana", None)
    assert {"own", "read", "contacts", "administer"} < set(me["rights"])
    body = {"name": "ben", "role": "viewer", "password": "quiet river bank"}
    assert client.post("/api/v1/people", json=body).status_code == 201
    assert client.get("/api/v1/me").status_code == 401
