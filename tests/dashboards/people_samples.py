"""A desk with accounts: one of each role, their passwords, and browsers that are signed in."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from attrs import define
from starlette.testclient import TestClient

from dashboards.application import create_application
from dashboards.people.identity import Role
from dashboards.people.registry import Registry
from pipelines.composition import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx2 import Response

    from pipelines.workspace import Workspace

ORIGIN = "http://127.0.0.1:8000"
PASSWORDS = {role: f"correct horse {role.value[0]} battery" for role in Role}
NAMES = {Role.VIEWER: "vera", Role.INVESTIGATOR: "ines", Role.SUPERVISOR: "sven", Role.ADMINISTRATOR: "adam"}


@define
class Clock:
    """A clock that is set by hand."""

    time: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, **length: float) -> None:
        self.time += timedelta(**length)


def add_people(workspace: Workspace) -> None:
    with opened(workspace) as database:
        registry = Registry(database=database, actor=lambda: "setup", now=Clock())
        for role, name in NAMES.items():
            registry.add(name, role, PASSWORDS[role])


@contextmanager
def desk_of(workspace: Workspace, clock: Clock) -> Iterator[TestClient]:
    """A browser that is not signed in; more of them share the server by `browser_of`."""
    with TestClient(create_application(workspace, now=clock), base_url=ORIGIN, follow_redirects=False) as client:
        yield client


def browser_of(client: TestClient) -> TestClient:
    """Another browser at the same server."""
    return TestClient(client.app, base_url=ORIGIN, follow_redirects=False)


def token_on(client: TestClient, path: str) -> str:
    """The form token that a page shows."""
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', client.get(path).text)
    assert found, path
    return found[1]


def sign_in(client: TestClient, name: str, password: str, **more: str) -> Response:
    return client.post(
        "/sign-in", data={"form_token": token_on(client, "/sign-in"), "name": name, "password": password, **more}
    )


def signed_in(client: TestClient, role: Role, **more: str) -> TestClient:
    """A browser in which one of the sample people is signed in."""
    browser = browser_of(client)
    answer = sign_in(browser, NAMES[role], PASSWORDS[role], **more)
    assert answer.status_code == 303, answer.text
    return browser
