"""What follows from the whole of a text: silence, lots, template shops, and how a serial number stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifiers import Text

if TYPE_CHECKING:
    from classifiers import Assessment, Assessor


def read(assessor: Assessor, title: str, description: str, jurisdiction: str | None = "US") -> Assessment:
    [assessment] = assessor.assess([Text(title=title, description=description, jurisdiction=jurisdiction)])
    return assessment


def names(assessment: Assessment) -> set[str]:
    return {finding.name for finding in assessment.signals}


def test_silence_about_checks_is_recorded_and_weighs_nothing(assessor: Assessor) -> None:
    silent = read(assessor, "Glock 19 Gen 5 pistol", "Holster wear, two magazines.")
    [found] = [finding for finding in silent.signals if finding.name == "missing_check_statement"]
    assert (found.weight, found.layer, silent.review) == (0.0, "absence", "none")
    assert "Glock 19 Gen 5 pistol"[found.start : found.end] == found.text
    assert "missing_check_statement" not in names(read(assessor, "Glock 19 pistol", "FFL transfer only."))
    assert "missing_check_statement" not in names(read(assessor, "Nail gun", "Works well."))


def test_the_prescribed_statement_is_missed_only_where_its_sense_is_missing_too(assessor: Assessor) -> None:
    bare = read(assessor, "Glock 17 Pistole", "Guter Zustand, zwei Magazine.", "DE")
    stated = read(assessor, "Glock 17 Pistole", "Guter Zustand, nur mit gültiger WBK.", "DE")
    assert "mandatory_statement_missing" in names(bare)
    assert "mandatory_statement_missing" not in names(stated)


def test_the_queue_names_nobody(assessor: Assessor) -> None:
    assert read(assessor, "Glock 19 pistol", "Serial number filed off.").queue == "main"
    assert read(assessor, "Glock 19 pistol", "FFL transfer only.").queue is None


def test_a_lone_seller_who_takes_coins_is_no_template_shop(assessor: Assessor) -> None:
    lone = read(assessor, "SCCY pistol", "No license required. Bitcoin only. I ship straight to your door.")
    shop = read(
        assessor,
        "Guns online store",
        "Best vendor, all brands in stock. Order now from our website. Bitcoin only, we ship worldwide.",
    )
    assert lone.queue != "scam_storefront"
    assert (shop.queue, shop.review) == ("scam_storefront", "none")


@pytest.mark.parametrize("title", ["Gen 4 Glock", "Glock 19 Gen 5", "Ka-Bar for 2 Colts"])
def test_short_english_titles_are_no_lots_in_another_language(assessor: Assessor, title: str) -> None:
    found = read(assessor, title, "")
    assert names(found).isdisjoint({"bulk_quantity", "cash_only"})


def test_shipping_to_a_dealer_is_no_shipping_to_the_buyer(assessor: Assessor) -> None:
    dealer = read(assessor, "Ruger LCP pistol", "Will ship. $30 to your FFL, or pick it up at my FFL.")
    direct = read(assessor, "Ruger LCP pistol", "Will ship straight to your door.")
    assert "direct_shipment" not in names(dealer)
    assert "direct_shipment" in names(direct)


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("Serial number filed off.", "removed"),
        ("It has no serial number.", "absent"),
        ("Serial number is covered in the photos.", "hidden"),
        ("Serial starts with AB12xxx.", "partial"),
        ("S/N: AB123456.", "present"),
        ("Serial number available on request.", "present"),
        ("Holster wear.", None),
    ],
)
def test_the_serial_number_of_one_gun_stands_as_the_words_say(
    assessor: Assessor, words: str, state: str | None
) -> None:
    [item] = read(assessor, "Glock 19 pistol", words).items
    assert item.serial_state == state


def test_the_state_of_one_serial_number_is_not_spread_over_several_guns(assessor: Assessor) -> None:
    found = read(assessor, "Glock 19, Ruger LCP and a Mossberg 500", "Serial number filed off on one.")
    assert {item.serial_state for item in found.items} == {None}
