from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.models import Price
from pipelines.reading.prices import read_price


@pytest.mark.parametrize(
    ("text", "hint", "amount", "currency"),
    [
        ("1.250,00 €", None, "1250.00", "EUR"),
        ("R$ 2.500", None, "2500", "BRL"),
        ("12 500 руб", None, "12500", "RUB"),
        ("12,5 тыс. руб.", None, "12500", "RUB"),
        ("١٬٢٥٠ ر.س", None, "1250", "SAR"),
        ("1.2万元", None, "12000", "CNY"),
        ("$1.2k", None, "1200", "USD"),
        ("VB 300 €", None, "300", "EUR"),
        ("300,-- €", None, "300", "EUR"),
        ("1'250.- CHF", None, "1250", "CHF"),
        ("₹1,25,000", None, "125000", "INR"),
        ("560 000 - 750 000 zł", None, "560000", "PLN"),
        ("$400-450", None, "400", "USD"),
        ("Was $999.95 Now $849.95", None, "849.95", "USD"),
        ("price 9mm $450", None, "450", "USD"),
        ("price lowered 11/12/2017 to $500", None, "500", "USD"),
        ("$1,000", "CAD", "1000", "CAD"),
        ("$1,000", "EUR", "1000", "USD"),
        ("5 000 kr", "SEK", "5000", "SEK"),
        ("5 000 kr", None, "5000", None),
        ("450", "USD", "450", "USD"),
        ("450", None, "450", None),
        ("asking 450 obo", "USD", "450", "USD"),
        ("LE 329", None, "329", "EGP"),
        ("0,00 €", None, "0.00", "EUR"),
    ],
)
def test_amount_and_currency(text: str, hint: str | None, amount: str, currency: str | None) -> None:
    assert read_price(text, currency=hint) == Price(amount=Decimal(amount), currency=currency)


@pytest.mark.parametrize(
    "text",
    [
        "zu verschenken",
        "call 555-1234",
        "Marlin 357",
        "307-555-0142",
        "cal 9x19 300",
        "le 30 mai",
        "30 ft long",
        "RRP $999",
        "",
    ],
)
def test_no_amount_is_asked(text: str) -> None:
    assert read_price(text, currency="USD") is None


def test_decimal_hint_settles_three_decimals() -> None:
    assert read_price("1.250 €", decimal_hint=".") == Price(amount=Decimal("1.250"), currency="EUR")
    assert read_price("1.250 €") == Price(amount=Decimal(1250), currency="EUR")


@settings(deadline=None)
@given(st.integers(1, 10**8), st.integers(0, 99), st.sampled_from([("{:,}.{:02} $", "USD"), ("£{:,}.{:02}", "GBP")]))
def test_grouped_amounts_come_back(whole: int, cents: int, form: tuple[str, str]) -> None:
    read = read_price(form[0].format(whole, cents))
    assert read == Price(amount=Decimal(f"{whole}.{cents:02}"), currency=form[1])


@settings(deadline=None)
@given(st.text(max_size=80), st.sampled_from([None, "USD", "EUR", "xxx"]))
def test_any_text_is_read_without_an_error(text: str, hint: str | None) -> None:
    read = read_price(text, currency=hint)
    assert read is None or read.amount >= 0


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("180 do 200 zł", "PLN"),
        ("180 hasta 200 €", "EUR"),
        ("180 até 200 R$", "BRL"),
        ("von 180 bis zu 200 Euro", "EUR"),
        ("180 до 200 руб", "RUB"),
        ("180 إلى 200 ريال سعودي", "SAR"),
        ("180到200元", "CNY"),
        ("between 180 and 200 €", "EUR"),
        ("entre 180 et 200 €", "EUR"),
        ("между 180 и 200 руб", "RUB"),
        ("de 180 a 200 €", "EUR"),
    ],
)
def test_lower_end_of_a_range_in_many_languages(text: str, currency: str) -> None:
    price = read_price(text)
    assert price is not None
    assert (int(price.amount), price.currency) == (180, currency)


def test_a_number_before_a_joined_amount_is_no_range() -> None:
    price = read_price("made in 1980 and 200 €")
    assert price is not None
    assert int(price.amount) == 200
