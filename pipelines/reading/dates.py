"""Dates and times as sites write them, as ISO 8601 in the site's own zone.

The common absolute and relative forms are read here; what is left goes to dateparser, which is slow.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dateparser
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LONGEST_DATE_TEXT = 80  # characters; longer text is prose, not a date
USUAL_LANGUAGES = ["en", "de", "fr", "es", "pt", "ru", "ar", "zh"]  # trying all of dateparser's takes two seconds
EARLIEST_YEAR, LATEST_YEAR = 1900, 2199

_WORDS = YAML(typ="safe").load(files("pipelines.reading").joinpath("months.yaml").read_text(encoding="utf-8"))
_MONTHS: dict[str, int] = {name: number for number, names in _WORDS["months"].items() for name in names}
_ONLY_WITH_YEAR = frozenset(_WORDS["only_with_year"])
_DAYS: dict[str, int] = {name: offset for offset, names in _WORDS["days"].items() for name in names}
_UNITS: dict[str, str] = {name: unit for unit, names in _WORDS["units"].items() for name in names}


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_LETTER = r"[^\W\d_]"
_MONTH = rf"(?P<month>{_any_of(_MONTHS)})\.?(?!{_LETTER})"
_ISO = re.compile(
    r"(?<!\d)(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?!\d)"
    r"(?:[T ](?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?(?:[.,]\d+)?\s?(?P<offset>Z|[+-]\d{2}:?\d{2})?)?"
)
_DAY_FIRST = re.compile(
    rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º|ª)?\.?[\s-]*(?:de\s+|of\s+)?{_MONTH}[\s,.-]*(?:de\s+|del\s+)?(?P<year>\d{{4}})(?!\d)",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"(?<!{_LETTER}){_MONTH}\s*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s*,\s*|\s+)(?P<year>\d{{4}})(?!\d)", re.IGNORECASE
)
_DAY_AND_MONTH = re.compile(
    rf"(?<![\d.,])(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º)?\.?\s(?:de\s+)?{_MONTH}"
    rf"|(?<!{_LETTER}){_MONTH.replace('month', 'month_first')}\s(?P<day_after>\d{{1,2}})(?:st|nd|rd|th)?)(?![\d.])",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"(?P<year>\d{4})\s?年\s?(?P<month>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?日?")
_MONTH_AND_YEAR = re.compile(rf"(?<!{_LETTER}){_MONTH}\s*,?\s*(?:de\s+)?\d{{4}}(?!\d)", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(?<![\d.,/])(?P<year>\d{4})[./](?P<month>\d{1,2})[./](?P<day>\d{1,2})(?!\d)")
_NUMERIC = re.compile(
    r"(?<![\d.,/-])(?P<first>\d{1,2})(?P<mark>[./-])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})(?![\d/-])"
)
_CLOCK = re.compile(
    r"(?<![\d.,])(?P<hour>\d{1,2})(?:[:hH.](?P<minute>\d{2}))(?::(?P<second>\d{2}))?(?!\d|[./]\d)\s?(?P<half>[ap]\.?m\b\.?)?"
    r"|(?<![\d.,])(?P<hour12>\d{1,2})\s?(?P<half12>[ap]\.?m\b)",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"\s?(?:GMT|UTC)?([+-]\d{2}:?\d{2})(?!\d)")
_RELATIVE = re.compile(
    rf"(?<![\d.])(?P<count>\d{{1,3}}|an?|one|une?|un|einem|einer|einen|uma?|una)\s?\+?\s?(?P<unit>{_any_of(_UNITS)})(?:(?!{_LETTER})|(?=前))",
    re.IGNORECASE,
)
_AGO = re.compile(rf"(?<!{_LETTER})(?:{_any_of(_WORDS['ago'])})(?!{_LETTER})|前", re.IGNORECASE)
_NAMED_DAY = re.compile(rf"(?<!{_LETTER})(?:{_any_of(_DAYS)})(?!{_LETTER})|昨天|今天|前天", re.IGNORECASE)
_LABEL = re.compile(r"^[^\d:]{2,30}[:：]\s*")
_LENGTHS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}


def read_date(
    text: str,
    *,
    now: datetime,
    languages: tuple[str, ...] = (),
    order: str | None = None,
    zone: str | None = None,
) -> str | None:
    """Read the moment a text names, as ISO 8601: a date where the text has no time, else a time to what was written.

    `now` is aware; relative forms count back from it in `zone` (an IANA name; UTC without one). A time carries
    an offset where the text or `zone` gives one. `order` is DMY, MDY or YMD; without it `04/05/2018` is
    month-first in English and where no language is known (as dateparser reads it), day-first elsewhere.
    None where the text names no date, a date that does not exist, or a day without a year that cannot be settled.
    """
    plain = _plain(text)
    if not plain or len(plain) > LONGEST_DATE_TEXT:
        return None
    local_now = now.astimezone(ZoneInfo(zone)) if zone else now
    has_digits = any(map(str.isdigit, plain))
    read = _read_absolute(plain, languages, order, zone) if has_digits else None
    if read is None:
        read = _read_relative(plain, local_now)
    if read is None and has_digits:
        read = _read_without_year(plain, local_now)
    if read is None and has_digits and _worth_the_slow_way(plain):
        read = _read_slowly(plain, local_now, languages, order, zone)
    return read


def is_relative(text: str) -> bool:
    """Whether a short text is nothing but a time counted back, like `3 days ago`, `vor 2 Stunden`, `yesterday`."""
    plain = _plain(text)
    if len(plain) > LONGEST_DATE_TEXT // 2:
        return False
    counted = _RELATIVE.search(plain)
    if counted and _AGO.search(plain):
        rest = _AGO.sub("", plain[: counted.start()] + plain[counted.end() :])
        return not any(map(str.isalnum, rest))
    named = _NAMED_DAY.fullmatch(plain)
    return named is not None


def _plain(text: str) -> str:
    composed = " ".join(text.split())
    if composed.isascii():
        return composed
    return "".join(
        str(unicodedata.decimal(character)) if not character.isascii() and character.isdecimal() else character
        for character in unicodedata.normalize("NFC", composed)
    )


def _read_absolute(plain: str, languages: tuple[str, ...], order: str | None, zone: str | None) -> str | None:
    iso = _ISO.search(plain)
    if iso:
        day = _date(iso["year"], iso["month"], iso["day"])
        if day is None or iso["hour"] is None:
            return _with_clock(day, plain[iso.end() :], zone) if day else None
        return _moment(day, iso["hour"], iso["minute"], iso["second"], offset=iso["offset"], zone=zone)
    for pattern in (_DAY_FIRST, _MONTH_FIRST, _CHINESE, _YEAR_FIRST):
        match = pattern.search(plain)
        if match:
            month = _MONTHS.get(match["month"].lower()) or match["month"]
            day = _date(match["year"], month, match["day"])
            return _with_clock(day, plain[: match.start()] + " " + plain[match.end() :], zone) if day else None
    match = _NUMERIC.search(plain)
    if match is None:
        return None
    day = _ordered(match, languages, order)
    return _with_clock(day, plain[: match.start()] + " " + plain[match.end() :], zone) if day else None


def _ordered(match: re.Match[str], languages: tuple[str, ...], order: str | None) -> date | None:
    first, second, year = int(match["first"]), int(match["second"]), match["year"]
    if order == "YMD" and len(year) == 2:
        return _date(match["first"], second, year)
    month_first = (
        order == "MDY" if order else match["mark"] != "." and (not languages or languages[0].lower() in {"en", "en-us"})
    )
    if month_first and first > 12:
        month_first = False
    elif not month_first and second > 12:
        month_first = True
    return _date(year, first, second) if month_first else _date(year, second, first)


def _date(year: str | int, month: str | int, day: str | int) -> date | None:
    full_year = int(year) if len(str(year)) > 2 else 2000 + int(year) - (100 if int(year) >= 70 else 0)
    if not EARLIEST_YEAR <= full_year <= LATEST_YEAR:
        return None
    try:
        return date(full_year, int(month), int(day))
    except ValueError:
        return None


def _with_clock(day: date, rest: str, zone: str | None) -> str:
    clock = _CLOCK.search(rest)
    if clock is None:
        return day.isoformat()
    half = clock["half"] or clock["half12"] or ""
    hour = int(clock["hour"] or clock["hour12"])
    if half:
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    offset = _OFFSET.match(rest, clock.end())
    read = _moment(
        day, str(hour), clock["minute"] or "0", clock["second"], offset=offset[1] if offset else None, zone=zone
    )
    return read or day.isoformat()


def _moment(
    day: date, hour: str, minute: str, second: str | None, *, offset: str | None, zone: str | None
) -> str | None:
    try:
        clock = time(int(hour), int(minute), int(second or 0))
    except ValueError:
        return None
    moment = datetime.combine(day, clock, tzinfo=ZoneInfo(zone) if zone and not offset else None)
    text = moment.isoformat(timespec="seconds" if second else "minutes")
    if offset is None:
        return text
    return text + ("+00:00" if offset == "Z" else offset if ":" in offset else f"{offset[:3]}:{offset[3:]}")


def _read_relative(plain: str, local_now: datetime) -> str | None:
    match = _RELATIVE.search(plain)
    if match and _AGO.search(plain):
        count = int(match["count"]) if match["count"].isdecimal() else 1
        return _counted_back(local_now, count, _UNITS[match["unit"].lower()])
    named = _NAMED_DAY.search(plain)
    if named is None:
        return None
    day = local_now.date() + timedelta(days=_DAYS[named[0].lower()])
    zone = str(local_now.tzinfo) if isinstance(local_now.tzinfo, ZoneInfo) else None
    return _with_clock(day, plain[named.end() :], zone)


def _counted_back(local_now: datetime, count: int, unit: str) -> str:
    if unit in {"minute", "hour"}:
        return (local_now - count * _LENGTHS[unit]).isoformat(timespec="minutes")
    if unit in _LENGTHS:
        return (local_now - count * _LENGTHS[unit]).date().isoformat()
    months = local_now.year * 12 + local_now.month - 1 - count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    first_of_next = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last_day = (first_of_next - timedelta(days=1)).day
    return date(year, month + 1, min(local_now.day, last_day)).isoformat()


def _read_without_year(plain: str, local_now: datetime) -> str | None:
    """`18 février à 07:29`: the last time that this day was."""
    match = _DAY_AND_MONTH.search(plain)
    if match is None:
        return None
    name = (match["month"] or match["month_first"]).lower()
    if name in _ONLY_WITH_YEAR:
        return None
    month = _MONTHS[name]
    for year in range(local_now.year, local_now.year - 5, -1):
        day = _date(year, month, match["day"] or match["day_after"])
        if day and day <= local_now.date():
            zone = str(local_now.tzinfo) if isinstance(local_now.tzinfo, ZoneInfo) else None
            return _with_clock(day, plain[match.end() :], zone)
    return None


def _worth_the_slow_way(plain: str) -> bool:
    """Whether dateparser could read a date in it: a letter word beside its digits, and not too many of either."""
    words = plain.split()
    if _MONTH_AND_YEAR.search(plain) and sum(map(str.isdigit, plain)) == 4:
        return False  # no day: dateparser would take a while to find that out
    return 2 <= len(words) <= 8 and any(word.isalpha() for word in words)


def _read_slowly(
    plain: str, local_now: datetime, languages: tuple[str, ...], order: str | None, zone: str | None
) -> str | None:
    settings: dict[str, object] = {
        "RELATIVE_BASE": local_now.replace(tzinfo=None),
        "PREFER_DATES_FROM": "past",
        "REQUIRE_PARTS": ["day", "month"],
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    if order:
        settings["DATE_ORDER"] = order
    parse: Callable[..., datetime | None] = dateparser.parse
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dateparser warns about its own days without years and about pytz
        for text in dict.fromkeys((plain, _LABEL.sub("", plain))):
            try:
                moment = parse(text, languages=_known_languages(languages), settings=settings)
            except (ValueError, OverflowError):
                return None
            if moment:
                return _with_clock(moment.date(), text, zone)
    return None


def _known_languages(languages: tuple[str, ...]) -> list[str]:
    """Language tags without their region, since dateparser refuses a tag it does not know."""
    known = [tag.lower().split("-")[0] for tag in languages]
    return [tag for tag in dict.fromkeys(known) if len(tag) == 2] or USUAL_LANGUAGES
