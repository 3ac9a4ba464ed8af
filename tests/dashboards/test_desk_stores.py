"""The desk over the other kind of database: every statement that a page asks is one that both know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk_samples import PISTOLS, feed_lines, make_workspace, receive
from desk_serving import visiting
from test_desk_cases import send
from test_desk_screens import page, text_of

from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from postgres import PostgresServer


def test_every_screen_answers_over_postgresql(postgres: PostgresServer, tmp_path: Path) -> None:
    folder = make_workspace(tmp_path / "room", []).root
    workspace = Workspace.read(folder, {"TRACEMARK_DATABASE_URL": postgres.emptied()})
    receive(workspace, feed_lines())
    with visiting(workspace) as client:
        assert f"{len(PISTOLS)} to decide" in text_of(page(client, "/"))
        send(client, "/decisions", site="riverside", id="p1", decision="relevant")
        send(client, "/decisions", site="riverside", id="p2", decision="unsure")
        assert "2 can be taken back" in page(client, "/triage")
        send(client, "/decisions/undo")
        assert f"1 of {len(PISTOLS) - 1} that need review" in text_of(page(client, "/triage"))
        for path in (
            "/triage/audit", "/triage/second", "/triage?order=novelty", "/search?q=pistol&view=grid", "/sites",
            "/sites/riverside", "/cases", "/quality", "/custody", "/custody?action=view&actor=ana", "/account",
            "/listing/riverside/p1", "/seller/riverside/quietriver", "/administration", "/administration/checks",
            "/decisions/together?site=riverside&id=quietriver", "/alerts/new?q=pistol",
        ):  # fmt: skip
            page(client, path)
