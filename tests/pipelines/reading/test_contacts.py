from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.reading.contacts import find_contacts

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def found(text: str, country: str | None = "US") -> list[tuple[str, str, str]]:
    contacts = find_contacts(text, field="description", country=country)
    return [(one.kind, one.value, text[one.start : one.end]) for one in contacts]


@pytest.mark.parametrize(
    ("text", "value", "written"),
    [
        ("Text 307-555-0142 please", "+13075550142", "307-555-0142"),
        ("(307)555-0142", "+13075550142", "(307)555-0142"),
        ("3O7 555 O142", "+13075550142", "3O7 555 O142"),
        ("call three zero seven 555 01four2", "+13075550142", "three zero seven 555 01four2"),
        ("307-555-01forty", "+13075550140", "307-555-01forty"),
        ("Hickory, NC 28602307-555-0142", "+13075550142", "307-555-0142"),
        ("$450307-555-0142", "+13075550142", "307-555-0142"),
        ("obo3075550142", "+13075550142", "3075550142"),
        ("$200 (307) 555-0142", "+13075550142", "(307) 555-0142"),
        ("307-555-0142I may trade", "+13075550142", "307-555-0142"),
        ("1-307-555-0142", "+13075550142", "1-307-555-0142"),
        ("Call or text 555-0142.", "5550142", "555-0142"),
    ],
)
def test_american_phone(text: str, value: str, written: str) -> None:
    assert found(text) == [("phone", value, written)]


@pytest.mark.parametrize(
    ("text", "country", "value"),
    [
        ("0171 3920012", "DE", "+491713920012"),
        ("06.39.98.00.12 par téléphone, appelez 06.39.98.00.12", "FR", "+33639980012"),
        ("тел. 8 912 345-67-89", "RU", "+79123456789"),
        ("WhatsApp (11) 91234-5678", "BR", "+5511912345678"),
        ("手机 13812345678", "CN", "+8613812345678"),
        ("+44 20 7946 0123", None, "+442079460123"),
        ("(307) 555-0142", None, "3075550142"),
    ],
)
def test_phone_of_a_country(text: str, country: str | None, value: str) -> None:
    assert ("phone", value) in {(kind, number) for kind, number, _ in found(text, country)}


@pytest.mark.parametrize(
    "text",
    [
        "Serial 3057680286",
        "S/N: 305-768-0286",
        "SN3057680286",
        "UPC: 815537020090",
        "Item # 3057680286",
        "Inventory # G-51717-2",
        "sell 5.56x45 300 rounds 223/5.56, 7.62x39 and .45-70",
        "Remington 700 30-06 with 3-9x40 scope",
        "made 1974-1979, sticker dated 4/21/2014",
        "https://example.com/ads/3075550142/rifle",
        "$3500.00(2008)",
        "one two three easy",
    ],
)
def test_not_a_contact(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Mail Ann.B@Example.com now", "ann.b@example.com"),
        ("name (at) example dot com", "name@example.com"),
        ("name [at] example [dot] org", "name@example.org"),
        ("john.smith at example dot com", "john.smith@example.com"),
        ("name @ example . com", "name@example.com"),
    ],
)
def test_email(text: str, value: str) -> None:
    assert [(kind, address) for kind, address, _ in found(text)] == [("email", value)]


@pytest.mark.parametrize("text", ["red dot sight at a good price", "look at the dot com boom", "2@ 15 rd. 1@ 25 rd."])
def test_not_an_email(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("telegram: @sample_22", "messenger", "telegram:sample_22"),
        ("https://t.me/sample22", "messenger", "telegram:sample22"),
        ("wickr me: sample.77", "messenger", "wickr:sample.77"),
        ("cash app $SampleName", "payment", "cashapp:samplename"),
        ("paypal.me/sample", "payment", "paypal:sample"),
        ("DE89 3704 0044 0532 0130 00", "payment", "iban:DE89370400440532013000"),
        ("BTC 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "payment", "bitcoin:1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
    ],
)
def test_messenger_and_payment(text: str, kind: str, value: str) -> None:
    assert [(one, handle) for one, handle, _ in found(text)] == [(kind, value)]


@pytest.mark.parametrize(
    "text", ["DE88 3704 0044 0532 0130 00", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", "$Glock for cash"]
)
def test_wrong_check_digits_are_no_account(text: str) -> None:
    assert found(text) == []


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_offsets_are_code_points_of_the_text_given(before: str, after: str) -> None:
    text = f"{before}\n call (307) 555-0142 \n{after}"
    for one in find_contacts(text, field="title", country="US"):
        assert 0 <= one.start < one.end <= len(text)
        assert one.field == "title"
    assert "(307) 555-0142" in [text[one.start : one.end] for one in find_contacts(text, field="title", country="US")]


@settings(deadline=None)
@given(
    st.text(alphabet="0123456789OoIl -().+@$onetwo five\nабв五", max_size=60),
    st.sampled_from([None, "US", "DE", "RU", "CN"]),
)
def test_any_text_is_read_without_overlaps(text: str, country: str | None) -> None:
    contacts = find_contacts(text, field="description", country=country)
    assert all(first.end <= second.start for first, second in itertools.pairwise(contacts))


@settings(deadline=None)
@given(st.lists(st.sampled_from(DIGITS), min_size=4, max_size=4))
def test_spelled_digits_equal_plain_ones(words: list[str]) -> None:
    digits = "".join(str(DIGITS.index(word)) for word in words)
    spelled = find_contacts(f"call 307-555-{' '.join(words)}", field="description", country="US")
    assert [one.value for one in spelled] == [f"+1307555{digits}"]
