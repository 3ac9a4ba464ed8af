"""Counts over everything: kept while nothing changes, and right as soon as something does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from desk_samples import feed_lines, receive
from people_samples import Clock

from dashboards.administration import LogActions
from dashboards.decisions import DecisionDesk
from dashboards.judgements import Judgements
from dashboards.looks import Looks
from dashboards.overview import Overviews
from pipelines.composition import opened
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.tables import listings

if TYPE_CHECKING:
    from pipelines.workspace import Workspace


def test_listings_are_counted_anew_when_one_has_changed_and_after_a_while(workspace: Workspace) -> None:
    clock = Clock()
    with opened(workspace) as database:
        overviews = Overviews(database=database, now=clock)
        before = overviews.read()
        receive(workspace, [feed_lines()[0] | {"id": "new"}])
        after = overviews.read()
        assert after.listings == before.listings + 1
        assert sum(site.listings for site in after.sites) == after.listings
        assert after.last_seen is not None
        with database.write() as connection:  # seen again, and nothing changed: no row of the journal
            connection.execute(sa.update(listings).values(last_seen=after.last_seen + timedelta(hours=1)))
        clock.pass_by(seconds=31)
        assert overviews.read().last_seen == after.last_seen + timedelta(hours=1)


def test_the_kinds_of_the_log_grow_with_it(workspace: Workspace) -> None:
    actions = LogActions()
    with opened(workspace) as database:
        known = actions.read(database)
        assert "export" not in known
        with database.write() as connection:
            event = CustodyEvent(at=Clock()(), actor="ana", action="export", subject="x", detail={})
            append_custody(connection, [event])
        assert actions.read(database) == sorted([*known, "export"])
        assert LogActions().read(database) == actions.read(database)


def test_figures_from_decisions_are_read_anew_when_there_is_one_or_after_a_while_where_they_are_dear(
    workspace: Workspace,
) -> None:
    clock = Clock()
    with opened(workspace) as database:
        desk = DecisionDesk(database=database, now=clock, changed=lambda: None)
        cheap, dear = Judgements(database=database, now=clock), Judgements(database=database, now=clock, dear=0.0)

        def reviewed() -> tuple[int, int]:
            return cheap.read().figures["reviewed"], dear.read().figures["reviewed"]

        assert reviewed() == (0, 0)
        assert cheap.read() is cheap.read()
        desk.decide("ana", [("riverside", "p1")], "relevant", "")
        clock.pass_by(seconds=29)
        assert reviewed() == (1, 0)
        assert dear.read().at == clock() - timedelta(seconds=29)
        clock.pass_by(seconds=1)
        assert reviewed() == (1, 1)
        desk.decide("ana", [("riverside", "p2")], "relevant", "")
        dear.forget()
        assert reviewed() == (2, 2)


def test_looks_within_half_an_hour_are_one_visit(workspace: Workspace) -> None:
    clock = Clock()
    with opened(workspace) as database:
        looks = Looks(database, clock)
        assert looks.look("ana") is None
        began = clock()
        for _ in range(3):
            clock.pass_by(seconds=40)
            assert looks.look("ana") is None
        clock.pass_by(minutes=31)
        before = looks.look("ana")
        assert before is not None
        assert began < before < clock()
        clock.pass_by(seconds=5)
        assert looks.look("ana") == before
