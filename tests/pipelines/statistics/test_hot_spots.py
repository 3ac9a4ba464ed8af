from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipelines.places import Places
from pipelines.sellers.rates import Observed
from pipelines.statistics.hotspots import find_hot_spots
from pipelines.statistics.observation import observe, spans_until
from pipelines.statistics.offers import Offer
from pipelines.statistics.routes import Routes
from pipelines.statistics.table import COLUMNS, open_rows, write_csv

if TYPE_CHECKING:
    from collections.abc import Iterable

LAST = date(2026, 10, 31)
ALWAYS = Observed(every=True)


def _seen(days: Iterable[date]) -> Observed:
    return Observed(every=False, days=sorted(day.toordinal() for day in days))


def _offer(number: int, days_ago: int, **given: Any) -> Offer:
    facts: dict[str, Any] = {
        "item": f"i{number}",
        "item_class": "firearm_handgun",
        "model": "Glock 19",
        "first_seen": datetime(2026, 10, 31, 12, tzinfo=UTC) - timedelta(days=days_ago),
        "site": "north",
        "seller": f"north/s{number % 40}",
        "place": "US-TX",
        "signals": frozenset({"private_sale"}),
        "routes": frozenset(),
    }
    return Offer(**{**facts, **given})


def _usual(place: str = "US-TX", each: int = 3, start: int = 0) -> list[Offer]:
    """`each` items every third day for nine weeks."""
    days = [day for day in range(0, 63, 3) for _ in range(each)]
    return [_offer(start + number, day, place=place) for number, day in enumerate(days)]


def _find(offers: list[Offer], *, days: Observed = ALWAYS) -> dict[str, Any]:
    return find_hot_spots(offers, {"north": days}, {"north": date(2026, 1, 1)}, LAST)


def test_a_seller_who_grows_stands_out_with_the_items_and_nobody_else_does() -> None:
    burst = [_offer(9000 + number, number % 6, seller="north/quick", place="US-OH") for number in range(12)]
    found = _find([*_usual(), *burst])
    hot = [row for row in found["sellers"] if row["hot"]]
    assert [row["name"] for row in hot] == ["north/quick"]
    assert hot[0]["count"] == 12
    assert hot[0]["items"] == sorted(offer.item for offer in burst)
    assert [row["name"] for row in found["places"] if row["hot"]] == ["US-OH"]


def test_as_much_as_usual_is_no_hot_spot() -> None:
    found = _find([*_usual(), *_usual("US-OH", 2, 5000)])
    assert not any(row["hot"] for kind in ("sellers", "places", "models", "signals") for row in found[kind])


def test_two_items_never_stand_out() -> None:
    found = _find([*_usual(), *[_offer(7000 + n, 1, seller="north/new") for n in range(2)]])
    assert not any(row["hot"] for row in found["sellers"])


def test_the_best_of_many_by_chance_does_not_stand_out_and_alone_it_would() -> None:
    """Of three hundred sellers some offer three in a week now and then."""
    many = [_offer(number, 7 + number % 56, seller=f"north/s{number % 300}") for number in range(600)]
    lucky = [_offer(9000 + number, number, seller="north/s7") for number in range(3)]
    row = _find([*many, *lucky])["sellers"][0]
    assert (row["name"], row["count"], row["hot"]) == ("north/s7", 3, False)
    assert row["probability"] < 0.05


def test_a_site_that_was_hardly_observed_before_is_left_out_and_named() -> None:
    seen = _seen(LAST - timedelta(days=back) for back in range(10))
    burst = [_offer(number, number % 6, seller="north/quick") for number in range(20)]
    found = _find(burst, days=seen)
    told = {"week_days": 7, "baseline_days": 3, "week_items": 20, "baseline_items": 0}
    assert found["observed"] == [{"site": "north", **told, "compared": False, "why_not": "observed too little"}]
    assert found["items"] == 0
    assert found["sellers"] == []


def test_a_site_of_which_only_the_last_days_came_is_left_out_though_a_feed_misses_no_day() -> None:
    """One export of what stands there today: what was sold before is not in it, so that all seems to grow."""
    few = [_offer(number, 7 + number, seller=f"north/s{number}") for number in range(20)]
    many = [_offer(100 + number, number % 7, seller=f"north/s{number % 90}") for number in range(400)]
    found = _find([*few, *many])
    assert found["observed"][0]["why_not"] == "the whole site jumped"
    assert (found["items"], found["sellers"], found["places"]) == (0, [], [])


def test_a_week_observed_on_one_day_is_compared_with_as_much_of_the_baseline() -> None:
    baseline = spans_until(LAST)[1]
    days = {baseline.first + timedelta(days=number) for number in range(56)} | {LAST}
    seen = _seen(days)
    assert observe({"north": seen}, {"north": date(2026, 1, 1)}, [], LAST)["north"].weeks == 56.0
    offers = [_offer(number, 7 + number % 56) for number in range(168)] + [_offer(500 + n, 0) for n in range(3)]
    row = _find(offers, days=seen)["places"]
    assert row == [] or not row[0]["hot"]


def test_routes_name_the_country_that_the_words_name() -> None:
    routes = Routes.of(Places.shipped())
    say = [{"name": "cross_border_offer", "text": "delivery to Mexico or Canada"}]
    assert routes.read("US-TX", say) == {("US-TX", "MX"), ("US-TX", "CA")}
    assert routes.read("US-TX", [{"name": "cross_border_offer", "text": "will ship abroad"}]) == {("US-TX", "abroad")}
    assert routes.read("US-TX", [{"name": "direct_shipment", "text": "shipped to your door"}]) == {
        ("US-TX", "buyer's door")
    }
    assert routes.read("DE", [{"name": "private_sale", "text": "Mexico"}]) == set()


def test_the_open_table_adds_up_leaves_out_the_running_month_and_names_nobody() -> None:
    offers = [
        _offer(number, number % 120, place=("US-TX", "US-OH", "US-VT")[(number % 23 == 0) + (number % 5 == 0)])
        for number in range(600)
    ]
    last = date(2026, 10, 30)  # October has a day to go
    text = write_csv(open_rows(offers, {"north": ALWAYS}, last))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert {row["month"] for row in rows} == {"(all)", "2026-07", "2026-08", "2026-09"}
    assert all(int(row["items"]) >= 10 for row in rows)
    assert "north/s" not in text
    assert not [row for row in rows if row["place"] == "US-VT"]
    total: Counter[str] = Counter()
    for row in rows:
        if row["signal"] == "(any)" and row["class"] == "(all)":
            total[row["month"]] += int(row["items"])
    assert total["(all)"] == total["2026-07"] + total["2026-08"] + total["2026-09"]
    september = next(row for row in rows if row["month"] == "2026-09" and row["class"] == "(all)")
    assert september["observed_site_days"] == "30"


def test_the_last_day_of_a_month_ends_it() -> None:
    offers = [_offer(number, number % 5) for number in range(60)]
    assert {row[3] for row in open_rows(offers, {}, LAST)} == {"(all)", "2026-10"}
    assert not list(open_rows(offers, {}, date(2026, 10, 30)))
