"""The clock, growth and pictures."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crawler.demo.clock import FileClock, FixedClock, date_of
from crawler.demo.growth import compose, grow_inventory
from crawler.demo.inventory import Inventory, Market, load_inventory
from crawler.demo.pictures import SIZE, draw_picture
from crawler.demo.tauschboerse import choose_numbers
from pipelines.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path


def test_days_are_dates() -> None:
    assert date_of(0) == date(2026, 3, 1)
    assert date_of(45) == date(2026, 4, 15)
    assert FixedClock(7).day() == 7


def test_another_process_moves_the_day(tmp_path: Path) -> None:
    clock = FileClock(tmp_path / "day.json", 12)
    assert clock.day() == 12
    script = "import sys, pathlib; from crawler.demo.clock import FileClock; FileClock(pathlib.Path(sys.argv[1]), 12)"
    for expected in (15, 18, 21):
        subprocess.run([sys.executable, "-c", f"{script}.advance(3)", str(clock.path)], check=True)
        assert clock.day() == expected
    assert [path.name for path in tmp_path.iterdir()] == ["day.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"day": -1}', '{"day": true}', '{"day": "3"}', "\x00"])
def test_a_file_without_a_day_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "day.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput):
        FileClock(path).day()


@pytest.mark.parametrize("days", [0, -4])
def test_time_does_not_run_backwards(tmp_path: Path, days: int) -> None:
    with pytest.raises(BadInput):
        FileClock(tmp_path / "day.json").advance(days)


def test_growth_is_the_same_every_time(inventory: Inventory) -> None:
    first, second = grow_inventory(inventory, 900), grow_inventory(load_inventory(inventory.market), 900)
    assert first.listings == second.listings
    assert first.sellers == second.sellers
    assert len(first.on(45).listed) == 900
    assert len({entry.id for entry in first.listings}) == len(first.listings)
    assert first.listings[: len(inventory.listings)] == tuple(inventory.listings)


def test_growth_is_varied() -> None:
    grown = grow_inventory(load_inventory(Market.TAUSCHBOERSE), 3000)
    added = grown.listings[-2000:]
    assert len({entry.description for entry in added}) > 1500
    assert len({(entry.title, entry.price) for entry in added}) > 1200
    assert len({entry.category for entry in added}) >= 8


def test_a_market_large_enough_is_left_alone(inventory: Inventory) -> None:
    assert grow_inventory(inventory, 10) is inventory


def test_seeds_differ() -> None:
    first = compose("en", 30, seed=1, days=(0, 9), prefix="a")
    second = compose("en", 30, seed=2, days=(0, 9), prefix="a")
    assert {line["description"] for line in first.listings} != {line["description"] for line in second.listings}
    assert not {line["id"] for line in first.listings} & {line["id"] for line in second.listings}
    assert all(0 <= line["appears"] <= 9 for line in first.listings)


def test_pictures_are_real_and_their_own() -> None:
    for kind in ("PNG", "JPEG"):
        picture = Image.open(io.BytesIO(draw_picture("chair", 1, kind)))
        picture.load()
        assert picture.format == kind
        assert picture.size == SIZE
    assert draw_picture("chair", 1, "PNG") == draw_picture("chair", 1, "PNG")
    assert len({draw_picture(word, number, "JPEG") for word in ("chair", "table") for number in (1, 2)}) == 4


def test_pictures_look_different_when_made_small() -> None:
    prints = []
    for number in range(40):
        picture = Image.open(io.BytesIO(draw_picture(f"word {number}", 1, "JPEG"))).convert("L").resize((9, 8))
        pixels = picture.tobytes()
        prints.append([pixels[y * 9 + x] < pixels[y * 9 + x + 1] for y in range(8) for x in range(8)])
    distances = [
        sum(one != other for one, other in zip(prints[i], prints[j], strict=True)) for i in range(40) for j in range(i)
    ]
    assert min(distances) > 10


@given(pages=st.integers(1, 400), data=st.data())
def test_page_numbers_lead_on(pages: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(1, pages))
    chosen = choose_numbers(number, pages)
    linked = [candidate for candidate in chosen if candidate is not None]
    assert linked == sorted(set(linked))
    assert {1, pages, number} <= set(linked)
    assert set(linked) >= {n for n in (number - 1, number + 1) if 1 <= n <= pages}
    for left, right in pairwise(chosen):
        assert left is None or right is None or right == left + 1
