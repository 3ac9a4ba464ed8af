"""No small cell is shown, and none follows from what is shown."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.statistics.disclosure import ALL, LEAST, LEAST_SELLERS, REST, Unit, publishable

VALUES = st.sampled_from("abcd")
UNITS = st.lists(
    st.builds(
        Unit, values=st.tuples(VALUES, VALUES), inside=st.booleans(), seller=st.integers(0, 12).map(lambda at: f"s{at}")
    ),
    max_size=160,
)


def _units(counts: dict[tuple[str, ...], int], *, sellers: int = 50) -> list[Unit]:
    numbered = enumerate(values for values, count in counts.items() for _ in range(count))
    return [Unit(values=values, seller=f"s{number % sellers}") for number, values in numbered]


def test_large_parts_are_shown_and_small_ones_are_a_rest() -> None:
    cells = {cell.values: cell.count for cell in publishable(_units({("a",): 30, ("b",): 7, ("c",): 6, ("d",): 12}), 1)}
    assert cells == {(ALL,): 55, ("a",): 30, ("d",): 12, (REST,): 13}


def test_one_small_part_takes_the_next_smallest_with_it() -> None:
    """Else it were the total less what is shown."""
    cells = {cell.values: cell.count for cell in publishable(_units({("a",): 30, ("b",): 2, ("c",): 15}), 1)}
    assert cells == {(ALL,): 47, ("a",): 30, (REST,): 17}


def test_a_part_of_few_sellers_is_small_however_much_they_sell() -> None:
    units = _units({("a",): 30, ("b",): 31}) + [Unit(values=("c",), seller=f"big{number % 2}") for number in range(40)]
    assert [(cell.values[0], cell.count) for cell in publishable(units, 1)] == [(ALL, 101), ("b", 31), (REST, 70)]


def test_nothing_is_shown_where_all_is_small() -> None:
    assert publishable(_units({("a",): 9}), 1) == []
    assert publishable([], 1) == []


def test_nearly_all_of_a_part_having_a_signal_tells_who_has_it_not() -> None:
    units = _units({("a",): 40, ("b",): 40})
    units += [Unit(values=("a",), seller="x", inside=False), Unit(values=("b",), seller="y", inside=False)]
    assert publishable(units, 1) == []
    units += [Unit(values=("b",), seller=f"z{number}", inside=False) for number in range(20)]
    assert [(cell.values[0], cell.count) for cell in publishable(units, 1)] == [(ALL, 80)]


@settings(max_examples=300)
@given(UNITS)
def test_every_part_that_can_be_worked_out_is_large(units: list[Unit]) -> None:
    cells = publishable(units, 2)
    shown = {cell.values: _members(units, cell.values, {one.values for one in cells}) for cell in cells}
    for cell in cells:
        members = shown[cell.values]
        assert sum(unit.inside for unit in members) == cell.count
        _assert_large(members)
    # What is nested can be subtracted: one from the other, and all parts from their whole.
    for (_, one), (_, other) in combinations(shown.items(), 2):
        small, large = sorted((set(map(id, one)), set(map(id, other))), key=len)
        if small <= large:
            _assert_large([unit for unit in units if id(unit) in large - small])
    parts: dict[tuple[str, ...], list[Unit]] = defaultdict(list)
    for values, members in shown.items():
        if values != (ALL, ALL):
            parent = (ALL, ALL) if values[1] == ALL else (values[0], ALL)
            parts[parent] += members
    for parent, members in parts.items():
        left = {id(unit) for unit in shown[parent]} - {id(unit) for unit in members}
        _assert_large([unit for unit in units if id(unit) in left and unit.inside])


def _members(units: list[Unit], values: tuple[str, ...], shown: set[tuple[str, ...]]) -> list[Unit]:
    """The units that a shown cell stands for: a rest is what is not under a value of its own."""
    own = {one[: _depth(values)] for one in shown if one != values and _depth(one) == _depth(values)}
    return [unit for unit in units if _belongs(unit, values, own)]


def _depth(values: tuple[str, ...]) -> int:
    return sum(value != ALL for value in values)


def _belongs(unit: Unit, values: tuple[str, ...], own: set[tuple[str, ...]]) -> bool:
    for at, value in enumerate(values):
        if value == ALL:
            return True
        if value == REST:
            return (*values[:at], unit.values[at]) not in own
        if unit.values[at] != value:
            return False
    return True


def _assert_large(members: list[Unit]) -> None:
    for side in ([unit for unit in members if unit.inside], [unit for unit in members if not unit.inside]):
        if side:
            assert len(side) >= LEAST
            assert len({unit.seller for unit in side}) >= LEAST_SELLERS
