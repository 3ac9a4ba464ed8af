"""Sign-in by an OpenID Connect provider, against a small one of our own on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import define, field
from click.testing import CliRunner
from desk_serving import copied, serving
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey
from people_samples import Clock, add_people, browser_of, desk_of, sign_in, token_on
from test_desk_browser import opened_page
from test_desk_screens import custody_of

from dashboards.application import create_application
from dashboards.commands import has_people
from dashboards.people.provider import require_safe
from pipelines.cli import root
from pipelines.errors import BadInput, ConfigurationError
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from httpx2 import Response
    from playwright.sync_api import Browser
    from starlette.testclient import TestClient

SECRET = "what-the-desk-and-the-provider-know"


@define
class LocalProvider:
    """Signs everybody in as `claims` say. `spoil` changes a token's claims before they are signed."""

    clock: Clock
    key: ECKey = field(factory=lambda: ECKey.generate_key("P-256", {"kid": "one"}))
    claims: dict[str, Any] = field(
        factory=lambda: {"sub": "s-1", "preferred_username": "Olga", "groups": ["staff", "leads"]}
    )
    spoil: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    signer: Any = None
    issuer: str = ""
    codes: dict[str, dict[str, list[str]]] = field(factory=dict)
    asked: list[str] = field(factory=list)
    leaving: str = "/end_session_endpoint?ui=small"

    def describe(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            **{name: f"{self.issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")},
            **({"end_session_endpoint": f"{self.issuer}{self.leaving}"} if self.leaving else {}),
        }

    def answer(self, address: str, body: dict[str, list[str]], authorization: str) -> tuple[int, dict[str, str], Any]:
        path, query = urlsplit(address).path, parse_qs(urlsplit(address).query)
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, {}, self.describe()
        if path == "/jwks_uri":
            return 200, {}, KeySet([self.key]).as_dict(private=False)
        if path == "/authorization_endpoint":
            code = f"code{len(self.codes)}"
            self.codes[code] = query
            state = query["state"][0]
            return 303, {"Location": f"{query['redirect_uri'][0]}?code={code}&state={state}"}, {}
        if path == "/end_session_endpoint":
            return 303, {"Location": query["post_logout_redirect_uri"][0]}, {}
        if path == "/token_endpoint":
            return self._token(body, authorization)
        return 404, {}, {}

    def _token(self, body: dict[str, list[str]], authorization: str) -> tuple[int, dict[str, str], Any]:
        begun = self.codes.pop(body["code"][0], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(body["code_verifier"][0].encode()).digest())
        client = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        fits = begun is not None and begun["code_challenge"] == [challenge.decode().rstrip("=")]
        if begun is None or not fits or client != f"tracemark:{SECRET}":
            return 400, {}, {"error": "invalid_grant"}
        now = int(self.clock().timestamp())
        claims = {"iss": self.issuer, "aud": "tracemark", "iat": now, "exp": now + 300, "nonce": begun["nonce"][0]}
        signer = self.signer or self.key
        kind = "HS256" if isinstance(signer, OctKey) else "ES256"
        token = jwt.encode({"alg": kind, "kid": "one"}, self.spoil({**claims, **self.claims}), signer)
        return 200, {}, {"access_token": "x", "token_type": "Bearer", "id_token": token}


