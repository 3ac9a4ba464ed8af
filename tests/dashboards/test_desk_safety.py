"""What keeps others out and listing text from becoming anything but text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from desk_serving import visiting
from hostile_samples import HOSTILE, WRITTEN, hostile_lines, hostile_workspace, together
from test_desk_screens import page, token_of

import dashboards
from dashboards.people.access import ACCESS, served
from dashboards.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace

TEMPLATES = sorted((Path(dashboards.__file__).parent / "templates").glob("*.html"))
FOREIGN_HOSTS = ("evil.example", "127.0.0.1.evil.example", "127.0.0.1:80:90", "", "localhost.evil.example:8000")
FORMS = sorted(key.removeprefix("POST ") for key in ACCESS if key.startswith("POST ") and "/api/" not in key)
TOGETHER = together(HOSTILE, 8)
ACCUSING = re.compile(
    r"traffick|criminal|illegal|illicit|guilty|suspect|offender|perpetrator|unlawful|smuggl|felon|culprit|crime",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with visiting(hostile_workspace(tmp_path_factory.mktemp("hostile") / "room", TOGETHER)) as client:
        yield client


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_foreign_host_is_refused(reader: TestClient, host: str) -> None:
    for path in ("/", "/api/v1/status", "/static/desk.css"):
        assert reader.get(path, headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "LOCALHOST", "[::1]:8000", "[::1]"])
def test_this_machine_is_served(reader: TestClient, host: str) -> None:
    assert reader.get("/", headers={"host": host}).status_code == 200


def test_every_answer_carries_the_headers(reader: TestClient) -> None:
    for path in ("/", "/search?q=AND", "/no", "/static/desk.js", "/api/v1/status", "/api/v1/no"):
        headers = reader.get(path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == ("max-age=86400" if path.startswith("/static") else "no-store")


def test_every_route_has_its_right(client: TestClient) -> None:
    assert {f"{method} {path}" for method, path in served(client.app.routes)} <= set(ACCESS)


@pytest.mark.parametrize("path", FORMS)
def test_a_form_that_was_not_shown_here_is_refused(reader: TestClient, path: str) -> None:
    page(reader, "/triage")
    data = {"site": "riverside", "id": "p1", "decision": "relevant"}
    for token in (None, "", "0" * 64, "é"):
        answer = reader.post(path, data=data if token is None else {**data, "form_token": token})
        assert answer.status_code == 403
    assert reader.get("/api/v1/status").json()["to_decide"] == 11


def test_a_form_is_tied_to_the_browser_it_was_shown_in(client: TestClient) -> None:
    token = token_of(page(client, "/triage"))
    client.cookies.clear()
    data = {"site": "riverside", "id": "p1", "decision": "relevant", "form_token": token}
    assert client.post("/decisions", data=data).status_code == 403
    client.cookies.set("tracemark_form", "another")
    assert client.post("/decisions", data=data).status_code == 403


def test_the_cookie_is_strict_and_out_of_reach_of_scripts(client: TestClient) -> None:
    cookie = client.get("/").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_write_from_another_origin_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    token = token_of(page(client, "/triage"))
    data = {"site": "riverside", "id": "p1", "decision": "relevant", "form_token": token}
    assert client.post("/decisions", data=data, headers=headers).status_code == 403
    body = {"site": "riverside", "id": "p1", "decision": "relevant"}
    assert client.post("/api/v1/decisions", json=body, headers=headers).status_code == 403
    own = {"origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    assert client.post("/decisions", data=data, headers=own).status_code == 303


def test_the_api_takes_no_form(client: TestClient) -> None:
    body = '{"site": "riverside", "id": "p1", "decision": "relevant"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = client.post("/api/v1/decisions", content=body, headers={"content-type": kind})
        assert answer.status_code in (400, 403)
    assert client.get("/api/v1/status").json()["to_decide"] == 11


def test_hostile_text_is_only_ever_text(hostile: TestClient) -> None:
    seen = ""
    addresses = ["/", "/search", "/search?page=2", "/sites", "/triage"]
    for line in hostile_lines(TOGETHER):
        addresses += [f"/listing?site=hostile&id={line['id']}", f"/seller?site=hostile&id={line['id']}"]
    for address in addresses:
        html = page(hostile, address)
        assert not re.search(
            r"<(?:img src=x|script>|iframe|svg on|object|embed|base |meta http|form action=.?http)", html
        )
        assert not re.search(r"<[^>]*\son\w+\s*=", html), address
        assert not re.search(r'(?:href|src|action)="(?!/|#|\?)', html), address
        seen += html
    for text in HOSTILE:
        if "<" in text:
            assert text not in seen


def test_hostile_queries_are_only_ever_text(reader: TestClient) -> None:
    for text in WRITTEN:
        answer = reader.get("/search", params={"q": printable(text)})
        assert answer.status_code in (200, 400)
        assert not re.search(r"<(?:img src=x|script>|iframe|svg on)", answer.text)
        assert reader.get("/api/v1/search", params={"q": printable(text)}).status_code in (200, 400)


def test_a_capture_is_only_ever_served_as_a_picture(workspace: Workspace) -> None:
    with visiting(workspace) as client:
        capture = client.get("/api/v1/listings/riverside/p1").json()["captures"][0]["id"]
        page(client, f"/capture/{capture}/screenshot.png", 404)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_accuses_or_carries_script_and_style(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not ACCUSING.search(text)
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|\|\s*safe|autoescape false|<style", text)
    assert not re.search(r"<script(?! src=\"{{ asset\[\"\w+\.js\"\] }}\"(?: defer)?></script>)", text)
    assert not re.search(r"https?://", text)
    assert not re.search(r"\s[\w-]+=\{\{", text), "an attribute without quotes"


def test_the_script_asks_for_nothing() -> None:
    text = (TEMPLATES[0].parent.parent / "static" / "desk.js").read_text(encoding="utf-8")
    assert not re.search(r"XMLHttp|innerHTML|eval|import\(|https?:", text)
    asked = re.findall(r"fetch\((.{3})", text)
    assert all(re.match(r"[`\"']/[^/]", one) or one.startswith("new") for one in asked), asked
