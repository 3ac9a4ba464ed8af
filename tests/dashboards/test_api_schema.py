"""The API against its own OpenAPI document: whatever is sent, no server error, and answers of the promised form.

A few requests for each operation; `TRACEMARK_API_EXAMPLES=200` asks for more.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from desk_serving import copied, serving
from hypothesis import HealthCheck, given, settings
from people_samples import NAMES, add_people
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from dashboards.people.access import ACCESS
from dashboards.people.identity import Role
from dashboards.people.tokens import Tokens
from pipelines.composition import opened, utc_now
from pipelines.store.custody import broken_at
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = int(os.environ.get("TRACEMARK_API_EXAMPLES", "5"))
OPERATIONS = sorted(key for key in ACCESS if " /api/" in key and "openapi" not in key)
CHECKS = (not_a_server_error, response_schema_conformance, status_code_conformance)


@pytest.fixture(scope="module")
def served(sample: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[Role, str]]]:
    """The address of a server, and a token of a supervisor and of an administrator."""
    workspace = copied(sample, tmp_path_factory.mktemp("fuzzed") / "room")
    settings_file = workspace.root / "tracemark.toml"
    settings_file.write_text(settings_file.read_text() + "\n[desk]\nrequests_per_minute = 100000\n")
    workspace = Workspace.read(workspace.root, {})
    add_people(workspace)
    with opened(workspace) as database:
        tokens = Tokens(database=database, now=utc_now)
        made = {role: tokens.make(NAMES[role], "fuzzing", 1) for role in (Role.SUPERVISOR, Role.ADMINISTRATOR)}
    with serving(workspace) as address:
        yield address, made
    with opened(workspace) as database, database.read() as connection:
        assert broken_at(connection) is None


@pytest.fixture(scope="module")
def api(served: tuple[str, dict[Role, str]]) -> Any:
    address, tokens = served
    bearer = {"authorization": f"Bearer {tokens[Role.SUPERVISOR]}"}
    return schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json", headers=bearer)


@pytest.mark.parametrize("key", OPERATIONS)
def test_no_request_brings_the_server_down(key: str, api: Any, served: tuple[str, dict[Role, str]]) -> None:
    address, tokens = served
    method, _, path = key.partition(" ")
    role = Role.ADMINISTRATOR if path.startswith("/api/v1/people") else Role.SUPERVISOR
    bearer = {"authorization": f"Bearer {tokens[role]}"}

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=api[path.replace(":path", "")][method].as_strategy())
    def ask(case: schemathesis.Case) -> None:
        answer = case.call(base_url=address, headers=bearer)
        case.validate_response(answer, checks=CHECKS)
        assert answer.status_code != 401

    ask()
