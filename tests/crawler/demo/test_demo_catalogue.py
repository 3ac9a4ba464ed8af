"""The catalogues as they are: valid, safe, told the truth about, with the histories that were promised."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from importlib.resources import files
from typing import Any

import pytest

from crawler.demo.clock import LAST_DAY
from crawler.demo.entries import read_listings, read_sellers
from crawler.demo.inventory import CURRENCIES, Inventory, Market, load_inventory
from pipelines.errors import BadInput
from pipelines.models import ListingStatus

KINDS = {
    "private_single", "licensed_dealer", "bulk_private", "reposter", "estate",
    "airsoft_shop", "toy_shop", "tool_shop", "scam_storefront", "ordinary",
}  # fmt: skip
CLASSES = {
    "firearm_handgun", "firearm_long", "essential_component", "other_part", "ammunition", "conversion_device",
    "suppressor", "light_weapon", "blank_alarm_signal", "deactivated", "antique", "air_or_gas",
    "airsoft_replica_toy", "accessory", "knife_or_other_weapon", "look_alike_tool", "digital_file", "service",
    "wanted_ad", "news_or_discussion", "game_or_film_item", "other",
}  # fmt: skip
SIGNALS = {
    "private_sale", "no_check_offered", "check_refused", "no_questions_asked", "anonymity_demanded",
    "prohibited_buyer_ok", "minor_sale", "no_licence_needed_claim", "mandatory_statement_missing",
    "straw_purchase_offer", "straw_purchase_request", "direct_shipment", "out_of_state_ok", "cross_border_offer",
    "concealed_shipment", "cash_only", "untraceable_payment", "off_platform_contact", "urgency", "price_low",
    "price_high", "missing_check_statement", "bulk_quantity", "several_guns", "more_available", "bulk_wanted",
    "new_in_box", "resale_for_profit", "no_serial", "removed_marks", "parts_kit", "printed_firearm", "craft_made",
    "printable_file", "conversion_device", "unregistered_nfa_item", "light_weapon", "restricted_class",
    "convertible_replica", "reactivation", "deactivated_without_certificate", "conflict_provenance", "stolen_hint",
    "ammunition_bulk", "brokering", "fraudulent_documents", "embargoed_destination", "co_offered_contraband",
    "threat", "decoy_price", "obfuscated_terms", "scam_storefront", "ffl_transfer", "check_or_permit_required",
    "id_or_residency", "bill_of_sale", "licence_number_stated", "dealer", "licensed_intermediary",
    "refuses_prohibited", "registration_stated", "deactivation_certificate", "mandatory_statement_present",
    "antique_or_exempt", "estate_or_collection", "reason_personal", "serial_offered", "agency_auction",
}  # fmt: skip


def read_truth(market: Market) -> tuple[dict[str, Any], dict[str, Any]]:
    lines = [
        json.loads(line)
        for line in (files("crawler.demo") / "truth" / f"{market.value}.jsonl").read_text("utf-8").splitlines()
    ]
    sellers = {line["seller"]: line for line in lines if "seller" in line}
    listings = {line["listing"]: line for line in lines if "listing" in line}
    assert len(sellers) + len(listings) == len(lines), "a line of the truth stands there twice"
    return sellers, listings


def test_catalogues_hold_a_few_hundred_listings(inventory: Inventory) -> None:
    assert len(inventory.listings) >= 200
    assert len(inventory.on(45).listed) >= 60
    assert len({entry.description for entry in inventory.listings}) > 0.8 * len(inventory.listings)


def test_every_seller_has_something_to_sell(inventory: Inventory) -> None:
    selling = {entry.seller for entry in inventory.listings}
    assert {seller.id for seller in inventory.sellers} == selling


def test_contacts_are_invented(inventory: Inventory) -> None:
    for text in [e.description + " " + e.title for e in inventory.listings] + [s.profile for s in inventory.sellers]:
        for address in re.findall(r"[\w.+-]+@([\w.-]+\w)", text):
            assert re.fullmatch(r"(?:[\w-]+\.)*example\.(?:com|net|org)", address), text
        for host in re.findall(r"https?://([\w.-]+)", text):
            assert re.fullmatch(r"(?:[\w-]+\.)*example\.(?:com|net|org)", host), text
        for number in re.findall(r"\b(?:\d{3}[-.]|555 )\d{4}\b", text):
            assert re.fullmatch(r"555[-. ]01\d\d", number), text


def test_truth_covers_every_listing_and_every_seller(inventory: Inventory) -> None:
    sellers, listings = read_truth(inventory.market)
    assert set(listings) == {entry.id for entry in inventory.listings}
    assert set(sellers) == {seller.id for seller in inventory.sellers}
    for line in sellers.values():
        assert set(line) == {"seller", "kind", "review_expected", "why"}
        assert line["kind"] in KINDS
    fields = {"listing", "class", "make", "model", "calibre", "quantity", "item", "signals", "review_expected"}
    for line in listings.values():
        assert set(line) == fields
        assert line["class"] in CLASSES
        assert set(line["signals"]) <= SIGNALS, line
        assert line["quantity"] >= (line["class"].startswith("firearm"))


def test_promised_histories_are_there_in_every_language_area(inventory: Inventory) -> None:
    sellers, _ = read_truth(inventory.market)
    assert {line["kind"] for line in sellers.values()} >= {"private_single", "bulk_private", "ordinary"}


def test_harborlist_has_every_history() -> None:
    sellers, listings = read_truth(Market.HARBORLIST)
    assert {line["kind"] for line in sellers.values()} == KINDS
    by_seller: dict[str, list[Any]] = defaultdict(list)
    for entry in load_inventory(Market.HARBORLIST).listings:
        by_seller[entry.seller].append(entry)
    pistols = by_seller["s-dmercer"]
    assert len({listings[entry.id]["item"] for entry in pistols}) == 11
    assert {listings[entry.id]["class"] for entry in pistols} == {"firearm_handgun"}
    assert max(e.appears for e in pistols) - min(e.appears for e in pistols) <= 42
    reposts = by_seller["s-tannerb"]
    assert len({listings[entry.id]["item"] for entry in reposts}) == len({entry.image for entry in reposts}) == 1
    assert len({entry.description for entry in reposts}) == len(reposts) >= 5
    estate = [entry.appears for entry in by_seller["s-kowalczyk"]]
    assert len(estate) >= 10
    assert max(estate) - min(estate) <= 7


def test_time_passes_in_every_way() -> None:
    seen: Counter[str] = Counter()
    for market in Market:
        for entry in load_inventory(market).listings:
            for event in entry.events:
                seen.update(["price"] * event.reprices + ([event.status.value] if event.status else []))
    for change in ("price", *ListingStatus):
        assert seen[change] >= 3, (change, seen)


def test_a_state_follows_its_events() -> None:
    inventory = load_inventory(Market.HARBORLIST)
    for entry in inventory.listings:
        for event in entry.events:
            view = inventory.on(event.day).by_id
            if event.status is ListingStatus.GONE:
                assert entry.id not in view
            elif event.status is not None:
                assert view[entry.id].status is event.status
            if event.reprices:
                assert view[entry.id].price == event.price
        assert entry.id not in inventory.on(entry.appears - 1).by_id
        assert entry.id in inventory.on(entry.appears).by_id
    assert set(CURRENCIES) == set(Market)


GOOD = {
    "id": "1234567", "seller": "s-a", "title": "A chair", "description": "Four legs.", "price": 4.5,
    "condition": None, "category": ["Furniture"], "attributes": {}, "location": "Here", "language": "en",
    "shipping": None, "image": "chair", "images": 1, "appears": 0, "events": [{"day": 3, "price": None}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "123"}, "id is '123', expected 7 or 8 digits"),
        ({"title": " x"}, "title is ' x'"),
        ({"price": True}, "price is 'True'"),
        ({"price": -1}, "price is '-1'"),
        ({"images": 4}, "images is '4'"),
        ({"category": []}, "category is '[]'"),
        ({"attributes": {"Make": ""}}, "attributes is"),
        ({"appears": LAST_DAY + 1}, "appears is"),
        ({"events": [{"day": 3}]}, "events is"),
        ({"events": [{"day": 3, "status": "lost"}]}, "events is"),
        ({"events": [{"day": 3, "price": 1}, {"day": 2, "price": 2}]}, "events is"),
        ({"events": [{"day": 3, "prize": 1}]}, "events is"),
        ({"colour": "red"}, "unknown field 'colour'"),
    ],
)
def test_a_wrong_listing_is_refused_with_its_line(tmp_path: Any, change: dict[str, Any], said: str) -> None:
    path = tmp_path / "listings.jsonl"
    wrong = {**GOOD, "id": "7654321", **change}
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps(wrong) + "\n", encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        read_listings(path)
    assert len(refused.value.details) == 1
    assert refused.value.details[0].startswith("listings.jsonl:2: ")
    assert said in refused.value.details[0]


def test_every_mistake_is_told_at_once(tmp_path: Any) -> None:
    path = tmp_path / "sellers.jsonl"
    good = {
        "id": "s-a", "name": "A", "joined": "2024-02-29", "profile": "", "location": "Here", "country": "US",
        "licence": None, "language": "en",
    }  # fmt: skip
    assert read_sellers_from(path, [good])[0].id == "s-a"
    wrong = [good, good, {**good, "id": "s-b", "joined": "2023-02-29", "country": "usa"}, {"id": "s-c"}, 7]
    with pytest.raises(BadInput) as refused:
        read_sellers_from(path, wrong, tail="{not json\n")
    told = "\n".join(refused.value.details)
    assert "sellers.jsonl:2: id 's-a' stands there twice" in told
    assert "sellers.jsonl:3: joined is '2023-02-29'" in told
    assert "sellers.jsonl:3: country is 'usa'" in told
    assert "sellers.jsonl:4: name is missing" in told
    assert "sellers.jsonl:5: not an object" in told
    assert "sellers.jsonl:6: not JSON" in told


def read_sellers_from(path: Any, lines: list[Any], tail: str = "") -> Any:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + tail, encoding="utf-8")
    return read_sellers(path)