@contextmanager
def provided(clock: Clock) -> Iterator[LocalProvider]:
    provider = LocalProvider(clock)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = parse_qs(self.rfile.read(int(self.headers.get("content-length", 0))).decode())
            status, headers, answer = provider.answer(self.path, body, self.headers.get("authorization", ""))
            self.send_response(status)
            for name, value in {**headers, "Content-Type": "application/json"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_GET = do_POST = _answer  # noqa: N815 -- the server's names

        def log_message(self, *_given: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield provider
        server.shutdown()
        thread.join()


def configured(workspace: Workspace, provider: LocalProvider) -> Workspace:
    file = workspace.root / "tracemark.toml"
    roles = 'roles = {staff = "investigator", leads = "supervisor", heads = "administrator"}'
    file.write_text(f'{file.read_text()}\n[sign_in]\nissuer = "{provider.issuer}"\n{roles}\n')
    return Workspace.read(workspace.root, {"TRACEMARK_SIGN_IN_SECRET": SECRET})


@pytest.fixture(scope="module")
def desk(
    sample: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestClient, LocalProvider, Workspace]]:
    clock = Clock()
    with provided(clock) as provider:
        workspace = configured(copied(sample, tmp_path_factory.mktemp("federation") / "room"), provider)
        add_people(workspace)
        with desk_of(workspace, clock) as client:
            yield client, provider, workspace


@pytest.fixture
def fresh(desk: tuple[TestClient, LocalProvider, Workspace]) -> tuple[TestClient, LocalProvider]:
    """A browser that knows nothing, and the provider as it begins."""
    client, provider, _ = desk
    provider.claims = {"sub": "s-1", "preferred_username": "Olga", "groups": ["staff", "leads"]}
    provider.spoil, provider.signer = (lambda claims: claims), None
    return browser_of(client), provider


def begin(client: TestClient, **more: str) -> Response:
    return client.post("/sign-in/provider", data={"form_token": token_on(client, "/sign-in"), **more})


def go_on(client: TestClient, provider: LocalProvider, begun: Response) -> str:
    """Where the provider sends the browser back to, as a path of the desk."""
    address = begun.headers["refresh"].partition("url=")[2]
    assert address.startswith(f"{provider.issuer}/authorization_endpoint?")
    _, headers, _ = provider.answer(address, {}, "")
    back = urlsplit(headers["Location"])
    assert back.netloc == "127.0.0.1:8000"
    return f"{back.path}?{back.query}"


def come_back(client: TestClient, provider: LocalProvider, **more: str) -> Response:
    return client.get(go_on(client, provider, begin(client, **more)))


def me(client: TestClient) -> dict[str, Any]:
    return dict(client.get("/api/v1/me").json())


def test_who_comes_back_is_let_in_by_the_highest_role_and_the_matter_is_kept(
    fresh: tuple[TestClient, LocalProvider], desk: tuple[TestClient, LocalProvider, Workspace]
) -> None:
    client, provider = fresh
    assert "Sign in by 127.0.0.1" in client.get("/sign-in").text
    answer = come_back(client, provider, next="/search?q=pistol", matter="file 12")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/search?q=pistol"
    assert (me(client)["name"], me(client)["role"]) == ("olga", "supervisor")
    assert "file 12" in client.get("/").text
    assert ("olga", "sign-in") in custody_of(desk[2], "person:olga")
    provider.claims |= {"groups": ["staff"]}
    again = browser_of(client)
    come_back(again, provider)
    assert (me(again)["name"], me(again)["role"]) == ("olga", "investigator")
    assert me(client)["role"] == "investigator"


def test_a_password_still_lets_in_and_opens_no_account_of_the_provider(fresh: tuple[TestClient, LocalProvider]) -> None:
    client, provider = fresh
    come_back(client, provider)
    other = browser_of(client)
    assert sign_in(other, "olga", "anything at all").status_code == 403
    assert sign_in(other, "ines", "correct horse i battery").status_code == 303


def refused(client: TestClient, answer: Response, words: str) -> None:
    assert answer.status_code == 403
    assert words in answer.text
    assert client.get("/").status_code == 303


@pytest.mark.parametrize(
    "spoil",
    [
        lambda claims: claims | {"nonce": "another"},
        lambda claims: claims | {"iss": "https://another.example.org"},
        lambda claims: claims | {"aud": "another"},
        lambda claims: claims | {"aud": ["tracemark", "another"]},
        lambda claims: claims | {"azp": "another"},
        lambda claims: claims | {"exp": claims["iat"] - 120},
        lambda claims: claims | {"iat": claims["iat"] + 600},
        lambda claims: {name: value for name, value in claims.items() if name != "sub"},
        lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    ],
    ids=["nonce", "issuer", "audience", "audiences", "party", "ended", "future", "nobody", "no-nonce"],
)
def test_a_token_that_does_not_hold_lets_nobody_in(
    fresh: tuple[TestClient, LocalProvider], spoil: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    client, provider = fresh
    provider.spoil = spoil
    refused(client, come_back(client, provider), "does not hold")


def test_a_token_signed_by_another_key_or_by_a_secret_lets_nobody_in(fresh: tuple[TestClient, LocalProvider]) -> None:
    client, provider = fresh
    for signer in (ECKey.generate_key("P-256", {"kid": "one"}), OctKey.import_key(SECRET.ljust(32))):
        provider.signer = signer
        refused(client, come_back(client, provider), "does not hold")


def test_only_what_began_in_this_browser_lately_and_once_comes_back(fresh: tuple[TestClient, LocalProvider]) -> None:
    client, provider = fresh
    other = browser_of(client)
    back = go_on(client, provider, begin(client))
    refused(other, other.get(back), "did not begin in this browser")
    refused(client, client.get(back), "did not begin in this browser")  # it was used up
    back = go_on(client, provider, begin(client))
    refused(client, client.get(f"{back.partition('state=')[0]}state=made-up"), "did not begin")
    provider.clock.pass_by(minutes=11)
    refused(client, client.get(back), "too long ago")
    back = go_on(client, provider, begin(client))
    refused(client, client.get(f"{back}&iss=https://another.example.org"), "another provider")
    back = go_on(client, provider, begin(client))
    state = back.partition("state=")[2]
    refused(client, client.get(f"/sign-in/back?error=access_denied&state={state}"), "did not sign you in")
    back = go_on(client, provider, begin(client))
    answer = client.get(back.replace("code=code", "code=other"))
    assert answer.status_code == 503
    assert client.post("/sign-in/provider", data={}).status_code == 403


def sign_out(client: TestClient) -> Response:
    return client.post("/sign-out", data={"form_token": token_on(client, "/account")})


def test_signing_out_leads_on_to_the_provider_and_ends_here_first(fresh: tuple[TestClient, LocalProvider]) -> None:
    client, provider = fresh
    come_back(client, provider)
    answer = sign_out(client)
    assert client.get("/").status_code == 303
    address = answer.headers["refresh"].partition("url=")[2]
    told = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{provider.issuer}/end_session_endpoint?ui=small&")
    assert (told["client_id"], told["post_logout_redirect_uri"]) == (["tracemark"], ["http://127.0.0.1:8000/sign-in"])
    claims = jwt.decode(told["id_token_hint"][0], provider.key).claims
    assert (claims["sub"], claims["aud"]) == ("s-1", "tracemark")
    assert "Go on to 127.0.0.1" in answer.text
    assert "olga" not in answer.text
    other = browser_of(client)
    sign_in(other, "ines", "correct horse i battery")
    assert sign_out(other).headers["location"] == "/sign-in"


def test_a_provider_that_offers_no_sign_out_or_is_away_is_told(sample: Workspace, tmp_path: Path) -> None:
    with provided(Clock()) as provider:
        provider.leaving = ""
        workspace = configured(copied(sample, tmp_path / "room"), provider)
        with desk_of(workspace, Clock()) as client:
            come_back(client, provider)
            answer = sign_out(client)
            assert "refresh" not in answer.headers
            assert "it does not offer to be signed out from here" in answer.text
            assert client.get("/").status_code == 303
            come_back(client, provider)
            kept = dict(client.cookies)
        provider.leaving = "/end_session_endpoint"
        with desk_of(workspace, Clock()) as client:  # started anew, it holds no ID token
            client.cookies.update(kept)
            assert "id_token_hint" not in sign_out(client).headers["refresh"]
        with desk_of(workspace, Clock()) as client:
            come_back(client, provider)
            kept = dict(client.cookies)
        desk = desk_of(workspace, Clock())
    with desk as client:
        client.cookies.update(kept)
        assert "does not answer" in sign_out(client).text
        assert client.get("/").status_code == 303


def test_a_name_alone_lets_nobody_in_until_it_is_linked(
    fresh: tuple[TestClient, LocalProvider], desk: tuple[TestClient, LocalProvider, Workspace]
) -> None:
    client, provider = fresh
    provider.claims = {"sub": "s-adam", "preferred_username": "adam", "groups": ["heads"]}
    refused(client, come_back(client, provider), "tracemark people link adam")
    link = ["people", "link", "adam", "s-adam", "--workspace", str(desk[2].root)]
    assert CliRunner().invoke(root, link).exit_code == 0
    assert isinstance(CliRunner().invoke(root, link).exception, BadInput)
    come_back(client, provider)
    assert me(client)["name"] == "adam"
    assert me(client)["role"] == "administrator"


def test_no_role_no_name_or_a_disabled_account_lets_nobody_in(
    fresh: tuple[TestClient, LocalProvider], desk: tuple[TestClient, LocalProvider, Workspace]
) -> None:
    client, provider = fresh
    provider.claims = {"sub": "s-2", "preferred_username": "olga2", "groups": ["elsewhere"]}
    refused(client, come_back(client, provider), "no role here")
    provider.claims = {"sub": "s-3", "groups": ["staff"]}
    refused(client, come_back(client, provider), "no name")
    provider.claims = {"sub": "s-4", "preferred_username": "pia@example.org", "groups": "staff"}
    come_back(client, provider)
    assert me(client)["name"] == "pia-example.org"
    disable = ["people", "disable", "pia-example.org", "--workspace", str(desk[2].root)]
    assert CliRunner().invoke(root, disable).exit_code == 0
    refused(client, come_back(client, provider), "disabled")


def test_nobody_gets_in_without_signing_in_where_a_provider_is_set(sample: Workspace, tmp_path: Path) -> None:
    with provided(Clock()) as provider:
        workspace = configured(copied(sample, tmp_path / "room"), provider)
        assert has_people(workspace)
        with desk_of(workspace, Clock()) as client:
            assert client.get("/").status_code == 303
            assert provider.asked == []


def test_a_provider_that_does_not_answer_or_is_another_is_told(sample: Workspace, tmp_path: Path) -> None:
    with provided(Clock()) as provider:
        workspace = configured(copied(sample, tmp_path / "room"), provider)
        provider.issuer += "/another"
        with desk_of(workspace, Clock()) as client:
            answer = begin(client)
            assert answer.status_code == 503
            assert "describes itself otherwise" in answer.text
    with desk_of(workspace, Clock()) as client:
        assert "does not answer" in begin(client).text


def test_what_is_half_set_is_refused(sample: Workspace, tmp_path: Path) -> None:
    for address in ("http://id.example.org", "ftp://id.example.org", "id.example.org"):
        with pytest.raises(ConfigurationError, match="https"):
            require_safe(address)
    workspace = copied(sample, tmp_path / "room")
    file = workspace.root / "tracemark.toml"
    file.write_text(f'{file.read_text()}\n[sign_in]\nissuer = "https://id.example.org"\n')
    with pytest.raises(ConfigurationError, match="no roles"):
        create_application(Workspace.read(workspace.root, {}))


def test_a_browser_goes_there_and_back_with_scripting_off(chromium: Browser, sample: Workspace, tmp_path: Path) -> None:
    clock = Clock()
    with provided(clock) as provider:
        workspace = configured(copied(sample, tmp_path / "room"), provider)
        with (
            serving(workspace, now=clock) as address,
            opened_page(chromium, address, java_script_enabled=False) as (page, asked),
        ):
            page.goto("/triage")
            page.get_by_role("button", name="Sign in by 127.0.0.1").click()
            page.wait_for_url("**/triage*")
            assert page.get_by_role("link", name="olga").is_visible()
            page.get_by_role("link", name="olga").click()
            page.get_by_role("button", name="Sign out").click()
            page.wait_for_url("**/sign-in")
            assert {urlsplit(one).path for one in asked} == {"/authorization_endpoint", "/end_session_endpoint"}
