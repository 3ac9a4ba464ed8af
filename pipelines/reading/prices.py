"""Prices as people write them: `1.250,00 €`, `R$ 2.500`, `12 500 руб`, `$1.2k`, `VB 300 €`.

An amount is taken only beside a currency mark or a word that says price, or where the text holds nothing else:
calibres, phones, years and model numbers are never prices.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from typing import Literal

from attrs import evolve, frozen
from price_parser import Price as ParsedPrice
from ruamel.yaml import YAML

from pipelines.models import Price

DecimalMark = Literal[".", ","]
LONGEST_PRICE_FIELD = 40  # characters: beyond it price-parser's guesses are not trusted
MOST_DIGITS = 12

_LEXICON = YAML(typ="safe").load(files("pipelines.reading").joinpath("currencies.yaml").read_text(encoding="utf-8"))
_OWN: dict[str, str] = {mark: code for code, marks in _LEXICON["own"].items() for mark in marks}
_SHARED: dict[str, list[str]] = _LEXICON["shared"]
_UNSURE = frozenset(_LEXICON["unsure"])
_CODES = frozenset(_LEXICON["codes"])
_CASED = {mark.lower(): mark for mark in _LEXICON["cased"]}


def _alternatives(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_MARKS = _alternatives([*_OWN, *_SHARED, *(code.lower() for code in _CODES)])
_LETTER = r"[^\W\d_]"
_MARK = rf"(?<!{_LETTER})(?:{_MARKS})(?!{_LETTER})"
_NUMBER = (
    r"(?:\d{1,3}(?:,\d{2})+,\d{3}(?:\.\d{1,2})?"  # Indian grouping
    r"|\d{1,3}(?P<group>[ .,'’])\d{3}(?:(?P=group)\d{3})*(?:[.,]\d{1,2})?(?!\d)"
    r"|\d+(?:[.,]\d+)?)"
)
_SCALE = r"(?:k|тыс\.?|tsd\.?|mil(?!l|es)|mille|万|萬|ألف)"
_SCALES = {"万": 10_000, "萬": 10_000}
_AMOUNT = re.compile(
    rf"(?P<before>{_MARK})?\s?(?<![\d.,/-])(?P<number>{_NUMBER})(?:\s?(?P<scale>{_SCALE})(?![^\W\d_元円]))?"
    rf"(?P<dash>[.,]?\s?[-–—]{{1,2}}(?!\s?\d))?\s?(?P<after>{_MARK}|(?:€|円|元|р\b))?",
    re.IGNORECASE,
)
_PRICE_WORD = re.compile(rf"(?<!{_LETTER})(?:{_alternatives(_LEXICON['price_words'])})(?!{_LETTER})", re.IGNORECASE)
_FORMER_WORD = re.compile(
    rf"(?<!{_LETTER})(?:{_alternatives(_LEXICON['former_words'])})(?!{_LETTER})[\s.:]*$", re.IGNORECASE
)
_UNIT_AFTER = re.compile(
    r"\s?(?:mm|cm|ga\b|gauge|cal\b|rds?\b|rounds?|x\s?\d|km|kg|lbs?|oz|%|°|\"|''|inch|grs?\b|grain|days?|hrs?|m²|m2|qm)"
    r"|[-/]\d|[^\W\d_]",
    re.IGNORECASE,
)
_RANGE = re.compile(rf"\s*(?:[-–—~～]|(?:{_alternatives(_LEXICON['range_words'])}))\s*", re.IGNORECASE)
_TO_DIGITS = re.compile(rf"{_RANGE.pattern}(?=\d)", re.IGNORECASE)
_PAIR = re.compile(rf"\s*(?:{_alternatives(_LEXICON['pair_words'])})\s*", re.IGNORECASE)
_BETWEEN = re.compile(rf"(?<!{_LETTER})(?:{_alternatives(_LEXICON['between_words'])})\s*$", re.IGNORECASE)
_IDLE = re.compile(r"[\s:;,.!*()\[\]/+~≈|-]+")
_SPACES = {ord(space): " " for space in "\u00a0\u202f\u2009\u2007\u200a\u3000\t\n\r"}
_ODD_MARKS = {ord("٫"): ".", ord("٬"): ",", ord("，"): ",", ord("．"): "."}


@frozen(kw_only=True)
class _Found:
    amount: Decimal
    currency: str | None
    marked: bool
    lowest: bool = False  # the lower end of a range
    start: int
    end: int


def read_price(text: str, *, currency: str | None = None, decimal_hint: DecimalMark | None = None) -> Price | None:
    """Read the price a text states, or None: `currency` (ISO 4217) settles marks that several currencies share.

    A bare `$` without a hint is USD. "zu verschenken" is None: no amount is stated; "0,00 €" is the amount zero.
    Of several amounts the first that is not a former, list or shipping price is taken.
    """
    plain = _plain(text)
    if not any(character.isdigit() for character in plain):
        return None
    stated = _join_ranges(plain, _amounts(plain, currency, decimal_hint))
    found = [one for one in stated if one.amount > 0] or stated  # zero counts where no other amount is stated
    marked = [one for one in found if one.marked]
    for one in marked:
        if one.lowest or not _FORMER_WORD.search(plain, max(0, one.start - 24), one.start):
            return Price(amount=one.amount, currency=one.currency)
    if marked:
        return None
    for one in found:
        if _stands_alone(plain, one) or _is_named(plain, one):
            return Price(amount=one.amount, currency=currency)
    return _read_by_price_parser(plain)


def _plain(text: str) -> str:
    """`text` with ASCII digits and plain spaces, of the same length."""
    spaced = text.translate(_SPACES).translate(_ODD_MARKS)
    if spaced.isascii():
        return spaced
    return "".join(
        str(unicodedata.digit(character)) if not character.isascii() and character.isdecimal() else character
        for character in spaced
    )


def _amounts(plain: str, hint: str | None, decimal_hint: DecimalMark | None) -> list[_Found]:
    found = []
    for match in _AMOUNT.finditer(plain):
        number = match["number"]
        if sum(map(str.isdigit, number)) > MOST_DIGITS:
            continue
        mark = _mark(match)
        ends = match.end("number")
        if mark is None and _UNIT_AFTER.match(plain, ends) and not _TO_DIGITS.match(plain, ends):
            continue
        amount = _decimal(number, decimal_hint)
        if match["scale"]:
            amount *= _SCALES.get(match["scale"], 1000)
        found.append(
            _Found(
                amount=amount,
                currency=_currency(mark, hint) if mark else hint,
                marked=mark is not None,
                start=match.start(),
                end=match.end(),
            )
        )
    return found


def _mark(match: re.Match[str]) -> str | None:
    for side in ("before", "after"):
        mark: str | None = match[side]
        if mark and _CASED.get(mark.lower(), mark) == mark:
            return mark
    return None


def _join_ranges(plain: str, found: list[_Found]) -> list[_Found]:
    """Give the lower end of `560 000 - 750 000 zł` the mark of its upper end."""
    joined = found[:]
    for position, (low, high) in enumerate(pairwise(found)):
        if not low.marked and high.marked and _spans(plain, low, high):
            joined[position] = evolve(low, marked=True, currency=high.currency, lowest=True)
    return joined


def _spans(plain: str, low: _Found, high: _Found) -> bool:
    """Whether two amounts are the ends of a range: `100 to 120`, `between 100 and 120`."""
    if _RANGE.fullmatch(plain, low.end, high.start):
        return True
    paired = _PAIR.fullmatch(plain, low.end, high.start)
    return paired is not None and _BETWEEN.search(plain, max(0, low.start - 16), low.start) is not None


def _currency(mark: str, hint: str | None) -> str | None:
    folded = mark.lower()
    if folded in _SHARED:
        shared = _SHARED[folded]
        if hint in shared:
            return hint
        return None if folded in _UNSURE else shared[0]
    return _OWN.get(folded) or (folded.upper() if folded.upper() in _CODES else None)


def _decimal(number: str, hint: DecimalMark | None) -> Decimal:
    """Read `1.250,00`, `1,250.00`, `1 250`, `1'250`, `12.5`: three digits after one mark are thousands."""
    digits = re.sub(r"[ '’]", "", number)
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return Decimal(digits)
    mark, tail = digits[last], digits[last + 1 :]
    grouped = digits.count(mark) > 1 or (len(tail) == 3 and hint != mark and digits[:last].lstrip("0") != "")
    if grouped:
        return Decimal(re.sub(r"[.,]", "", digits))
    return Decimal(re.sub(r"[.,]", "", digits[:last]) + "." + tail)


def _stands_alone(plain: str, one: _Found) -> bool:
    rest = _PRICE_WORD.sub("", plain[: one.start] + " " + plain[one.end :])
    return _IDLE.sub("", rest) == ""


def _is_named(plain: str, one: _Found) -> bool:
    before = _PRICE_WORD.search(plain, max(0, one.start - 14), one.start)
    if before and _IDLE.sub("", plain[before.end() : one.start]) == "":
        return True
    after = re.match(r"\s?(?:obo|o\.b\.o|or best offer|firm|vb|vhb|neg)\b", plain[one.end :], re.IGNORECASE)
    return after is not None


def _read_by_price_parser(plain: str) -> Price | None:
    """Fall back, for a short price field with a currency that our own marks do not know."""
    if len(plain) > LONGEST_PRICE_FIELD:
        return None
    parsed = ParsedPrice.fromstring(plain)
    if parsed.currency is None or parsed.amount is None or parsed.amount <= 0:
        return None
    code = parsed.currency if re.fullmatch(r"[A-Z]{3}", parsed.currency) else None
    return Price(amount=parsed.amount, currency=code)
