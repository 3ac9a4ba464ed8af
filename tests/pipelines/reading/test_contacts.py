from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.reading.contacts import MOST_CONTACTS, find_contacts
from pipelines.reading.spans import Spans

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
        ("3O7 55O O142", "+13075500142", "3O7 55O O142"),
        ("text three zero seven, 555 oh one four two.", "+13075550142", "three zero seven, 555 oh one four two"),
        ("three-o-seven 555 oh1 4two", "+13075550142", "three-o-seven 555 oh1 4two"),
        ("call five five five, zero one four two", "5550142", "five five five, zero one four two"),
        ("Cody, zip 82414307-555-0142 to look", "+13075550142", "307-555-0142"),
        ("307 triple five 0142", "+13075550142", "307 triple five 0142"),
        ("307{555}0142", "+13075550142", "307{555}0142"),
        ("３０７－５５５－０１４２", "+13075550142", "３０７－５５５－０１４２"),
        ("0013075550142", "+13075550142", "0013075550142"),
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
        ("واتساب +961 9 555 0195.", "BR", "+96195550195"),
        ("Me joindre au 06 39 98 12 34 après 18 h.", "FR", "+33639981234"),
        ("(307) 555-0142", None, "3075550142"),
        ("zéro six 39 98 00 12", "FR", "+33639980012"),
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
        "one o two",
        "I have 300, 555 and 1234 rounds of it",
        "sizes 300, 555, 1234",
        "picture #3057680286, made 1985-2004",
        "7.62x39, 5.45x39, .300 AAC, 6.5 Creedmoor, 9x19, 12/70",
        "$1,250.00 or $1,150 without, shipping $35.00 to 82001",
        "@heron@burrow.example writes",
        "born 05/03/1984, sold 2019-04-30 at 18:22:07",
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
        ("ann.b -at- example -dot- com", "ann.b@example.com"),
        ("ann *at* example *dot* org", "ann@example.org"),
        ("ann 'at' example 'dot' net", "ann@example.net"),
        ("ann~at~example~dot~com", "ann@example.com"),
        ("ann [ät] example [punkt] com", "ann@example.com"),
        ("ann chez example point fr", "ann@example.fr"),
        ("ann@@example.com", "ann@example.com"),
        ("ann&#64;example&#46;com", "ann@example.com"),
        ("write to ann at example.com", "ann@example.com"),
        ("quiet77 at example.com", "quiet77@example.com"),
        ("e-mail is no-such-name at gmail", "no-such-name@gmail.com"),
        ("ann a t example d o t com", "ann@example.com"),
        ("Mail ann@example.comPlease no calls", "ann@example.com"),
    ],
)
def test_email(text: str, value: str) -> None:
    assert [(kind, address) for kind, address, _ in found(text)] == [("email", value)]


@pytest.mark.parametrize(
    "text",
    [
        "red dot sight at a good price",
        "look at the dot com boom",
        "2@ 15 rd. 1@ 25 rd.",
        "Selling @ cost.com prices",
        "contact me at example.com",
        "more pictures at example.com",
        "I shop at yahoo",
    ],
)
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


SPELLINGS = {digit: [digit, DIGITS[int(digit)]] for digit in "123456789"} | {"0": ["0", "O", "o", "zero", "oh"]}
AREA = ["307", "406", "785", "208"]


def spell(digits: str, choices: list[int]) -> str:
    """Write digits as figures, look-alikes or words, words apart."""
    parts = [SPELLINGS[digit][choice % len(SPELLINGS[digit])] for digit, choice in zip(digits, choices, strict=True)]
    if any(len(part) > 1 for part in parts):
        return " ".join("0" if part in "Oo" else part for part in parts)
    figures = any(part.isdigit() for part in parts)
    return "".join(part if figures or part.isdigit() else "0" for part in parts)


@settings(deadline=None)
@given(
    st.sampled_from(AREA),
    st.integers(100, 199),
    st.lists(st.integers(0, 4), min_size=10, max_size=10),
    st.sampled_from(["-", " ", "."]),
)
def test_a_disguised_number_is_found_however_it_is_spelled(area: str, line: int, choices: list[int], mark: str) -> None:
    digits = f"{area}5550{line}"
    groups = [spell(digits[:3], choices[:3]), spell(digits[3:6], choices[3:6]), spell(digits[6:], choices[6:])]
    text = f"Good glass. Text me at {mark.join(groups)} after six."
    assert [one.value for one in find_contacts(text, field="description", country="US")] == [f"+1{digits}"]


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.decimals("0.5", "99999", places=2).map(lambda amount: f"${amount}"),
            st.dates().map(lambda day: day.isoformat()),
            st.dates().map(lambda day: f"{day.month}/{day.day}/{day.year}"),
            st.integers(10**6, 10**10).map(lambda number: f"serial {number}"),
            st.sampled_from(
                [".45 ACP", "9x19", "7.62x39", "5.56", ".308 Win", "12 ga", "30-06", "3-9x40", "1911", "10/22"]
            ),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_prices_dates_serials_and_calibres_are_no_contacts(parts: list[str]) -> None:
    assert find_contacts("; ".join(parts), field="description", country="US") == ()


COSTLY = [
    "1 ",
    "five ",
    "1.",
    "12345678 ",
    "a@b.c ",
    "x (at) y dot com ",
    "telegram: abc ",
    "t.me/abc ",
    "+1 ",
    "$a ",
    "5",
]


@pytest.mark.parametrize("unit", COSTLY)
def test_time_is_bounded_whatever_the_text(unit: str) -> None:
    started = time.perf_counter()
    contacts = find_contacts(unit * (400_000 // len(unit)), field="description", country="DE")
    assert time.perf_counter() - started < 10
    assert len(contacts) <= MOST_CONTACTS


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=20))
def test_taken_places_never_overlap(asked: list[tuple[int, int]]) -> None:
    spans, kept = Spans(), list[tuple[int, int]]()
    for start, length in asked:
        free = all(start + length <= other or end <= start for other, end in kept)
        assert spans.meet(start, start + length) is not free
        assert spans.add(start, start + length) is free
        kept.extend([(start, start + length)] if free else [])


@settings(deadline=None)
@given(st.lists(st.sampled_from(DIGITS), min_size=4, max_size=4))
def test_spelled_digits_equal_plain_ones(words: list[str]) -> None:
    digits = "".join(str(DIGITS.index(word)) for word in words)
    spelled = find_contacts(f"call 307-555-{' '.join(words)}", field="description", country="US")
    assert [one.value for one in spelled] == [f"+1307555{digits}"]
