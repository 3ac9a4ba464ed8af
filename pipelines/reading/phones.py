"""Phone numbers in a text, also disguised ones, and never a serial, a calibre, a price, a date or a model number."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

import phonenumbers
from attrs import frozen

from pipelines.reading.numerals import Unit, find_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

NORTH_AMERICA = frozenset({"US", "CA", "PR", "DO", "JM"})
MOST_TRIES = 1000  # groups of digits of one text
LEAST_DIGITS, MOST_DIGITS = 7, 15  # ITU-T E.164 allows 15; 7 is a number within an area
_CALL = (
    r"call|ring|dial|text|txt|tex|phone|cell|mobile|mobil|tel|tél|ph|telefon|telefono|teléfono|telefone|handy|whats\s?app|wa|signal|viber|sms|reach|"
    r"joindre|joignable|erreichbar|melden|обращ\w*|звоните|пишите|للتواصل|تواصل|加我|"
    r"contact|number|rufen|anruf|appel\w*|ll[aá]m\w*|lig\w{1,4}|celular|zap|тел|телефон|звон\w*|номер|هاتف|اتصل|واتس\w*|جوال|موبايل|"
    r"电话|手机|联系|微信|致电"
)
_CALL_BEFORE = re.compile(rf"(?:(?<![^\W\d_])(?:{_CALL})|(?:text|call|phone|cell))[^\d]{{0,28}}$", re.IGNORECASE)
_CALL_AFTER = re.compile(r"[\s.,!)]{0,4}(?:call|text|txt|please text|cell|calls?\b)", re.IGNORECASE)
_NOT_A_PHONE = re.compile(
    r"(?:serial|ser\.?\s?#|s/n|(?<![a-z])sn|seriennummer|série|серийн\w*|رقم تسلسلي|序列号|sku|upc|ean|gtin|isbn|asin|"
    r"mpn|mfg|part|item|model|"
    r"stk|inventory|lot|order|track\w*|usps|ups|fedex|fflic?|ffl|licen[sc]e|lic\.?|permit|vin|account|acct|routing|ref|id|product|catalog|"
    r"artikel\w*|référence|référence|iban|range|patent)"
    r"(?:\s?(?:code|numbers?|no\.?|nr\.?|num\.?|n°|#))?\s?[:#]?\s?(?:is\s)?(?:[A-Z]{0,2}-)?$",
    re.IGNORECASE,
)
_MONEY_BEFORE = re.compile(r"[$€£₽¥]\s?$")
_URL = re.compile(r"(?:https?://|www\.)\S+|\b[\w-]+\.(?:com|net|org|ru|de|fr)/\S+", re.IGNORECASE)


@frozen(kw_only=True)
class Phone:
    """`value` is E.164 where the country is known, else the digits; `start` and `end` are code points."""

    value: str
    start: int
    end: int


def find_phones(text: str, *, country: str | None = None) -> list[Phone]:
    """Find every phone number in `text`, in reading order; `country` (ISO 3166-1 alpha-2) reads national numbers.

    Of a text that is mostly digits only the first `MOST_TRIES` groups are looked at, so that time is bounded.
    """
    linked = "/" in text or "www" in text
    addresses = deque((match.start(), match.end()) for match in _URL.finditer(text)) if linked else deque()
    found: list[Phone] = []
    tries = 0
    for run in find_runs(text, least=LEAST_DIGITS):
        while addresses and addresses[0][1] <= run[0].start:
            addresses.popleft()
        if addresses and addresses[0][0] <= run[0].start:
            continue
        found.extend(_phones_of(text, run, country, MOST_TRIES - tries))
        tries += len(run)
        if tries >= MOST_TRIES:
            break
    return found


def _phones_of(text: str, run: tuple[Unit, ...], country: str | None, tries: int) -> Iterator[Phone]:
    position = 0
    while position < min(len(run), tries):
        taken = _read_from(text, run, position, country)
        if taken is None:
            position += 1
            continue
        phone, position = taken
        yield phone


def _read_from(text: str, run: tuple[Unit, ...], position: int, country: str | None) -> tuple[Phone, int] | None:
    before = text[max(0, run[position].start - 40) : run[position].start]
    american = country is None or country in NORTH_AMERICA
    if american:
        glued = _glued(run, position, country)
        if glued:
            return glued
    if _MONEY_BEFORE.search(before) or _NOT_A_PHONE.search(before):
        return None
    if before.endswith(("+", "+ (")):
        return _international(text, run, position)
    if american:
        read = _north_american(text, run, position, country) or _dialled_from_abroad(run, position)
        if read or country:
            return read
    return _national(text, run, position, country)


def _international(text: str, run: tuple[Unit, ...], position: int) -> tuple[Phone, int] | None:
    start = text.rindex("+", 0, run[position].start)
    for stop in range(min(len(run), position + MOST_DIGITS), position, -1):
        digits = _digits(run[position:stop])
        if len(digits) > MOST_DIGITS:
            continue
        number = _parse("+" + digits, None)
        if number is not None and (
            phonenumbers.is_valid_number(number)
            or _is_north_american(digits.removeprefix("1"))
            or (stop == len(run) and phonenumbers.is_possible_number(number) and _is_called(text, start, run[-1].end))
        ):
            return _phone(number, start, run[stop - 1].end), stop
    return None


def _dialled_from_abroad(run: tuple[Unit, ...], position: int) -> tuple[Phone, int] | None:
    """`0013075550142`: with the prefix that much of the world dials first."""
    for stop in range(position + 1, len(run) + 1):
        digits = _digits(run[position:stop])
        if len(digits) >= 12:
            number = (
                _parse("+" + digits[2:], None) if digits.startswith("00") and len(digits) <= MOST_DIGITS + 2 else None
            )
            if number is None or not phonenumbers.is_valid_number(number):
                return None
            return _phone(number, run[position].start, run[stop - 1].end), stop
    return None


def _national(text: str, run: tuple[Unit, ...], position: int, country: str | None) -> tuple[Phone, int] | None:
    called = _is_called(text, run[position].start, run[-1].end)
    for stop in range(min(len(run), position + MOST_DIGITS), position, -1):
        units = run[position:stop]
        digits = _digits(units)
        if not LEAST_DIGITS <= len(digits) <= MOST_DIGITS or _touches_letters(text, units):
            continue
        start = _open_bracket(text, units[0].start)
        if digits.startswith("00"):
            number = _parse("+" + digits[2:], None)
            if number is not None and phonenumbers.is_valid_number(number):
                return _phone(number, start, units[-1].end), stop
        if country is None:
            if called and digits.startswith("0") and len(digits) >= 9:
                return Phone(value=digits, start=start, end=units[-1].end), stop
            continue
        number = _parse(digits, country)
        if number is None:
            continue
        if called and phonenumbers.is_possible_number(number):
            return _phone(number, start, units[-1].end), stop
        sure = phonenumbers.is_valid_number(number) or _is_hidden(digits, units, number)
        if sure and _is_marked_national(digits, units, country):
            return _phone(number, start, units[-1].end), stop
    return None


def _is_hidden(digits: str, units: tuple[Unit, ...], number: phonenumbers.PhoneNumber) -> bool:
    """Digits spelled out are meant to be read by people only: then a possible number will do."""
    spelled = any(unit.spelled for unit in units) and not all(unit.spelled for unit in units)
    return spelled and digits.startswith("0") and len(digits) >= 9 and phonenumbers.is_possible_number(number)


def _is_marked_national(digits: str, units: tuple[Unit, ...], country: str) -> bool:
    """Tell by a trunk prefix or the form of a mobile number that bare digits are a number, without a word beside."""
    if digits.startswith("0"):
        return len(digits) >= 9
    if country in {"RU", "KZ"}:
        return len(digits) == 11 and digits[0] in "78"
    if country == "CN":
        return len(units) <= 3 and len(digits) == 11
    return len(digits) >= 9 and 2 <= len(units) <= 5


def _north_american(text: str, run: tuple[Unit, ...], position: int, country: str | None) -> tuple[Phone, int] | None:
    """Area, exchange and line by the North American plan, whole units only; a zip code may be glued in front."""
    digits, stop = "", position
    for stop in range(position + 1, len(run) + 1):
        digits = _digits(run[position:stop])
        if len(digits) >= 10:
            break
    units = run[position:stop]
    bare = digits[1:] if len(digits) == 11 and digits[0] == "1" and not units[0].spelled else digits
    if _is_north_american(bare) and _is_shaped(text, units, run[stop:], with_prefix=bare != digits):
        value = "+1" + bare if country else bare
        return Phone(value=value, start=_open_bracket(text, units[0].start), end=units[-1].end), stop
    return _local(text, run, position)


def _glued(run: tuple[Unit, ...], position: int, country: str | None) -> tuple[Phone, int] | None:
    """Read a number with a zip code, a price or a model before it and no space: `28602701-555-0149`."""
    first = run[position]
    rest = [unit for unit in run[position + 1 : position + 3] if not unit.spelled and unit.gap in {"-", ".", " "}]
    shape = [len(unit.digits) for unit in rest]
    if first.spelled or not 4 <= len(first.digits) <= 8 or shape[:1] not in ([3], [7]) or shape[:2] == [3]:
        return None
    used = rest[:1] if shape[0] == 7 else rest[:2]
    if shape[0] == 3 and (shape != [3, 4] or rest[0].gap != rest[1].gap):
        return None
    bare = first.digits[-3:] + _digits(tuple(used))
    if not _is_north_american(bare):
        return None
    value = "+1" + bare if country else bare
    return Phone(value=value, start=first.places[-3][0], end=used[-1].end), position + 1 + len(used)


def _is_north_american(digits: str) -> bool:
    """Ten digits with an area code and an exchange that the plan allows (NANPA: N9X areas and N11 are not used)."""
    return re.fullmatch(r"[2-9](?!11)[0-8]\d[2-9]\d{6}", digits) is not None


def _is_shaped(text: str, units: tuple[Unit, ...], rest: tuple[Unit, ...], *, with_prefix: bool) -> bool:
    lengths = [len(unit.digits) for unit in units]
    if with_prefix:
        lengths = lengths[1:] if lengths[0] == 1 else [lengths[0] - 1, *lengths[1:]]
    if _touches_letters(text, units) and lengths[:2] != [3, 3] and not _follows_a_word(text, units):
        return False
    if rest and rest[0].gap in {"", ".", "-"}:
        return False
    if any(unit.spelled for unit in units) or lengths in ([3, 3, 4], [10], [3, 7], [6, 4]):
        return True
    return _is_called(text, units[0].start, units[-1].end)


def _local(text: str, run: tuple[Unit, ...], position: int) -> tuple[Phone, int] | None:
    """Read a seven-digit number, only where the words beside it say that it is one to call."""
    for stop in range(position + 1, len(run) + 1):
        units = run[position:stop]
        digits = _digits(units)
        if len(digits) > 7:
            return None
        if len(digits) == 7:
            alone = position == 0 and stop == len(run)
            said = _is_called(text, units[0].start, units[-1].end) or _closes_a_sentence(text, units)
            if not alone or digits[0] in "01" or not said:
                return None
            return Phone(value=digits, start=units[0].start, end=units[-1].end), stop
    return None


def _is_called(text: str, start: int, end: int) -> bool:
    return bool(_CALL_BEFORE.search(text, max(0, start - 45), start) or _CALL_AFTER.match(text, end))


def _touches_letters(text: str, units: tuple[Unit, ...]) -> bool:
    """Whether a letter, `#` or `_` stands right before: `SN3057680286`, `G-51717-2`."""
    before = text[max(0, units[0].start - 2) : units[0].start]
    return (before != "" and (before[-1].isalpha() or before[-1] in "#_")) or bool(re.fullmatch(r"[^\W\d_][-]", before))


def _follows_a_word(text: str, units: tuple[Unit, ...]) -> bool:
    """`obo2055550164`: a lower-case word ran into the number when line breaks were lost."""
    return re.search(r"[a-z]{3}$", text[max(0, units[0].start - 3) : units[0].start]) is not None


def _closes_a_sentence(text: str, units: tuple[Unit, ...]) -> bool:
    """`… o.b.o...285-4290.....`: three digits, a hyphen and four, alone between sentences."""
    if [len(unit.digits) for unit in units] != [3, 4] or units[1].gap != "-":
        return False
    before = text[max(0, units[0].start - 3) : units[0].start]
    after = text[units[1].end : units[1].end + 1]
    return re.search(r"(?:[.!?)]\s?|[a-z]{3})$", before) is not None or (after == "" and before[-1:].isspace())


def _open_bracket(text: str, start: int) -> int:
    return start - 1 if text[max(0, start - 1) : start] == "(" else start


def _digits(units: tuple[Unit, ...]) -> str:
    return "".join(unit.digits for unit in units)


def _parse(digits: str, country: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return None


def _phone(number: phonenumbers.PhoneNumber, start: int, end: int) -> Phone:
    return Phone(value=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), start=start, end=end)
