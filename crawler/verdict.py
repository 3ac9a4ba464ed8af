"""Whether a run found what it should: measured from the store, judged by the site file and by the run before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from pipelines.models import RunStatus
from pipelines.store.frontier import count_states
from pipelines.store.runs import RunKind, count_pages, latest_run, listings_seen
from pipelines.store.tables import frontier, listings, versions

if TYPE_CHECKING:
    from crawler.sites.schema import SiteFile
    from pipelines.models import JsonObject
    from pipelines.store.runs import Run

_FIELDS = ("title", "price", "seller", "posted")
_LEAST_OF_BEFORE = 0.5
"""A run that finds less than half of what the last good one found is degraded, whatever the site file expects."""


def measure(connection: sa.Connection, run: str, *, left: str) -> tuple[JsonObject, JsonObject]:
    """What the run found, and what it did not see and why; `left` is why pages were left."""
    pages = count_pages(connection, run)
    shown = (
        sa.select(versions.c.content)
        .join(listings, listings.c.version == versions.c.id)
        .where(listings.c.id.in_(listings_seen(run, offered=True)))
    )
    contents = connection.scalars(shown).all()
    found: JsonObject = {"pages": pages, "listings": len(contents)}
    for name in _FIELDS:
        found[name] = round(sum(1 for content in contents if content[name]) / len(contents), 4) if contents else None
    left_alone = sa.select(sa.func.count(frontier.c.listing.distinct())).where(frontier.c.run == run)
    if count := connection.scalar(left_alone):
        found["left_alone"] = count
    dead = (
        sa.select(frontier.c.outcome, sa.func.count())
        .where(frontier.c.run == run, frontier.c.state == "dead")
        .group_by(frontier.c.outcome)
    )
    unseen: JsonObject = {reason or "unknown": count for reason, count in connection.execute(dead)}
    states = count_states(connection, run)
    waiting = states.get("pending", 0) + states.get("leased", 0)
    if waiting:
        unseen[left] = waiting
    return found, unseen


def judge(
    connection: sa.Connection, file: SiteFile, run: Run, found: JsonObject, unseen: JsonObject
) -> tuple[RunStatus, str | None]:
    """done, degraded or failed, with the reason in words."""
    if found["listings"] == 0 and _starts_are_dead(connection, run.id):
        return RunStatus.FAILED, "no start page could be read: " + ", ".join(unseen)
    before = latest_run(connection, file.site, kind=RunKind.CRAWL, status=RunStatus.DONE)
    last = before.found if before is not None else {}
    expected = file.expect.model_dump(exclude_none=True)
    fallen = [
        _tell(name, found[name] or 0, f"at least {_amount(name, least)} expected", last.get(name))
        for name, least in expected.items()
        if (found[name] or 0) < least
    ]
    if "listings" not in expected and found["listings"] < (last.get("listings") or 0) * _LEAST_OF_BEFORE:
        fallen.append(_tell("listings", found["listings"], "less than half", last["listings"]))
    if found["listings"] == 0 and not fallen:
        fallen.append("no listing was found")
    return (RunStatus.DEGRADED, "; ".join(fallen)) if fallen else (RunStatus.DONE, None)


def _tell(name: str, now: float, why: str, before: float | None) -> str:
    earlier = f", {_amount(name, before)} in the last good run" if before is not None else ""
    return f"{name}: {_amount(name, now)} found, {why}{earlier}"


def _amount(name: str, value: float) -> str:
    return f"{value:g}" if name == "listings" else f"{value:.0%}"


def _starts_are_dead(connection: sa.Connection, run: str) -> bool:
    starts = sa.select(frontier.c.state).where(frontier.c.run == run, frontier.c.depth == 0, frontier.c.priority > 0)
    return all(state != "done" for state in connection.scalars(starts))
