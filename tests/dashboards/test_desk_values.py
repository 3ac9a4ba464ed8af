"""The values behind the screens: marked text, differences, charts, queries, wording."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.charts import Offered, Span, draw_time_line
from dashboards.differences import compare, compare_texts
from dashboards.histograms import STEPS, WIDTH, Stretch, draw_columns, fill_days, fill_prices
from dashboards.levels import shown_level
from dashboards.marking import Mark, cut, cut_window
from dashboards.searching import repair, split, with_condition
from dashboards.wording import day, listing_address, moment, price, printable, signed
from pipelines.index.parser import parse
from pipelines.index.port import Bar, Interval
from pipelines.index.query import QueryError

texts = st.text(max_size=60)


@st.composite
def marked_texts(draw: st.DrawFn) -> tuple[str, list[Mark]]:
    """A text and marks, most of which lie in it."""
    text = draw(texts)
    places = st.integers(-1, len(text) + 1)
    found = draw(st.lists(st.tuples(places, places, st.sampled_from(("for", "against"))), max_size=8))
    return text, [
        Mark(start=start, end=end, number=number, polarity=polarity)
        for number, (start, end, polarity) in enumerate(found, 1)
    ]


@settings(max_examples=60)
@given(marked_texts())
def test_pieces_are_the_text_and_every_mark_lies_on_its_own_words(marked: tuple[str, list[Mark]]) -> None:
    text, marks = marked
    pieces = cut(text, marks)
    assert "".join(piece.text for piece in pieces) == text
    for mark in marks:
        over = "".join(piece.text for piece in pieces if mark in piece.marks)
        inside = 0 <= mark.start < mark.end <= len(text)
        assert over == (text[mark.start : mark.end] if inside else "")
        assert sum(mark in piece.opened for piece in pieces) == inside


@settings(max_examples=60)
@given(marked_texts(), st.integers(0, 60), st.integers(0, 60))
def test_a_window_shows_the_marks_that_reach_into_it(marked: tuple[str, list[Mark]], one: int, other: int) -> None:
    text, marks = marked
    start, end = min(one, other, len(text)), min(max(one, other), len(text))
    valid = [mark for mark in marks if 0 <= mark.start < mark.end <= len(text)]
    pieces = cut_window(text, start, end, valid)
    assert "".join(piece.text for piece in pieces) == text[start:end]
    for mark in valid:
        over = "".join(piece.text for piece in pieces if mark.number in {one.number for one in piece.marks})
        assert over == text[max(start, mark.start) : max(start, min(end, mark.end))]


@settings(max_examples=60)
@given(texts, texts)
def test_differences_hold_both_texts(before: str, after: str) -> None:
    changes = compare_texts(before, after)
    assert "".join(one.text for one in changes if one.kind != "new") == before
    assert "".join(one.text for one in changes if one.kind != "old") == after


def test_only_the_changed_words_are_marked() -> None:
    changes = compare_texts("Rifle, 500 firm, with a sling", "Rifle, 450 firm, with a sling")
    assert [(one.kind, one.text.strip()) for one in changes if one.kind != "same"] == [("old", "500"), ("new", "450")]


def test_long_texts_are_shown_whole_instead_of_matched() -> None:
    changes = compare_texts("a " * 2_000, "b " * 2_000)
    assert [one.kind for one in changes] == ["old", "new"]


def test_fields_that_stayed_are_left_out() -> None:
    before = {"title": "A", "price": {"amount": "5", "currency": "EUR"}, "images": []}
    after = {"title": "A", "price": {"amount": "4.5", "currency": "EUR"}, "images": ["x"]}
    found = {one.field: [(part.kind, part.text) for part in one.changes] for one in compare(before, after)}
    assert found == {
        "price": [("old", "5 EUR"), ("new", "4.50 EUR")],
        "images": [("old", "(nothing)"), ("new", "x")],
    }


@pytest.mark.parametrize(
    ("interval", "starts", "labels"),
    [
        (Interval.MONTH, ("2025-11-01", "2026-02-01"), ["2025-11", "2025-12", "2026-01", "2026-02"]),
        (Interval.YEAR, ("2024-01-01", "2026-01-01"), ["2024", "2025", "2026"]),
        (Interval.WEEK, ("2026-11-02", "2026-11-16"), ["2026-11-02", "2026-11-09", "2026-11-16"]),
        (Interval.DAY, ("2026-02-27", "2026-03-01"), ["2026-02-27", "2026-02-28", "2026-03-01"]),
    ],
)
def test_time_has_no_holes_in_a_histogram(interval: Interval, starts: tuple[str, str], labels: list[str]) -> None:
    filled = fill_days([Bar(start=start, count=3) for start in starts], interval)
    assert [one.label for one in filled] == labels
    assert [one.count for one in filled] == [3, *[0] * (len(labels) - 2), 3]
    ends = [(date.fromisoformat(one.first), date.fromisoformat(one.last)) for one in filled]
    assert all(last + timedelta(days=1) == first for (_, last), (first, _) in pairwise(ends))


def test_the_last_year_there_is_has_an_end() -> None:
    assert fill_days([Bar(start="9999-12-01", count=1)], Interval.MONTH)[0].last <= "9999-12-31"


@settings(max_examples=60)
@given(st.dictionaries(st.integers(0, 10**8), st.integers(1, 9), max_size=60), st.sampled_from(STEPS))
def test_every_price_lies_in_one_bar(counts: dict[int, int], step: int) -> None:
    filled = fill_prices([Bar(start=f"{edge * step:.15g}", count=count) for edge, count in counts.items()], step)
    assert sum(one.count for one in filled) == sum(counts.values())
    assert len(filled) <= 42
    for one, following in pairwise(filled):
        assert one.last == following.first
    for one in filled:
        inside = sum(
            n
            for edge, n in counts.items()
            if edge * step >= int(one.first) and (not one.last or edge * step < int(one.last))
        )
        assert one.count == inside


@settings(max_examples=60)
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=120))
def test_columns_stay_within_the_picture(counts: list[int]) -> None:
    stretches = [Stretch(label=str(number), first="", last="", count=count) for number, count in enumerate(counts)]
    drawn = draw_columns(stretches, lambda one: one.label)
    assert drawn is not None
    assert drawn.width <= WIDTH + 0.01
    for column in drawn.columns:
        assert 0 <= column.y <= drawn.height
        assert column.y + column.height <= drawn.height + 0.01
        assert (column.height > 0) == (column.stretch.count > 0)


def test_things_stand_on_the_time_line_in_order() -> None:
    first = datetime(2026, 1, 5, tzinfo=UTC)
    offered = [
        Offered(label=str(days), start=first + timedelta(days=days), end=first + timedelta(days=days + 2), kind="k")
        for days in (40, 0, 10)
    ]
    window = Span(label="w", start=first, end=first + timedelta(days=30), kind="window")
    drawn = draw_time_line(offered, [window])
    assert drawn is not None
    assert [strip.label for strip in drawn.strips] == ["0", "10", "40"]
    assert drawn.strips[0].x == 0
    assert drawn.strips[-1].x + drawn.strips[-1].width == pytest.approx(drawn.width)
    assert (drawn.bars[0].x, drawn.bars[0].width) == (0.0, pytest.approx(drawn.width * 30 / 42, abs=0.1))
    assert drawn.bars[0].y < drawn.strips[0].y
    assert drawn.ticks[0].label == "2026-01-05"
    assert drawn.ticks[-1].label == "2026-02-16"


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("glock review:idle", ["review:idle", "glock"]),
        ("glock AND review:idle", ["review:idle", "glock"]),
        (
            '"private sale" -airsoft price:<5',
            ["-airsoft price:<5", '"private sale" price:<5', '"private sale" -airsoft'],
        ),
        ("a OR b", [""]),
        ("", []),
    ],
)
def test_each_condition_can_be_taken_out(text: str, without: list[str]) -> None:
    assert [part.without for part in split(parse(text), text)] == without


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("glock AND", 'glock "AND"'),
        ("glock (9mm", "glock (9mm)"),
        ('say "private sale', 'say "private sale"'),
        ("glock sgnal:no_serial", "glock signal:no_serial"),
        ("review:reviw", "review:review"),
        ("glock)", "glock"),
    ],
)
def test_a_mistake_is_repaired(text: str, repaired: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert repair(text, caught.value) == repaired


@settings(max_examples=60)
@given(st.text(alphabet='ab ():"*~-<.1ANDOR', max_size=30))
def test_a_repair_can_always_be_searched(text: str) -> None:
    try:
        parse(text)
    except QueryError as error:
        found = repair(text, error)
        if found is not None:
            parse(found)


@settings(max_examples=60)
@given(st.text(max_size=20), st.booleans())
def test_a_facet_value_of_any_kind_narrows_without_a_mistake(value: str, exclude: bool) -> None:
    if any(character.isalnum() for character in value):
        try:
            parse(f'seller:"{value.translate(str.maketrans(dict.fromkeys("“”„‟«»＂", " ") | {chr(34): " "}))}"')
        except QueryError:
            return
        parse(with_condition("a OR b", "seller", value, exclude=exclude))


def test_narrowing_keeps_alternatives_together() -> None:
    assert with_condition("a OR b", "site", "x y") == '(a OR b) site:"x y"'
    assert with_condition("", "site", "x", exclude=True) == "-site:x"


def test_times_show_their_zone() -> None:
    assert moment("2026-03-01T23:30:00-05:00") == "2026-03-02 04:30 UTC"
    assert moment("2026-03-01T23:30:00") == "2026-03-01 23:30 (the site's time)"
    assert moment("2026-03-01") == "2026-03-01"
    assert moment("yesterday") == "yesterday"
    assert moment(None) == "not known"
    assert day("2026-03-01T23:30:00-05:00") == "2026-03-02"


def test_prices_and_weights_read_as_written() -> None:
    assert price({"amount": 1500, "currency": "USD"}) == "1,500 USD"
    assert price({"amount": 700.5, "currency": None}) == "700.50 (currency not stated)"
    assert price({"amount": "9" * 5000, "currency": "EUR"}).endswith("9 EUR")
    assert price(None) == "no price"
    assert signed(-2) == "−2.00"


def test_an_id_travels_where_a_browser_leaves_it_alone() -> None:
    assert listing_address("s", "a/b?c#d") == "/listing/s/a%2Fb%3Fc%23d"
    assert listing_address("s", "..") == "/listing?site=s&id=.."
    assert listing_address("s", "a\nb") == "/listing?site=s&id=a%0Ab"


def test_lone_surrogates_are_shown_one_for_one() -> None:
    assert printable({"a": ["x\ud800y", 5]}) == {"a": ["x\ufffdy", 5]}


def test_the_higher_level_is_shown_with_its_origin() -> None:
    assert shown_level("idle", "review") == ("review", "the seller's history")
    assert shown_level("review", "idle") == ("review", "the listing's own words")
    assert shown_level(None, None) == (None, "not assessed yet")
