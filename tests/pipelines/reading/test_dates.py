from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.reading.dates import is_relative, read_date

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "languages", "expected"),
    [
        ("Saturday, November 11, 2017", (), "2017-11-11"),
        ("2017-11-11T08:23:00Z", (), "2017-11-11T08:23:00+00:00"),
        ("Sat Nov 11 2017 10:00:00 GMT+0100", (), "2017-11-11T10:00:00+01:00"),
        ("Nov 14, 2015 at 3:20 PM", ("en",), "2015-11-14T15:20"),
        ("11/12/2017", (), "2017-11-12"),
        ("11/12/2017", ("en-GB",), "2017-12-11"),
        ("13/12/2017", ("en",), "2017-12-13"),
        ("04/05/2018 à 21h30", ("fr",), "2018-05-04T21:30"),
        ("18 février à 07:29", ("fr",), "2026-02-18T07:29"),
        ("(27.02.14)", (), "2014-02-27"),
        ("Posted 2 hrs ago", (), "2026-11-21T06:30+00:00"),
        ("vor 3 Tagen", ("de",), "2026-11-18"),
        ("il y a 2 semaines", ("fr",), "2026-11-07"),
        ("hace 3 días", ("es",), "2026-11-18"),
        ("há 5 horas", ("pt",), "2026-11-21T03:30+00:00"),
        ("3 дня назад", ("ru",), "2026-11-18"),
        ("منذ 3 أيام", ("ar",), "2026-11-18"),
        ("3天前", ("zh",), "2026-11-18"),
        ("a month ago", ("en",), "2026-10-21"),
        ("١١ نوفمبر ٢٠١٧", ("ar",), "2017-11-11"),
        ("2014年2月3日", ("zh",), "2014-02-03"),
        ("12 de março de 2020", ("pt",), "2020-03-12"),
        ("31 dic", ("es",), "2025-12-31"),
    ],
)
def test_date_or_time(text: str, languages: tuple[str, ...], expected: str) -> None:
    assert read_date(text, now=NOW, languages=languages) == expected


def test_site_zone_counts() -> None:
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert read_date("heute", now=late, zone="Europe/Berlin") == "2026-11-22"
    assert read_date("gestern, 14:30", now=NOW, zone="Europe/Berlin") == "2026-11-20T14:30+01:00"


def test_order_of_the_site_file_counts() -> None:
    assert read_date("03/04/2026", now=NOW, order="DMY") == "2026-04-03"
    assert read_date("03/04/2026", now=NOW, order="MDY", languages=("de",)) == "2026-03-04"


@pytest.mark.parametrize("text", ["31 Feb 2019", "Glock 19 gen 4", "5.56 300 rounds", "tomorrow never", "", "x" * 200])
def test_no_date(text: str) -> None:
    assert read_date(text, now=NOW, languages=("en",)) is None


def test_last_resort_reads_what_the_fast_forms_do_not() -> None:
    assert read_date("11 ноември 2017", now=NOW, languages=("bg",)) == "2017-11-11"


@settings(deadline=None)
@given(
    st.dates(date(1971, 1, 1), date(2099, 12, 31)), st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%B %d, %Y", "%d %b %Y"])
)
def test_absolute_forms_come_back(day: date, form: str) -> None:
    assert read_date(day.strftime(form), now=NOW, languages=("en",)) == day.isoformat()


@settings(deadline=None)
@given(st.text(alphabet="0123456789/.:-, TZapm年月日agoMrch", max_size=30))
def test_any_text_is_read_without_an_error(text: str) -> None:
    read = read_date(text, now=NOW, languages=("en",), zone="America/Denver")
    assert read is None or date.fromisoformat(read[:10])


@pytest.mark.parametrize(
    ("text", "day"),
    [("05 Mayıs 2026", "2026-05-05"), ("3 gün önce", "2026-05-07"), ("dün", "2026-05-09"), ("منذ يومين", "2026-05-08")],
)
def test_dates_in_further_languages(text: str, day: str) -> None:
    read = read_date(text, now=datetime(2026, 5, 10, 12, 0, tzinfo=UTC))
    assert read is not None
    assert read[:10] == day


@pytest.mark.parametrize("text", ["3 days ago", "vor 2 Stunden", "قبل 3 أيام", "2 дня назад", "yesterday", "3天前"])
def test_nothing_but_a_time_counted_back(text: str) -> None:
    assert is_relative(text)


@pytest.mark.parametrize("text", ["bought 3 days ago", "3 days", "ago", "yesterday at noon", "12.05.2026", ""])
def test_more_or_less_than_a_time_counted_back(text: str) -> None:
    assert not is_relative(text)
