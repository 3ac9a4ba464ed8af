"""The JSON API: the screens' answers, typed, and errors as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from desk_samples import PISTOLS

if TYPE_CHECKING:
    from starlette.testclient import TestClient


def test_openapi_names_every_path(reader: TestClient) -> None:
    document = reader.get("/api/v1/openapi.json").json()
    assert set(document["paths"]) == {
        "/api/v1/status",
        "/api/v1/search",
        "/api/v1/listings/{site}/{id}",
        "/api/v1/sellers/{site}/{id}",
        "/api/v1/runs",
        "/api/v1/decisions",
    }
    for path in document["paths"].values():
        for operation in path.values():
            assert {"400", "403", "404", "503"} <= set(operation["responses"])


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
