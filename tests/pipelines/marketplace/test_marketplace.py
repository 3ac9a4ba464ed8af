"""The marketplace that sellers are measured on: the same every time, and its ads are what they are said to be."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from marketplace.catalogue import HANDGUNS
from marketplace.models import Ad, Kind
from marketplace.register import COLUMNS, write_register
from marketplace.truth import fullest, fullest_business, history_of, judge, windows_of
from marketplace.wording import write_ad

from classifiers import Assessor, Text
from classifiers.encoder import load_encoder
from pipelines.reading.contacts import find_contacts

if TYPE_CHECKING:
    from pathlib import Path

    from marketplace.models import Marketplace

_DIGEST = """
import hashlib
from marketplace.making import make_marketplace
from marketplace.wording import write_ad
market = make_marketplace(1000)
print(hashlib.sha256(repr([(ad, write_ad(ad)) for ad in market.ads()]).encode()).hexdigest())
"""


def test_the_same_seed_gives_the_same_marketplace_in_any_process(market: Marketplace) -> None:
    here = hashlib.sha256(repr([(ad, write_ad(ad)) for ad in market.ads()]).encode()).hexdigest()
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": os.pathsep.join(sys.path)}
    there = subprocess.run([sys.executable, "-c", _DIGEST], check=True, capture_output=True, text=True, env=environment)
    assert there.stdout.strip() == here


def test_it_is_as_large_as_it_was_asked_to_be_and_has_every_kind_that_the_bars_need(market: Marketplace) -> None:
    ads = list(market.ads())
    assert len(ads) == len({ad.id for ad in ads}) == 1000
    kinds = {person.kind for person in market.people}
    assert {Kind.COLLECTOR, Kind.ESTATE, Kind.DEALER, Kind.REPOSTER, Kind.BURST, Kind.STEADY, Kind.FLIPPER} <= kinds
    assert any(len(person.accounts) > 2 for person in market.people)


def test_marks_stand_where_they_say(market: Marketplace) -> None:
    for ad in market.ads():
        written = write_ad(ad)
        for mark in written.contacts:
            assert written.description[mark.start : mark.end], ad.id
        for mark in written.signals:
            text = written.title if mark.start < 0 else written.description
            assert text[max(mark.start, 0) : mark.end] == mark.value, ad.id


def test_prepared_contacts_are_those_that_are_read(market: Marketplace) -> None:
    for ad in islice(market.ads(), 0, None, 7):
        written = write_ad(ad)
        read = find_contacts(written.description, field="description", country="US")
        prepared = [(one.name, one.value, one.end) for one in written.contacts]
        assert [(one.kind, one.value, one.end) for one in read] == prepared, written.description


def test_prepared_assessments_are_what_the_classifiers_find(market: Marketplace) -> None:
    assessor = Assessor.load(encoder=load_encoder("shipped"))
    ads = list(islice(market.ads(), 3, None, 23))
    texts = [write_ad(ad) for ad in ads]
    found = assessor.assess([Text(title=one.title, description=one.description, jurisdiction="US-TX") for one in texts])
    same = [
        (read.item_class, [(item.make, item.model, item.quantity) for item in read.items if item.make])
        == (made.item_class, [(item["make"], item["model"], item["quantity"]) for item in made.items if item["make"]])
        for read, made in zip(found, texts, strict=True)
    ]
    assert sum(same) / len(same) >= 0.9


def test_the_register_has_every_true_number_and_no_wrong_one(market: Marketplace, tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    count = write_register(market, path)
    header, *rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    assert (tuple(header), len(rows)) == (COLUMNS, count)
    numbers = {"-".join(row[:6]) for row in rows}
    for person in market.people:
        for account in person.accounts:
            if person.kind is Kind.DEALER:
                assert account.licence in numbers
            if person.bad_number == "unknown":
                assert account.licence not in numbers


@pytest.mark.parametrize(
    ("days", "length", "most"),
    [([], 7, 0), ([5], 7, 1), ([0, 6], 7, 2), ([0, 7], 7, 1), ([0, 1, 1, 30, 31, 32, 33], 30, 4)],
)
def test_fullest_windows(days: list[int], length: int, most: int) -> None:
    assert fullest(days, length) == most


@pytest.mark.parametrize(("days", "most"), [([0, 6], 2), ([0, 7], 1), ([3, 7], 2), ([3, 10], 1), ([1, 2, 8], 2)])
def test_five_business_days_step_over_the_weekend(days: list[int], most: int) -> None:
    # Day 0 is Friday, 1 November 2024: with it Monday to Thursday belong, with Saturday Monday to Friday.
    assert fullest_business(days, 5) == most


def test_one_gun_offered_forty_times_is_one(market: Marketplace) -> None:
    reposter = next(person for person in market.people if person.kind is Kind.REPOSTER)
    history = history_of(reposter.ads)
    assert len(reposter.ads) >= 8
    assert len(history.firearms) <= 2
    assert windows_of(history)[365] <= 2


def _offers(market: Marketplace, days: list[int]) -> list[Ad]:
    template = next(ad for ad in market.ads() if len(ad.guns) == 1)
    gun = template.guns[0]
    return [_like(template, gun, number, day) for number, day in enumerate(days)]


def _like(template: Ad, gun: object, number: int, day: int) -> Ad:
    from attrs import evolve  # noqa: PLC0415

    own = evolve(gun, key=f"x{number}", model=HANDGUNS[number], new=False)  # type: ignore[type-var]
    return evolve(template, id=f"x{number}", day=day, guns=(own,))


def test_verdicts_leave_open_what_a_day_more_or_less_decides(market: Marketplace) -> None:
    twelve = judge(history_of(_offers(market, [day * 30 for day in range(12)])), kind=Kind.HOBBYIST)
    assert "volume" in twelve.must
    five_far = judge(history_of(_offers(market, [0, 10, 20, 25, 60])), kind=Kind.HOBBYIST)
    assert "volume" in five_far.must_not
    at_the_edge = judge(history_of(_offers(market, [0, 10, 20, 25, 30])), kind=Kind.HOBBYIST)
    assert "volume" not in at_the_edge.must | at_the_edge.must_not
    exempt = judge(history_of(_offers(market, [0, 1, 2, 3, 4, 5])), kind=Kind.DEALER)
    assert "volume" in exempt.must_not
