"""Slots: each of them once, over both changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from crawler.schedule import Schedule
from crawler.sites.schema import SiteFile

ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu")


def schedule(cron: str, zone: str = "UTC", jitter: float = 0, hours: str | None = None) -> Schedule:
    made = Schedule.of(
        SiteFile.model_validate(
            {
                "site": "m",
                "start": ["https://market.example/"],
                "schedule": {"cron": cron, "timezone": zone, "jitter": jitter},
                "timezone": zone,
                "pace": {"hours": hours},
            }
        )
    )
    assert made is not None
    return made


def starts(of: Schedule, begin: datetime, end: datetime, step: timedelta) -> list[datetime]:
    """When a watch that looks every `step` would begin: on a slot newer than its last visit."""
    visited, found, now = begin, [], begin
    while now < end:
        slot = of.last_slot(now)
        if slot is not None and slot.at > visited:
            found.append(now)
            visited = now
        now += step
    return found


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_half_past_one_comes_once_when_the_clock_is_put_back() -> None:
    found = starts(
        schedule("30 1 * * *", "America/New_York"), at("2026-10-31 12:00"), at("2026-11-02 12:00"), timedelta(minutes=1)
    )
    # 01:30 with summer time, an hour before the second 01:30; then the next day without it.
    assert found == [at("2026-11-01 05:30"), at("2026-11-02 06:30")]


def test_an_hour_that_the_clock_leaves_out_is_not_left_out() -> None:
    found = starts(
        schedule("30 2 * * *", "America/New_York"), at("2026-03-07 12:00"), at("2026-03-09 12:00"), timedelta(minutes=1)
    )
    assert found == [at("2026-03-08 07:30"), at("2026-03-09 06:30")]


def test_who_sleeps_over_the_first_half_past_one_begins_once() -> None:
    of = schedule("30 1 * * *", "Europe/Berlin")  # put back on 2026-10-25 at 01:00 UTC
    found = starts(of, at("2026-10-25 00:45"), at("2026-10-25 12:00"), timedelta(minutes=10))
    assert found == []
    assert starts(of, at("2026-10-24 22:45"), at("2026-10-25 12:00"), timedelta(minutes=10)) == [at("2026-10-24 23:35")]


def test_many_missed_slots_are_one() -> None:
    of = schedule("*/5 * * * *")
    slot = of.last_slot(at("2026-06-01 12:03"))
    assert slot is not None
    assert slot.at == at("2026-06-01 12:00")
    assert starts(of, at("2026-05-01 00:00"), at("2026-06-01 12:03"), timedelta(days=31, hours=12, minutes=2)) == [
        at("2026-06-01 12:02")
    ]


def test_monday_is_monday() -> None:
    slot = schedule("0 0 * * 1").next_slot(at("2026-11-21 00:00"))
    assert slot.start.strftime("%A") == "Monday"


@given(
    st.sampled_from(ZONES),
    st.integers(0, 59),
    st.one_of(st.just("*"), st.integers(0, 23).map(str), st.just("*/3"), st.just("1-4")),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)),  # noqa: DTZ001 -- made aware below
    st.sampled_from((0, 90, 4000)),
    st.integers(1, 90),
)
def test_no_slot_is_begun_twice_or_before_its_time(
    zone: str, minute: int, hour: str, begin: datetime, jitter: float, step: int
) -> None:
    of = schedule(f"{minute} {hour} * * *", zone, jitter)
    now, seen = begin.replace(tzinfo=UTC), list[datetime]()
    faces = []
    for _ in range(60):
        slot = of.last_slot(now)
        assert slot is not None
        assert slot.at <= slot.start <= now
        assert slot.start - slot.at <= timedelta(seconds=jitter)
        if not seen or slot.at > seen[-1]:
            seen.append(slot.at)
            faces.append(slot.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0))
        now += timedelta(minutes=step)
    assert len(set(faces)) == len(faces)


@given(st.sampled_from(ZONES), st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)))  # noqa: DTZ001 -- as above
def test_the_next_slot_is_the_last_one_when_it_comes(zone: str, moment: datetime) -> None:
    of = schedule("17 */2 * * *", zone, jitter=600)
    now = moment.replace(tzinfo=UTC)
    coming = of.next_slot(now)
    assert coming.start > now
    found = of.last_slot(coming.start)
    assert found is not None
    assert found.start <= coming.start


def test_jitter_is_the_same_in_every_process() -> None:
    slot = schedule("0 3 * * *", jitter=3600).last_slot(at("2026-06-01 12:00"))
    assert slot is not None
    assert slot.start.isoformat() == "2026-06-01T03:50:12.871025+00:00"


def test_hours_are_the_sites() -> None:
    of = schedule("0 * * * *", "America/New_York", hours="22:00-06:00")
    assert of.is_open(at("2026-06-01 03:00"))
    assert not of.is_open(at("2026-06-01 12:00"))
