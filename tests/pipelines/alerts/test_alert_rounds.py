"""What is told, and how often: once for each item, nothing missed, at the time that was asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.alerts.collection import resolve
from pipelines.alerts.models import Channel, QuietHours, Rhythm, SavedSearch, end_of_mute
from pipelines.alerts.preview import preview
from pipelines.alerts.records import change_search, read_search, remove_search
from pipelines.errors import BadInput
from pipelines.models import Contact, SellerRef

if TYPE_CHECKING:
    from pathlib import Path

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_a_hit_is_told_once(room: Any) -> None:
    room.save("glock")
    room.offer("a", "Glock 19", "i1")
    room.offer("b", "A chair")
    assert room.run().searches[0].told == 1
    room.offer("a", "Glock 19, price lowered", "i1")
    assert [one.told for _ in range(2) for one in room.run(after=DAY).searches] == [0, 0]
    assert room.told() == ["a"]


def test_a_repost_is_not_told(room: Any) -> None:
    room.save("glock")
    room.offer("a", "Glock 19", "i1")
    room.run()
    room.offer("b", "Glock 19 again", "i1")
    report = room.run()
    assert (report.searches[0].new, report.searches[0].reposts) == (0, 1)
    room.offer("c", "Glock 19 and a Glock 26", "i1", "i2")
    room.offer("d", "Glock 26", "i2")
    room.run()
    assert room.told() == ["a", "c"]


def test_a_repost_of_an_item_whose_name_changed_is_known(room: Any) -> None:
    room.save("glock")
    room.offer("a", "Glock 19", "i1")
    room.run()
    room.offer("b", "Glock 19 again", "i7")
    room.assess("a", "i7")
    room.run()
    assert room.told() == ["a"]


def test_what_has_no_item_is_told_by_its_listing(room: Any) -> None:
    room.save("glock")
    room.offer("a", "Glock holster")
    room.offer("b", "Glock magazine")
    room.run()
    assert room.told() == ["a", "b"]


def test_a_listing_is_told_when_it_is_assessed(room: Any) -> None:
    room.save("glock")
    room.offer("a", "Glock 19", assessed=False)
    assert room.run().searches[0].new == 0
    room.assess("a", "i1")
    assert room.run().searches[0].new == 1
    assert room.told() == ["a"]


def test_what_is_indexed_ahead_of_the_position_is_neither_missed_nor_told_twice(room: Any) -> None:
    room.save("glock")
    room.offer("a", "Glock 19", "i1")
    room.project()
    behind = room.index.position()
    room.offer("b", "Glock 26", "i2")
    room.project()
    room.index.set_position(behind)  # as where another process has written and not yet said so
    room.round()
    assert room.told() == ["a", "b"]
    assert room.search().sequence == behind
    assert room.run().searches[0].new == 0
    assert room.told() == ["a", "b"]


def test_a_search_saved_today_is_about_tomorrow_until_it_is_run_over_history(room: Any) -> None:
    room.offer("a", "Glock 19", "i1")
    room.project()
    room.save("glock", sequence=room.index.position())
    room.offer("b", "Glock 26", "i2")
    room.run()
    assert room.told() == ["b"]
    with room.database.write() as connection:
        change_search(connection, read_search(connection, "one"), sequence=0)
    room.run()
    assert room.told() == ["b", "a"]


def test_a_contact_a_seller_and_an_item_can_be_watched(room: Any) -> None:
    room.save("item:i1", name="item")
    room.save("listing:alpha/b", name="listing")
    room.save("account:alpha/fox", name="account")
    room.save("contact:@quiet_fox", name="contact")
    fox = SellerRef(id="fox", name="Somebody")
    room.offer("a", "Glock 19", "i1", seller=fox)
    room.offer("b", "Chair", "i2", seller=SellerRef(id="wolf", name="fox"))
    room.run()
    handle = Contact(kind="messenger", value="quiet_fox", field="description", start=3, end=13)
    room.offer("c", "the same once more, in other words", "i3", "i1", description="at @quiet_fox", contacts=(handle,))
    room.offer("d", "A table", "i4", seller=fox)
    room.run()
    told = {name: room.told(name) for name in ("item", "listing", "account", "contact")}
    assert told == {"item": ["a", "c"], "listing": ["b"], "account": ["a", "d"], "contact": ["c"]}


@pytest.mark.parametrize(("rhythm", "pause"), [("hourly", HOUR), ("daily", DAY), ("weekly", 7 * DAY)])
def test_what_comes_in_between_is_told_together(room: Any, rhythm: str, pause: timedelta) -> None:
    room.save("glock", rhythm=Rhythm(rhythm))
    room.offer("a", "Glock 19", "i1")
    room.run()
    room.offer("b", "Glock 26", "i2")
    assert room.run(after=pause / 2).searches[0].told == 0
    room.offer("c", "Glock 34", "i3")
    assert room.run(after=pause / 2).searches[0].told == 2
    assert [body["total"] for body in room.digests()] == [1, 2]


def test_quiet_hours_hold_what_is_told_until_they_end(room: Any) -> None:
    room.save("glock", quiet=QuietHours.read("22:00-07:00 Europe/Berlin"))
    room.offer("a", "Glock 19", "i1")
    room.now = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)  # 22:30 in Berlin
    assert room.run().searches[0].told == 0
    assert room.run(after=8 * HOUR).searches[0].told == 0  # 06:30
    assert room.run(after=HOUR / 2).searches[0].told == 1  # 07:00
    assert room.told() == ["a"]


def test_a_muted_search_tells_all_when_the_silence_ends(room: Any) -> None:
    room.save("glock", muted_until=room.now + 2 * DAY)
    room.offer("a", "Glock 19", "i1")
    assert room.run(after=DAY).searches[0].told == 0
    room.offer("b", "Glock 26", "i2")
    assert room.run(after=DAY).searches[0].told == 2


def test_a_query_that_fails_tells_its_owner_once_and_misses_nothing(room: Any) -> None:
    room.save("item:i1")
    assert not room.run().is_well
    room.run(after=DAY)
    assert [body["kind"] for body in room.digests()] == ["trouble"]
    assert "there is no item i1" in room.digests()[0]["trouble"]
    assert room.search().trouble
    room.offer("a", "Glock 19", "i1")
    assert room.run(after=DAY).is_well
    assert room.told() == ["a"]
    assert room.search().trouble is None


def test_one_that_fails_does_not_keep_the_others(room: Any) -> None:
    room.save("item:zz", name="a-broken")
    room.save("glock", name="b-whole")
    room.offer("a", "Glock 19", "i1")
    room.run()
    assert room.told("b-whole") == ["a"]


def test_a_removed_search_leaves_nothing(room: Any) -> None:
    room.save("glock", "feed", "webhook:https://example.org/x", muted_until=None)
    room.offer("a", "Glock 19", "i1")
    room.project()
    with room.database.write() as connection:
        remove_search(connection, read_search(connection, "one"))
    assert room.round().searches == ()
    room.save("glock")
    room.run()
    assert room.told() == ["a"]


def test_a_long_digest_says_how_many_more_there_are(room: Any) -> None:
    room.save("glock")
    for number in range(203):
        room.offer(f"n{number}", "Glock 19", f"i{number}")
    room.run()
    (body,) = room.digests()
    assert (body["total"], len(body["listings"])) == (203, 200)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("list"), st.integers(0, 7), st.sets(st.integers(0, 3), max_size=2)),
        st.tuples(st.just("round"), st.just(0), st.just(frozenset())),
        st.tuples(st.just("reindex"), st.just(0), st.just(frozenset())),
    ),
    max_size=14,
)


COUNTER = iter(range(10**6))


@given(steps=STEPS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_item_is_told_exactly_once_whatever_happens(room: Any, steps: list[Any]) -> None:
    tag = f"tag{next(COUNTER)}"
    room.project()
    room.save(tag, name=tag, sequence=room.index.position())
    shown: dict[str, frozenset[str]] = {}
    for what, number, numbers in [*steps, ("round", 0, frozenset())]:
        if what == "list" and f"{tag}n{number}" not in shown:
            items = frozenset(f"{tag}i{item}" for item in numbers)
            room.offer(f"{tag}n{number}", f"Glock {tag}", *items)
            shown[f"{tag}n{number}"] = items
        elif what == "reindex":
            room.index.set_position(0)
        elif what == "round":
            room.run()
    told = room.told(tag)
    assert len(told) == len(set(told))
    assert {name for name, items in shown.items() if not items} <= set(told)
    assert set().union(*shown.values()) == set().union(*(shown[name] for name in told))
    seen: set[str] = set()
    for name in told:  # each brought something new
        assert not shown[name] or shown[name] - seen
        seen |= shown[name]
    with room.database.write() as connection:
        remove_search(connection, read_search(connection, tag))


def test_a_preview_counts_what_was_first_seen_of_late(room: Any) -> None:
    for days in (45, 31, 30, 20, 9, 8, 1, 0):
        room.now = datetime(2026, 3, 2, 12, tzinfo=UTC) - days * DAY
        room.offer(f"d{days}", "Glock 19", "i1")
        room.offer(f"o{days}", "A chair")
    room.project()
    found = preview(resolve("glock", room.database), room.index, room.now)
    assert (found.total, found.recent) == (8, 6)
    assert [(week.start, week.count) for week in found.weeks] == [
        ("2026-01-26", 1),
        ("2026-02-09", 1),
        ("2026-02-16", 2),
        ("2026-02-23", 1),
        ("2026-03-02", 1),
    ]
    assert found.to_json()["per_week"] == 1.4
    assert len(found.newest) == 5


@pytest.mark.parametrize(
    "text",
    [
        "pigeon:x",
        "email:",
        "email:nobody",
        "email:a@b@c",
        "email:a@example.org\nBcc: x@example.org",
        "webhook:http://example.org/x",
        "webhook:ftp://example.org/x",
        "webhook:https://",
        "webhook:https://example.org/a b",
        "webhook:https://[bad/",
        "feed:x",
    ],
)
def test_what_is_no_way_to_tell_somebody_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        Channel.read(text)


@pytest.mark.parametrize("text", ["email:unit@example.org", "webhook:https://example.org/x?y=1", "feed"])
def test_a_way_is_written_as_it_is_read(text: str) -> None:
    assert str(Channel.read(text)) == text


@pytest.mark.parametrize(
    "text", ["22-07", "22:00-22:00", "25:00-07:00", "22:00-07:00 Mars/Olympus", "22:00-07:00 ../x"]
)
def test_quiet_hours_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        QuietHours.read(text)


@given(st.times(), st.times(), st.datetimes(timezones=st.just(UTC)))
def test_a_moment_is_quiet_on_one_side_of_the_day_only(start: Any, end: Any, moment: datetime) -> None:
    if start == end:
        return
    quiet, loud = (QuietHours(start=one, end=other) for one, other in ((start, end), (end, start)))
    assert quiet.contain(moment) is not loud.contain(moment)


def test_a_mute_ends_with_its_last_day() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert end_of_mute("2026-03-02", now) == datetime(2026, 3, 3, tzinfo=UTC)
    assert end_of_mute("2026-03-02T18:00+01:00", now) == datetime(2026, 3, 2, 17, tzinfo=UTC)
    for text in ("2026-03-01", "soon", "2026-03-02T18:00", "2026-03-02T11:00+00:00"):
        with pytest.raises(BadInput):
            end_of_mute(text, now)


@pytest.mark.parametrize("name", ["", "Big", "a b", "../x", "a" * 65])
def test_a_name_becomes_a_file_and_is_checked(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot name"):
        SavedSearch(name=name, query="x", owner="x", created=datetime.now(UTC), channels=(Channel.read("feed"),))
