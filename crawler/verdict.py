"""Whether a run found what it should: measured from the store, judged by the site file and by the run before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from pipelines.models import PageKind, RunStatus
from pipelines.store.frontier import count_states
from pipelines.store.runs import latest_run
from pipelines.store.tables import captures, frontier, listings, versions

if TYPE_CHECKING:
    from crawler.sites.schema import SiteFile
    from pipelines.models import JsonObject
    from pipelines.store.runs import Run

_FIELDS = ("title", "price", "seller", "posted")
_LEAST_OF_BEFORE = 0.5
"""A run that finds less than half of what the last good one found is degraded, whatever the site file expects."""


def measure(connection: sa.Connection, run: str) -> tuple[JsonObject, JsonObject]:
    """What the run found, and what it did not see and why."""
    pages = connection.scalar(sa.select(sa.func.count()).where(captures.c.run == run)) or 0
    shown = (
        sa.select(versions.c.content)
        .join(listings, listings.c.version == versions.c.id)
        .where(
            listings.c.id.in_(
                sa.select(captures.c.listing).where(
                    captures.c.run == run, captures.c.kind == PageKind.DETAIL.value, captures.c.listing.is_not(None)
                )
            )
        )
    )
    contents = connection.scalars(shown).all()
    found: JsonObject = {"pages": pages, "listings": len(contents)}
    for name in _FIELDS:
        found[name] = round(sum(1 for content in contents if content[name]) / len(contents), 4) if contents else None
    dead = (
        sa.select(frontier.c.outcome, sa.func.count())
        .where(frontier.c.run == run, frontier.c.state == "dead")
        .group_by(frontier.c.outcome)
    )
    unseen: JsonObject = {reason or "unknown": count for reason, count in connection.execute(dead)}
    states = count_states(connection, run)
    left = states.get("pending", 0) + states.get("leased", 0)
    if left:
        unseen["not visited"] = left
    return found, unseen


def judge(
    connection: sa.Connection, file: SiteFile, run: Run, found: JsonObject, unseen: JsonObject
) -> tuple[RunStatus, str | None]:
    """done, degraded or failed, with the reason in words."""
    if found["listings"] == 0 and _starts_are_dead(connection, run.id):
        return RunStatus.FAILED, "no start page could be read: " + ", ".join(
            f"{why} ({n})" for why, n in unseen.items()
        )
    expected = file.expect.model_dump(exclude_none=True)
    fallen = [
        f"{name}: {found[name] or 0} found, at least {least} expected"
        for name, least in expected.items()
        if (found[name] or 0) < least
    ]
    before = latest_run(connection, file.site, status=RunStatus.DONE)
    if before is not None and found["listings"] < before.found.get("listings", 0) * _LEAST_OF_BEFORE:
        fallen.append(f"listings: {found['listings']} found, {before.found['listings']} in the last good run")
    if found["listings"] == 0 and not fallen:
        fallen.append("no listing was found")
    return (RunStatus.DEGRADED, "; ".join(fallen)) if fallen else (RunStatus.DONE, None)


def _starts_are_dead(connection: sa.Connection, run: str) -> bool:
    starts = sa.select(frontier.c.state).where(frontier.c.run == run, frontier.c.depth == 0, frontier.c.priority > 0)
    return all(state != "done" for state in connection.scalars(starts))
