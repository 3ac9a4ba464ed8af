"""A round of alerts over a workspace: for the command, and for whoever follows an assessment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.alerts.round import AlertDesk
from pipelines.alerts.senders import Senders
from pipelines.alerts.settings import FILE, read_alert_settings
from pipelines.composition import opened_index, person, utc_now
from pipelines.work.holding import held

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.alerts.round import RoundReport
    from pipelines.store.database import Database
    from pipelines.workspace import Workspace


def run_alerts(workspace: Workspace, database: Database, environment: Mapping[str, str]) -> RoundReport:
    """One round. WorkspaceHeld where another process is at it; ConfigurationError for a broken alerts.toml."""
    settings = read_alert_settings(workspace.root / FILE, environment)
    with held(workspace, database, "alerts") as hold, opened_index(workspace, read_only=True) as index:
        desk = AlertDesk(
            database=hold.database,
            index=index,
            senders=Senders(settings),
            feeds=workspace.root / "alerts",
            actor=workspace.settings.authority.operator or person(),
            now=utc_now,
            desk=settings.desk,
        )
        return desk.run()
