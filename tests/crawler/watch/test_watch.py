"""The watch with real processes over training marketplaces."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import define, field
from watch_room import Ended, WatchRoom, settle, until

from crawler.workers import Ending, ForkedWorkers, assess_waiting
from pipelines.commands.signing import PASSPHRASE
from pipelines.commands.workspace import make_key
from pipelines.models import PageKind, RunStatus
from pipelines.packet.heads import inspect_log, load_heads
from pipelines.store.custody import custody_rows
from pipelines.store.tables import captures, frontier, listings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SLOW = "delay: 0.15"


@define
class Refused(Ended):
    """A process that ends without having begun a run."""

    words: str

    def ending(self) -> Ending:
        return Ending(code=5, words=self.words)


@define
class Starts:
    """Takes note of what a watch would start."""

    started: list[str] = field(factory=list)
    worker: Ended = field(factory=Ended)

    def start_run(self, name: str, _path: Path) -> Ended:
        self.started.append(name)
        return self.worker

    def start_assessment(self) -> Ended:
        return Ended()


def captured(room: WatchRoom) -> int:
    with room.database.read() as connection:
        pages = sa.select(sa.func.count()).where(captures.c.kind != PageKind.ROBOTS.value)
        return connection.scalar(pages) or 0


def done_pages(room: WatchRoom) -> int:
    with room.database.read() as connection:
        done = sa.select(sa.func.count()).select_from(frontier).where(frontier.c.state == "done")
        return connection.scalar(done) or 0


def test_each_slot_has_one_run_however_long_nobody_watched(room: WatchRoom) -> None:
    for market in room.markets:
        room.write_site(market)
    watch = room.watch()
    settle(watch)
    settle(watch)
    assert sorted((run.site, run.status) for run in room.runs()) == [
        ("harborlist", RunStatus.DONE),
        ("tauschboerse", RunStatus.DONE),
    ]
    room.age(days=3 * 366)
    settle(room.watch())
    assert len(room.runs()) == 4
    assert room.told("skipped") == []


def test_two_watches_share_the_sites(room: WatchRoom) -> None:
    for number in range(2):
        room.write_site("harborlist", name=f"site-{number}")
    one, other = room.watch(), room.watch()
    for _ in range(3):
        one.step()
        other.step()
    settle(one)
    settle(other)
    assert sorted(run.site for run in room.runs()) == [f"site-{number}" for number in range(2)]
    assert len(room.told("started")) == 2, "no process is started only to find the site held"
    assert room.told("skipped") == []


def test_a_pool_is_never_exceeded(room: WatchRoom) -> None:
    for number in range(5):
        room.write_site("harborlist", name=f"site-{number}")
    starts = Starts(worker=_Endless())
    watch = room.watch(starter=starts, most=2)
    watch.step()
    watch.step()
    assert len(starts.started) == 2
    watch.stop()


def test_sigterm_ends_runs_durably_and_the_next_watch_goes_on_with_them(room: WatchRoom) -> None:
    room.write_site("harborlist", pace=SLOW)
    with room.open_command() as process:
        until(lambda: captured(room) > 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert "interrupted" in (process.stderr.read() if process.stderr else "")
    [run] = room.runs()
    assert run.status is RunStatus.INTERRUPTED
    before = captured(room)
    watch = room.watch()
    settle(watch)
    [again] = room.runs()
    assert (again.id, again.status) == (run.id, RunStatus.DONE)
    assert before < captured(room) == done_pages(room)
    assert ("harborlist", "goes on where it was cut short") in room.told("started")


def test_a_killed_run_is_gone_on_with(room: WatchRoom) -> None:
    room.write_site("harborlist", pace=SLOW)
    watch = room.watch()
    watch.step()
    until(lambda: captured(room) > 2)
    with room.database.read() as connection:
        owner = connection.scalar(sa.select(frontier.c.owner).where(frontier.c.owner.is_not(None)))
    os.kill(int(str(owner).rpartition(":")[2]), signal.SIGKILL)
    until(lambda: (watch.step(), room.told("ended"))[1])
    assert [run.status for run in room.runs()] == [RunStatus.RUNNING]
    assert room.told("skipped") == [("harborlist", "ended with -9: logs/harborlist.log")]
    watch.step()
    assert watch.is_idle, "it is left alone for a minute"
    settle(room.watch())
    assert [run.status for run in room.runs()] == [RunStatus.DONE]
    assert captured(room) == done_pages(room) > 10


def test_ctrl_c_ends_with_130(room: WatchRoom) -> None:
    with room.open_command("--json") as process:
        room.write_site("harborlist", name="broken").write_text("site: Broken\n")
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert (told["event"], told["site"]) == ("skipped", "broken")


def test_what_keeps_a_site_away_is_told_once_for_each_incident(room: WatchRoom) -> None:
    good = room.write_site("harborlist", name="good")
    broken = room.write_site("harborlist", name="broken", more="what: 1\n")
    expired = room.write_site("harborlist", name="expired", more="authority: {expires: 2020-01-31}\n")
    room.write_site("harborlist", name="never", more='schedule: {cron: "0 0 30 2 *"}\n')
    twin = room.workspace.sites / "twin.yaml"
    twin.write_text(good.read_text())
    starts = Starts()
    watch = room.watch(starter=starts)
    for _ in range(3):
        watch.step()
    reasons = dict(room.told("skipped"))
    assert len(room.told("skipped")) == len(reasons)
    assert ": what: " in str(reasons["broken"])
    assert "expired on 2020-01-31" in str(reasons["expired"])
    assert "cron" in str(reasons["never"])
    assert "twin.yaml names the site good" in str(reasons["twin"])
    assert set(starts.started) == {"good"}
    broken.write_text(good.read_text().replace("site: good", "site: broken"))
    expired.write_text(expired.read_text().replace("2020-01-31", "2099-01-31"))
    watch.step()
    assert {"broken", "expired"} <= set(starts.started)
    expired.write_text(expired.read_text().replace("2099-01-31", "2020-01-31"))
    watch.step()


def test_a_renewed_authority_of_the_workspace_is_seen(room: WatchRoom) -> None:
    room.write_site("harborlist")
    settings = room.workspace.root / "tracemark.toml"
    before = settings.read_text()
    settings.write_text(before + "expires = 2020-01-31\n")
    starts = Starts()
    watch = room.watch(starter=starts)
    watch.step()
    assert [site for site, _ in room.told("skipped")] == ["harborlist"]
    settings.write_text(before + "expires = 2099-01-31\n")
    watch.step()
    assert starts.started == ["harborlist"]


def test_hours_are_honoured_and_no_incident(room: WatchRoom) -> None:
    path = room.write_site("harborlist", pace='hours: "22:00-06:00"')
    path.write_text(path.read_text().replace("timezone: America/Chicago", "timezone: UTC"))
    clock = [datetime(2026, 11, 21, 12, tzinfo=UTC)]
    starts = Starts()
    watch = room.watch(starter=starts, now=lambda: clock[0])
    watch.step()
    assert (starts.started, room.events) == ([], [])
    clock[0] = datetime(2026, 11, 21, 23, tzinfo=UTC)
    watch.step()
    assert starts.started == ["harborlist"]


def test_a_run_that_never_begins_is_tried_again_later_and_later(room: WatchRoom) -> None:
    room.write_site("harborlist")
    clock = [datetime(2026, 11, 21, 12, 0, tzinfo=UTC)]
    starts = Starts(worker=Refused("no Chromium is on this machine"))
    watch = room.watch(starter=starts, now=lambda: clock[0])
    minutes = []
    for minute in range(10):
        clock[0] = datetime(2026, 11, 21, 12, minute, tzinfo=UTC)
        before = len(starts.started)
        watch.step()
        watch.step()
        minutes += [minute] * (len(starts.started) - before)
    assert minutes == [0, 1, 3, 7]
    assert room.told("skipped") == [("harborlist", "no Chromium is on this machine")]


def test_a_crawl_by_hand_serves_the_slot_too(room: WatchRoom) -> None:
    room.write_site("harborlist")
    settle(room.watch())
    starts = Starts()
    room.watch(starter=starts).step()
    assert starts.started == []


def test_once_visits_assesses_and_ends(room: WatchRoom) -> None:
    room.write_site("harborlist")
    room.write_site("tauschboerse", more="authority: {expires: 2020-01-31}\n")
    with room.open_command("--once", "--json") as process:
        out, _ = process.communicate(timeout=120)
    events = [json.loads(line) for line in out.splitlines()]
    assert [(one["event"], one["site"]) for one in events] == [
        ("skipped", "tauschboerse"),
        ("started", "harborlist"),
        ("ended", "harborlist"),
        ("assessed", None),
    ]
    assert process.returncode == 1, "a site was left alone"
    with room.database.read() as connection:
        states = connection.scalars(sa.select(listings.c.assessment)).all()
    assert states
    assert None not in states


class _Endless(Ended):
    def ending(self) -> Ending:
        return None  # type: ignore[return-value] # a process that goes on


def test_each_process_has_the_environment_of_its_start(room: WatchRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    workers = ForkedWorkers(room.workspace.root)

    def ending() -> Ending:
        worker = workers.start_assessment()
        assert wait([worker.sentinel], timeout=60)
        ended = worker.ending()
        assert ended is not None
        return ended

    assert ending().code == 0
    monkeypatch.setenv("TRACEMARK_DATABASE_URL", "sqlite:////nowhere/at/all.db")
    later = ending()
    assert later.code == 5
    assert "cannot be opened" in (later.words or "")


def test_a_watch_signs_the_day_s_head_once_and_says_where_it_cannot(
    room: WatchRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE, "open sesame")
    key, _ = make_key(room.workspace)
    room.write_site("harborlist")
    monkeypatch.delenv(PASSPHRASE, raising=False)
    settle(room.watch())
    assert "is not signed" in assess_waiting(room.workspace.root)
    assert load_heads(room.workspace.heads) == []
    monkeypatch.setenv(PASSPHRASE, "open sesame")
    assert "custody log signed at row" in assess_waiting(room.workspace.root)
    assert "custody" not in assess_waiting(room.workspace.root)
    [head] = load_heads(room.workspace.heads)
    with room.database.read() as connection:
        assert list(inspect_log(custody_rows(connection), [head])) == []
    assert head.statement["key"] == key
